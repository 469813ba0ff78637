"""Work of a pass: a prompt passes every layer at once, each further token once more, and what comes out is scored."""

from sympy import Sum

from mlsysim.symbolic.foundations import in_turn, shares
from mlsysim.symbolic.foundations.inputs import (
    causal,
    one_position,
    one_sample,
    one_token,
    output_tokens,
    sequence,
    tensor,
)
from mlsysim.symbolic.foundations.results import work_of
from mlsysim.symbolic.foundations.split import group_requests, stage_layers
from mlsysim.symbolic.quantity import TRANSFORMER_INFERENCE, Quantity
from mlsysim.symbolic.rules import apply, define, equation, given, solve, substitute, summed, total
from mlsysim.symbolic.walls.node.compute import wall as compute
from mlsysim.symbolic.walls.node.compute import work
from mlsysim.symbolic.walls.node.compute.wall import attention_pair, head_forward, layer_forward
from mlsysim.symbolic.walls.node.compute.work import layer_token
from mlsysim.symbolic.walls.node.serving import request
from mlsysim.symbolic.walls.node.serving.request import answers, index, mean_context


def _pass(name: str, latex: str, meaning: str) -> Quantity:
    return Quantity(f"serving.{name}", latex, "flop", meaning, display="TFLOP", low=1, high=1e18)


prefill_work = _pass("prefill_work", r"O_{\mathrm{pre}}", "work of a prefill pass on a stage")
decode_work = _pass("decode_work", r"O_{\mathrm{dec}}", "work of a decode step on a stage")
prompt_layer = work_of("prompt_layer", r"o_{\mathrm{pr},1}", "a layer's work on a prompt", per="/sample")
prompt_layers = work_of("prompt_layers", r"o_{\mathrm{pr},\ell}", "work of a stage's layers on a prompt", per="/sample")
prompt_stage = work_of("prompt_stage", r"o_{\mathrm{pr}}", "a stage's work on a prompt", per="/sample")
step_attention = work_of(
    "step_attention", r"o_{\mathrm{attn,dec}}", "attention of a decode step, on average", per="/token"
)
step_layer = work_of("step_layer", r"o_{\mathrm{dec},1}", "a layer's work on a token of an answer", per="/token")
step_layers = work_of("step_layers", r"o_{\mathrm{dec},\ell}", "work of a stage's layers on it", per="/token")
step_token = work_of("step_token", r"o_{\mathrm{dec}}", "a stage's work on a token of an answer", per="/token")
prefill_whole = _pass("prefill_whole", r"O_{\mathrm{pre},t}", "work of a prefill pass on all ranks of a stage")
decode_whole = _pass("decode_whole", r"O_{\mathrm{dec},t}", "work of a decode step on all ranks of a stage")

# The tokens of an answer.
one_from_prefill = given(
    equation(output_tokens, one_position * (1 + answers)),
    because="prefill gives the first token, and every decode step one more",
    cite="pope2022",
)
steps_of_answer = solve(
    one_from_prefill,
    answers,
    equation(answers, output_tokens / one_position - 1),
    because="a step for each token but the first",
    when=TRANSFORMER_INFERENCE,
)
context_mean = substitute(
    request.context_closed,
    steps_of_answer,
    result=equation(mean_context, sequence + output_tokens / 2),
    because="count the steps of an answer",
    when=TRANSFORMER_INFERENCE,
)

# Prefill: every token of the prompts, once.
layer_of_a_prompt = apply(
    in_turn.law,
    {in_turn.whole: prompt_layer, in_turn.parts: sequence, in_turn.part: layer_token},
    because="every token of the prompt meets the layer",
)
layers_of_a_prompt = apply(
    in_turn.law,
    {in_turn.whole: prompt_layers, in_turn.parts: stage_layers, in_turn.part: prompt_layer},
    because="one layer after another",
)
last_is_scored = define(
    equation(prompt_stage, prompt_layers + head_forward * one_token / one_sample),
    because="of a prompt, only the last token is scored",
    cite="pope2022",
)
all_prompts = apply(
    in_turn.law,
    {in_turn.whole: prefill_whole, in_turn.parts: group_requests, in_turn.part: prompt_stage},
    because="prompt after prompt",
)
prefill_of_a_rank = apply(
    shares.law,
    {shares.share: prefill_work, shares.shares: tensor, shares.whole: prefill_whole},
    because="the ranks of a layer share its work",
)
work_of_prefill = substitute(
    prefill_of_a_rank,
    all_prompts,
    last_is_scored,
    layers_of_a_prompt,
    layer_of_a_prompt,
    work.layer_of_a_token,
    compute.attention_work,
    result=equation(
        prefill_work,
        group_requests
        / tensor
        * (
            stage_layers * sequence * (layer_forward + attention_pair * sequence * one_sample * (1 - causal / 2))
            + head_forward * one_token / one_sample
        ),
    ),
    because="name the work of a prompt",
    cite="pope2022",
    when=TRANSFORMER_INFERENCE,
)

# Decode: one token of every request.
attention_of_steps = given(
    equation(
        step_attention,
        Sum(attention_pair * one_sample * (sequence + index * one_position), (index, 1, answers)) / answers,
    ),
    because="the i-th decode step attends to the prompt and i tokens of the answer",
    cite="pope2022",
)
attention_closed = summed(
    attention_of_steps,
    equation(step_attention, attention_pair * one_sample * (sequence + (answers + 1) * one_position / 2)),
    because="an arithmetic series",
)
prompt_of_context = solve(
    request.context_closed,
    sequence,
    equation(sequence, mean_context - (answers + 1) * one_position / 2),
    because="the prompt is the mean context without half of the answer",
)
attention_to_context = substitute(
    attention_closed,
    prompt_of_context,
    result=equation(step_attention, attention_pair * mean_context * one_sample),
    because="work grows evenly with the context, so the mean step works on the mean context",
)
layer_of_a_step = total(
    compute.layer_products,
    attention_to_context,
    result=equation(step_layer, layer_forward + step_attention),
    because="a token meets the weights of a layer and the tokens before it",
)
layers_of_a_step = apply(
    in_turn.law,
    {in_turn.whole: step_layers, in_turn.parts: stage_layers, in_turn.part: step_layer},
    because="one layer after another",
)
step_is_scored = total(
    layers_of_a_step,
    compute.head_product,
    result=equation(step_token, step_layers + head_forward),
    because="every token of an answer is scored",
)
all_requests = apply(
    in_turn.law,
    {in_turn.whole: decode_whole, in_turn.parts: group_requests / one_sample * one_token, in_turn.part: step_token},
    because="one token of each request",
)
decode_of_a_rank = apply(
    shares.law,
    {shares.share: decode_work, shares.shares: tensor, shares.whole: decode_whole},
    because="the ranks of a layer share its work",
)
work_of_decode = substitute(
    decode_of_a_rank,
    all_requests,
    step_is_scored,
    layers_of_a_step,
    layer_of_a_step,
    attention_to_context,
    result=equation(
        decode_work,
        group_requests
        / one_sample
        * one_token
        / tensor
        * (stage_layers * (layer_forward + attention_pair * mean_context * one_sample) + head_forward),
    ),
    because="name the work of a token",
    cite="pope2022",
    when=TRANSFORMER_INFERENCE,
)
