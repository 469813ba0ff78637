"""Reading a layer's inputs: the weights that multiply them, and how long the gradients of these inputs take.

What sequence parallelism gathers again travels meanwhile.
"""

from mlsysim.symbolic.foundations import in_turn, shares
from mlsysim.symbolic.foundations.inputs import (
    ffn_matrices,
    heads,
    hidden,
    multiply_add,
    one_parameter,
    shared_experts,
    tensor,
)
from mlsysim.symbolic.foundations.split import local_tokens
from mlsysim.symbolic.foundations.transformer import (
    attention_matrices,
    dense_matrices,
    expert_matrices,
    mix_width,
    sparse_share,
)
from mlsysim.symbolic.quantity import TRANSFORMER_TRAINING, Quantity, time
from mlsysim.symbolic.rules import apply, define, equation, substitute
from mlsysim.symbolic.walls.node.compute import wall as compute
from mlsysim.symbolic.walls.node.compute.wall import compute_time, token_work, weights, work


def _weights(name: str, latex: str, meaning: str) -> Quantity:
    return Quantity(f"communication.{name}", latex, "param", meaning, display="Gparam", low=1, high=1e12)


def _work(name: str, latex: str, meaning: str, unit: str) -> Quantity:
    display = {"flop": "TFLOP", "flop/token": "GFLOP/token"}[unit]
    return Quantity(f"communication.{name}", latex, unit, meaning, display=display, low=1, high=1e18)


mixing_weights = _weights("mixing_weights", r"P_{\mathrm{mix}}", "weights of the matrix that ends attention")
feed_forward_weights = _weights("feed_forward_weights", r"P_{\mathrm{ff},\sigma}", "weights of feed-forward layers")
narrow_weights = _weights("narrow_weights", r"P_{\mathrm{nar}}", "weights of the matrix that ends a feed-forward layer")
reading_weights = _weights("reading_weights", r"P_{\sigma}", "weights of a layer that multiply what is gathered again")
reading_token = _work("reading_token", r"o_{\sigma}", "work of a token with them", "flop/token")
reading_share = Quantity(
    "communication.reading_tokens", r"n_{b,\sigma}", "token", "tokens for each rank", low=1, high=1e6
)
reading_work = _work("reading_work", r"O_{\sigma}", "work of the gradients of their inputs", "flop")
reading_time = time("communication.reading_time", r"T_{\sigma}", "time of the gradients of their inputs")

ends_attention = define(
    equation(mixing_weights, one_parameter * heads * mix_width * hidden), because="the last of attention's matrices"
)
ends_feed_forward = apply(
    shares.law,
    {shares.share: narrow_weights, shares.whole: feed_forward_weights, shares.shares: ffn_matrices},
    because="the last of the matrices of a feed-forward layer, which are equally large",
)
feed_forward = define(
    equation(
        feed_forward_weights, (1 - sparse_share) * dense_matrices + sparse_share * shared_experts * expert_matrices
    ),
    because="dense layers and shared experts read a layer's input; routed experts read what was sent to them",
    cite="deepseek2024v2",
)
all_that_read = define(
    equation(reading_weights, attention_matrices - mixing_weights + (feed_forward_weights - narrow_weights)),
    because="all matrices but the last multiply the gathered inputs",
    cite="shoeybi2019",
)
weights_that_read = substitute(
    all_that_read,
    ends_attention,
    ends_feed_forward,
    feed_forward,
    result=equation(
        reading_weights,
        attention_matrices
        - one_parameter * heads * mix_width * hidden
        + ((1 - sparse_share) * dense_matrices + sparse_share * shared_experts * expert_matrices)
        * (1 - 1 / ffn_matrices),
    ),
    because="name the last ones",
    when=TRANSFORMER_TRAINING,
)
work_of_a_token = apply(
    compute.per_token,
    {token_work: reading_token, weights: reading_weights},
    because="the gradient of an input is one more product with the weights",
)
tokens_of_a_rank = apply(
    shares.law,
    {shares.share: reading_share, shares.whole: local_tokens, shares.shares: tensor},
    because="every rank has its part of the weights, which is as much work as a share of the tokens",
)
work_of_tokens = apply(
    in_turn.law,
    {in_turn.whole: reading_work, in_turn.parts: reading_share, in_turn.part: reading_token},
    because="every token",
)
input_gradients = substitute(
    work_of_tokens,
    tokens_of_a_rank,
    work_of_a_token,
    result=equation(reading_work, local_tokens / tensor * (multiply_add * reading_weights)),
    because="name the tokens and what each costs",
    when=TRANSFORMER_TRAINING,
)
input_gradients_take = apply(
    compute.law,
    {work: reading_work, compute_time: reading_time},
    because="the law of compute",
    when=TRANSFORMER_TRAINING,
)
