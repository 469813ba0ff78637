"""A chain of thoughts: every token waits for the one before it and lengthens the context of those after."""

from sympy import Sum, Symbol

from mlsysim.symbolic.foundations.inputs import one_token
from mlsysim.symbolic.quantity import Quantity, count, time
from mlsysim.symbolic.rules import apply, define, equation, given, rewrite, substitute, summed

index = Symbol("i", integer=True, positive=True)


def _tokens(name: str, latex: str, meaning: str, high: float = 1e5) -> Quantity:
    return Quantity(f"reasoning.{name}", latex, "token", meaning, low=1, high=high, integer=True)


# One step of decoding, for several sequences side by side.
prompt = _tokens("prompt", "s", "tokens of the prompt")
context = _tokens("context", "c", "tokens of the context of a sequence")
samples = count("reasoning.samples", "N", "sequences side by side")
once = time("reasoning.once", "t_0", "time of a decode step, however many sequences", low=0)
each = time("reasoning.each", "t_1", "time that a sequence adds to a step", low=0)
growth = Quantity(
    "reasoning.growth", "t_2", "s/token", "time that a token of its context adds", display="us/token", low=0
)
step_time = time("reasoning.step_time", r"\mathrm{ITL}", "time of a decode step")
first_token = time("reasoning.ttft", r"T_{\mathrm{first}}", "time to the first token")

step_law = given(
    equation(step_time, once + samples * (each + growth * context)),
    because="weights are read once for all, and every sequence adds its own work and context",
    cite="pope2022",
)
context_at = define(equation(context, prompt + index * one_token), because="the i-th step sees the prompt and i tokens")
step_at = substitute(
    step_law,
    context_at,
    result=equation(step_time, once + samples * (each + growth * (prompt + index * one_token))),
    because="name the context",
)

# A chain of thoughts, and N of them side by side.
thoughts = count("reasoning.thoughts", r"n_{\mathrm{th}}", "thoughts of a chain", high=256)
thought = _tokens("thought", r"\tau", "tokens of a thought", high=1024)
answer = _tokens("answer", "A", "tokens of a chain after the first")
steps = count("reasoning.steps", "g", "decode steps of a chain", high=65536)
batch_time = time("reasoning.batch_time", r"T_N", "time of N chains side by side", display="s")
chain_time = time("reasoning.chain_time", r"T_1", "time of a chain", display="s")

one_after_another = given(
    equation(batch_time, first_token + Sum(step_time, (index, 1, steps))),
    because="a token waits for the one before it",
    cite="pope2022",
)
all_steps = substitute(
    one_after_another,
    step_at,
    result=equation(
        batch_time,
        first_token + Sum(once + samples * (each + growth * (prompt + index * one_token)), (index, 1, steps)),
    ),
    because="name the time of the i-th step",
)
closed = summed(
    all_steps,
    equation(
        batch_time, first_token + steps * (once + samples * (each + growth * (prompt + (steps + 1) * one_token / 2)))
    ),
    because="an arithmetic series",
)
steps_of_answer = define(equation(steps, answer / one_token), because="a step gives a token of every sequence")
answer_of_thoughts = define(equation(answer, thoughts * thought), because="thoughts follow one another")
steps_of_thoughts = substitute(
    steps_of_answer,
    answer_of_thoughts,
    result=equation(steps, thoughts * thought / one_token),
    because="name the tokens of a chain",
)
batch_law = substitute(
    closed,
    steps_of_thoughts,
    result=equation(
        batch_time,
        first_token
        + thoughts
        * thought
        / one_token
        * (once + samples * (each + growth * (prompt + (thoughts * thought + one_token) / 2))),
    ),
    because="count the steps",
)
alone = apply(batch_law, {batch_time: chain_time, samples: 1}, because="a chain is one of one")
chain_law = rewrite(
    alone,
    equation(
        chain_time,
        first_token
        + thoughts * thought / one_token * (once + each + growth * (prompt + (thoughts * thought + one_token) / 2)),
    ),
    because="nobody shares the step",
)
