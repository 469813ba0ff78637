"""Positions: a model that has learned them can place no more tokens than its table has rows."""

from sympy import Min, Piecewise

from mlsysim.symbolic.foundations.inputs import context_length, one_position, output_tokens, positions, sequence
from mlsysim.symbolic.quantity import TRANSFORMER, TRANSFORMER_INFERENCE, TRANSFORMER_TRAINING, Quantity
from mlsysim.symbolic.rules import define, equation
from mlsysim.symbolic.wall import Change, Condition
from mlsysim.symbolic.walls.node import memory

placed = Quantity(
    "positions.placed", r"n_{\mathrm{placed}}", "token/sample", "tokens that a table of positions must place", low=0
)
rows = Quantity(
    "positions.rows", r"n_{\mathrm{rows}}", "token/sample", "tokens that a table of positions can place", low=0
)

table = define(
    equation(rows, Min(positions * one_position, context_length)),
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
generated = define(
    equation(placed, Piecewise((sequence + output_tokens - one_position, positions > 0), (0, True))),
    because="prompt and answer are read, but for the last token, which is only written",
    cite="radford2019",
    when=TRANSFORMER_INFERENCE,
)

_TABLE = "the model's learned positions end after {rows} tokens, and "
learned = Condition(
    "model.positions",
    placed,
    rows,
    _TABLE + "a sequence has {sequence_length}",
    "structural",
    TRANSFORMER_TRAINING,
    "model",
    (Change(sequence, sequence, "{or} tokens do"),),
)
learned_to_the_end = Condition(
    "model.positions",
    placed,
    rows,
    _TABLE + "a prompt of {sequence_length} with an answer of {output_tokens} needs {placed}",
    "structural",
    TRANSFORMER_INFERENCE,
    "model",
    (
        Change(sequence, sequence, "a prompt of {or} {does}"),
        Change(output_tokens, output_tokens, "an answer of {or} {does}"),
    ),
)

wall = memory.wall
