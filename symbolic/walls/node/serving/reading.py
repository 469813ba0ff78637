"""Data of a pass: the weights that it meets, read once, and the keys and values that it writes or reads."""

from mlsysim.symbolic.foundations import in_turn
from mlsysim.symbolic.foundations.inputs import sequence, weight_bytes
from mlsysim.symbolic.foundations.split import expert_stage, group_requests, shared_stage
from mlsysim.symbolic.quantity import TRANSFORMER_BATCH, TRANSFORMER_INFERENCE, Quantity, data, ratio
from mlsysim.symbolic.rules import apply, define, equation, substitute, total
from mlsysim.symbolic.walls.node.batching.cache import token_cache
from mlsysim.symbolic.walls.node.serving.request import mean_context
from mlsysim.symbolic.walls.node.serving.routing import touched

prefill_touched = ratio("serving.prefill_touched", r"x_{\mathrm{pre}}", "share of experts that prefill reads")
decode_touched = ratio("serving.decode_touched", r"x_{\mathrm{dec}}", "share of experts that a decode step reads")
prefill_moved = data("serving.prefill_moved", r"D_{\mathrm{pre}}", "data a prefill pass moves")
decode_moved = data("serving.decode_moved", r"D_{\mathrm{dec}}", "data a decode step moves")
parameters_met = Quantity(
    "serving.parameters_met", r"S_{\mathrm{met}}", "param", "parameters of an accelerator that a pass meets", high=1e11
)
weights_read = data("serving.weights_read", r"D_{\mathrm{w}}", "weights that a pass reads")
cached_tokens = Quantity(
    "serving.cached_tokens",
    r"n_{\kappa}",
    "token/sample",
    "tokens of a request whose keys and values a pass moves",
    low=1,
    high=1e5,
)
request_moved = Quantity(
    "serving.request_moved", r"d_{\kappa}", "byte/sample", "keys and values of a request that a pass moves", high=1e12
)
cache_moved = data("serving.cache_moved", r"D_{\kappa}", "keys and values that a pass moves")
pass_moved = data("serving.pass_moved", r"D_{\mathrm{pass}}", "data that a pass moves")

met_by_a_pass = define(
    equation(parameters_met, shared_stage + touched * expert_stage),
    because="every pass meets what its tokens share, and the experts that one of them is routed to",
)
weights_once = apply(
    in_turn.law,
    {in_turn.whole: weights_read, in_turn.parts: parameters_met, in_turn.part: weight_bytes},
    because="each is read once, however many tokens meet it",
    cite="pope2022",
)
cache_of_a_request = apply(
    in_turn.law,
    {in_turn.whole: request_moved, in_turn.parts: cached_tokens, in_turn.part: token_cache},
    because="every token has its own keys and values",
)
cache_of_all = apply(
    in_turn.law,
    {in_turn.whole: cache_moved, in_turn.parts: group_requests, in_turn.part: request_moved},
    because="and requests share none",
    cite="pope2022",
)
both_move = total(
    weights_once,
    cache_of_all,
    result=equation(pass_moved, weights_read + cache_moved),
    because="activations stay near the arithmetic units",
)
pass_law = substitute(
    both_move,
    weights_once,
    met_by_a_pass,
    cache_of_all,
    cache_of_a_request,
    result=equation(
        pass_moved,
        weight_bytes * (shared_stage + touched * expert_stage) + group_requests * cached_tokens * token_cache,
    ),
    because="name the weights, and the keys and values",
)
data_of_prefill = apply(
    pass_law,
    {pass_moved: prefill_moved, touched: prefill_touched, cached_tokens: sequence},
    because="prefill writes the keys and values of its prompts",
    cite="pope2022",
    when=TRANSFORMER_BATCH,
)
data_of_decode = apply(
    pass_law,
    {pass_moved: decode_moved, touched: decode_touched, cached_tokens: mean_context},
    because="a decode step reads those of the context of every request",
    cite="pope2022",
    when=TRANSFORMER_INFERENCE,
)
