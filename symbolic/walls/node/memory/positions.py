"""Positions: a model that has learned them can place no more tokens than its table has rows."""

from sympy import Min, Piecewise

from mlsysim.symbolic.foundations.inputs import causal, context_length, one_position, output_tokens, positions, sequence
from mlsysim.symbolic.quantity import TRANSFORMER, TRANSFORMER_INFERENCE, TRANSFORMER_TRAINING, Quantity
from mlsysim.symbolic.rules import define, equation, solve, substitute
from mlsysim.symbolic.wall import Change, Condition


def _tokens(name: str, latex: str, meaning: str) -> Quantity:
    return Quantity(f"positions.{name}", latex, "token/sample", meaning, low=0, high=1e5)


learned = _tokens("learned", r"n_{\mathrm{rows}}", "tokens that learned positions can place")
placed = _tokens("placed", r"n_{\mathrm{placed}}", "tokens of a sequence that learned positions must place")
answered = _tokens("answered", r"n_{\mathrm{read}}", "tokens of prompt and answer that learned positions must place")
read_of_answer = _tokens("read_of_answer", r"n_{\mathrm{ans}}", "tokens of an answer that are read")

table = define(
    equation(learned, Min(positions * one_position, context_length)),
    because="a row for every position; some models keep rows for padding, which their longest sequence leaves out",
    cite="radford2019",
    when=TRANSFORMER,
)
trained = define(
    equation(placed, Piecewise((sequence, positions > 0), (0, True))),
    because="every token is read; positions that are computed have no table",
    cite="radford2019",
    when=TRANSFORMER_TRAINING,
)
encoded = define(
    equation(placed, Piecewise((sequence, positions * (1 - causal) > 0), (0, True))),
    because="an encoder reads its sequence and writes nothing",
    cite="devlin2019",
    when=TRANSFORMER_INFERENCE,
)
# Of an answer, the last token is only written.
read_and_written = define(
    equation(output_tokens, read_of_answer + one_position),
    because="a token of the answer is read to write the next one, but for the last",
)
answer_read = solve(
    read_and_written,
    read_of_answer,
    equation(read_of_answer, output_tokens - one_position),
    because="the tokens of an answer that are read",
)
where_learned = define(
    equation(answered, Piecewise((sequence + read_of_answer, positions * causal > 0), (0, True))),
    because="prompt and answer are read; positions that are computed have no table",
    cite="radford2019",
)
generated = substitute(
    where_learned,
    answer_read,
    result=equation(answered, Piecewise((sequence + output_tokens - one_position, positions * causal > 0), (0, True))),
    because="name what is read of the answer",
    cite="radford2019",
    when=TRANSFORMER_INFERENCE,
)


def _fits(needed: Quantity, sentence: str, when: frozenset[str], *changes: Change) -> Condition:
    said = "the model has learned {learned} positions, and " + sentence
    return Condition("model.positions", needed, learned, said, "structural", when, "model", changes)


places_sequence = _fits(
    placed,
    "a sequence has {sequence_length} tokens",
    TRANSFORMER,
    Change(sequence, sequence, "a sequence of {or} does"),
)
places_answer = _fits(
    answered,
    "a prompt of {sequence_length} with an answer of {output_tokens} needs {answered}",
    TRANSFORMER_INFERENCE,
    Change(sequence, sequence, "a prompt of {or} does"),
    Change(output_tokens, output_tokens, "an answer of {or} does"),
)
