"""Compute: no work is done faster than the arithmetic units can do it.

A device delivers at most its peak rate in the datatype used, and software reaches a fraction of that peak.
"""

from mlsysim.symbolic.foundations.inputs import (
    causal,
    efficiency,
    heads,
    multiply_add,
    multiply_add_pair,
    peak,
    sequence,
)
from mlsysim.symbolic.foundations.results import work_of
from mlsysim.symbolic.foundations.transformer import active_layer, head, mix_width, query_key_width
from mlsysim.symbolic.quantity import TRANSFORMER, TRANSFORMER_TRAINING, Quantity, constant, time
from mlsysim.symbolic.rules import apply, define, equation, given, solve, substitute
from mlsysim.symbolic.wall import Wall

work = work_of("any", "O", "arithmetic work")
rate = Quantity("work.rate", "F", "flop/s", "rate at which work is done", display="TFLOP/s", low=1, high=1e18)
compute_time = time("work.time", r"T_{\mathrm{compute}}", "least time that arithmetic allows")

rate_is_work_per_time = given(
    equation(rate, work / compute_time), because="a rate is work per time", cite="williams2009"
)
rate_below_peak = given(
    equation(rate, peak * efficiency),
    because="software reaches a fraction of the peak of the datatype",
    cite="williams2009",
)
balance = substitute(
    rate_is_work_per_time,
    rate_below_peak,
    result=equation(peak * efficiency, work / compute_time),
    because="both describe the same rate",
)
law = solve(
    balance, compute_time, equation(compute_time, work / (peak * efficiency)), because="the time is what was asked for"
)

# What a token costs: products with the weights it meets, and attention to the tokens before it.
rows = Quantity("work.rows", "m", "token", "rows of a product", low=1, high=4096)
weights = Quantity("work.weights", "w", "param", "weights of a matrix", low=1, high=1e9)
product_work = work_of("product", r"O_{w}", "work of a matrix product")
token_work = work_of("token_product", r"o_{w}", "work of a matrix product per row", per="/token")
layer_forward = work_of("layer", r"o_{\mathrm{mm}}", "a token's products with a layer", per="/token")
head_forward = work_of("head", r"o_{\mathrm{head}}", "a token's output scores", per="/token")
attention_pair = work_of("pair", r"o_{\mathrm{pair}}", "a token's attention to another", per="/token/token")
attention_forward = work_of("attention", r"o_{\mathrm{attn}}", "a token's attention in a layer", per="/token")
one_sample = constant("one.sample", 1, "sample", "a single sample")

product = given(
    equation(product_work, multiply_add * rows * weights),
    because="every row meets every weight in one multiplication and one addition",
    cite="kaplan2020",
)
per_row = define(equation(token_work, product_work / rows), because="a token is one row of the product")
per_token = substitute(per_row, product, result=equation(token_work, multiply_add * weights), because="rows cancel")
layer_products = apply(
    per_token,
    {token_work: layer_forward, weights: active_layer},
    because="a token meets the active weights of a layer",
    when=TRANSFORMER,
)
head_product = apply(
    per_token,
    {token_work: head_forward, weights: head},
    because="the output scores are one more product",
    when=TRANSFORMER,
)
pair_work = define(
    equation(attention_pair, multiply_add_pair * heads * (query_key_width + mix_width)),
    because="in every head a pair of tokens costs a dot product to score and a weighted sum to mix",
    cite="narayanan2021",
    when=TRANSFORMER,
)
attention_work = define(
    equation(attention_forward, attention_pair * sequence * one_sample * (1 - causal / 2)),
    because="a token attends to its whole sequence, on average to half of it when it may only look back",
    cite="dao2022",
    when=TRANSFORMER_TRAINING,
)

wall = Wall(
    number=1,
    name="compute",
    domain="node",
    core=(law, attention_work, head_product, layer_products),
    binds="arithmetic takes longer than moving the data",
    assumptions=(
        "the backward pass is two matrix products for every forward one",
        "normalisations, activations and embeddings cost no time next to matrix products",
        "an average layer stands for all where dense and expert layers alternate",
    ),
    validity="matrix products large enough that the fraction of peak does not depend on their size",
)
