"""Work of a request: a layer meets the tokens of its prompt at once, and those of its answer one after another."""

from mlsysim.symbolic.foundations import in_turn
from mlsysim.symbolic.foundations.inputs import causal, one_position, one_sample, output_tokens, sequence
from mlsysim.symbolic.foundations.results import work_of
from mlsysim.symbolic.rules import apply, equation, substitute, total
from mlsysim.symbolic.walls.node.compute import wall as compute
from mlsysim.symbolic.walls.node.compute import work
from mlsysim.symbolic.walls.node.compute.wall import attention_pair, layer_forward
from mlsysim.symbolic.walls.node.serving import work as passes
from mlsysim.symbolic.walls.node.serving.request import answers, mean_context
from mlsysim.symbolic.walls.node.serving.work import prompt_layer, step_layer

request_layer = work_of("request_layer", r"o_{\mathrm{req},1}", "a layer's work on a whole request", per="/sample")
answer_layer = work_of("answer_layer", r"o_{\mathrm{ans},1}", "a layer's work on all steps of an answer", per="/sample")

layer_of_an_answer = apply(
    in_turn.law,
    {in_turn.whole: answer_layer, in_turn.parts: answers * one_position, in_turn.part: step_layer},
    because="a token for each decode step",
)
layer_of_a_request = total(
    passes.layer_of_a_prompt,
    layer_of_an_answer,
    result=equation(request_layer, prompt_layer + answer_layer),
    because="first the prompt, then the answer",
)
request_in_a_layer = substitute(
    layer_of_a_request,
    passes.layer_of_a_prompt,
    layer_of_an_answer,
    work.layer_of_a_token,
    passes.layer_of_a_step,
    compute.attention_work,
    passes.attention_to_context,
    passes.steps_of_answer,
    result=equation(
        request_layer,
        (sequence + output_tokens - one_position) * layer_forward
        + attention_pair
        * one_sample
        * (sequence**2 * (1 - causal / 2) + (output_tokens - one_position) * mean_context),
    ),
    because="name the work on prompt and answer",
)
