"""Compute: no work is done faster than the arithmetic units can do it.

A device delivers at most its peak rate in the datatype used, and software reaches a fraction of that peak.
"""

from mlsysim.symbolic.foundations import attention, feed_forward, in_turn, model
from mlsysim.symbolic.foundations.inputs import (
    batch,
    causal,
    efficiency,
    heads,
    hidden,
    layers,
    multiply_add,
    multiply_add_pair,
    one_parameter,
    one_sample,
    one_token,
    parameters,
    peak,
    sequence,
    vocabulary,
)
from mlsysim.symbolic.foundations.matrices import matrix_of
from mlsysim.symbolic.foundations.results import work_of
from mlsysim.symbolic.foundations.transformer import (
    active_layer,
    attention_matrices,
    dense_matrices,
    head,
    mix_width,
    query_key_width,
)
from mlsysim.symbolic.quantity import TRANSFORMER, TRANSFORMER_TRAINING, Quantity, constant, count, ratio, time
from mlsysim.symbolic.rules import apply, define, equation, given, rewrite, solve, specialise, substitute, total
from mlsysim.symbolic.wall import Wall
from mlsysim.symbolic.walls.node.compute import pairs
from mlsysim.symbolic.walls.node.compute.pairs import head_pair, seen

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
rows = Quantity("work.rows", r"m_{w}", "token", "rows of a product", low=1, high=4096)
weights = Quantity("work.weights", "w", "param", "weights of a matrix", low=1, high=1e9)
product_work = work_of("product", r"O_{w}", "work of a matrix product")
token_work = work_of("token_product", r"o_{w}", "work of a matrix product per row", per="/token")
layer_forward = work_of("layer", r"o_{\mathrm{mm}}", "a token's products with a layer", per="/token")
head_forward = work_of("head", r"o_{\mathrm{head}}", "a token's output scores", per="/token")
layers_forward = work_of("layers", r"o_{\mathrm{mm},L}", "a token's products with all layers", per="/token")
token_forward = work_of("token", r"o_{\mathrm{tok}}", "a token's products with the whole model", per="/token")
attention_pair = work_of("pair", r"o_{\mathrm{pair}}", "a token's attention to another", per="/token/token")
attention_forward = work_of("attention", r"o_{\mathrm{attn}}", "a token's attention in a layer", per="/token")

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
layers_in_turn = apply(
    in_turn.law,
    {in_turn.whole: layers_forward, in_turn.parts: layers, in_turn.part: layer_forward},
    because="a token passes one layer after another",
)
layers_and_scores = total(
    layers_in_turn,
    head_product,
    result=equation(token_forward, layers_forward + head_forward),
    because="then it is scored",
)
whole_forward = substitute(
    layers_and_scores,
    layers_in_turn,
    result=equation(token_forward, layers * layer_forward + head_forward),
    because="a token passes every layer and is scored; attention to other tokens comes on top",
    cite="kaplan2020",
    when=TRANSFORMER,
)
every_head_of_a_pair = apply(
    in_turn.law,
    {in_turn.whole: attention_pair, in_turn.parts: heads, in_turn.part: head_pair},
    because="a pair of tokens meets in every head",
)
pair_work = substitute(
    every_head_of_a_pair,
    pairs.head_law,
    result=equation(attention_pair, multiply_add_pair * heads * (query_key_width + mix_width)),
    because="name the work of a head",
    cite="narayanan2021",
    when=TRANSFORMER,
)
pairs_of_a_token = define(
    equation(attention_forward, attention_pair * sequence * one_sample * seen),
    because="a token attends to its sequence, or to that share of it which it may see",
)
attention_work = substitute(
    pairs_of_a_token,
    pairs.seen_law,
    result=equation(attention_forward, attention_pair * sequence * one_sample * (1 - causal / 2)),
    because="name the share",
    when=TRANSFORMER_TRAINING,
)

# A product of two matrices, and the two products that its gradients take.
columns = count("work.columns", r"n_{w}", "columns of a product", high=65536)
inner = count("work.inner", r"k_{w}", "length of the sums in a product", high=65536)
input_gradient = work_of("input_gradient", r"O_{\mathrm{in}}", "work of the gradient of a product's input")
weight_gradient = work_of("weight_gradient", r"O_{\mathrm{wt}}", "work of the gradient of a product's weights")
product_backward = work_of("product_backward", r"O_{\mathrm{bwd}}", "work of a product's backward pass")

weights_of_a_matrix = matrix_of(weights, inner, columns, "every column of a product sums over the inner width")
matrix_product = substitute(
    product,
    weights_of_a_matrix,
    result=equation(product_work, multiply_add * rows * columns * inner * one_parameter),
    because="count the weights of the matrix",
)
to_the_input = apply(
    matrix_product,
    {product_work: input_gradient, columns: inner, inner: columns},
    because="the input's gradient is the output's gradient times the transposed matrix",
)
to_the_weights = apply(
    matrix_product, {product_work: weight_gradient}, because="the matrix's gradient sums k by n products over the rows"
)
both_gradients = total(
    to_the_input,
    to_the_weights,
    result=equation(product_backward, input_gradient + weight_gradient),
    because="a backward pass needs both gradients",
    cite="narayanan2021",
)
gradients_of_a_product = substitute(
    both_gradients,
    to_the_input,
    to_the_weights,
    result=equation(
        product_backward,
        multiply_add * rows * inner * columns * one_parameter + multiply_add * rows * columns * inner * one_parameter,
    ),
    because="name the work of each",
)
product_again = solve(
    matrix_product,
    rows,
    equation(rows, product_work / (multiply_add * columns * inner * one_parameter)),
    because="the rows, from the work of the product",
)
twice_forward = substitute(
    gradients_of_a_product,
    product_again,
    result=equation(product_backward, 2 * product_work),
    because="each gradient is a product of the same size",
)

# A decoder of P parameters.
model_token = work_of("model_forward", r"o_{\mathrm{fwd}}", "a token's products in a forward pass", per="/token")
model_attention = work_of("model_attention", r"o_{\mathrm{ctx}}", "a token's attention in all layers", per="/token")
backward_token = work_of("model_backward", r"o_{\mathrm{bwd}}", "a token's products in a backward pass", per="/token")
both_ways = work_of("both_ways", r"o_{\mathrm{step}}", "a token's products forward and backward", per="/token")
with_repeats = work_of(
    "with_repeats", r"o_{\mathrm{hw}}", "a token's products, those computed again counted", per="/token"
)
run_tokens = Quantity("work.tokens", r"n_{\mathrm{tok}}", "token", "tokens of a training run", low=1, high=1e14)
run_work = work_of("run", r"O_{\mathrm{run}}", "work of a training run")
run_hardware = work_of("run_hardware", r"O_{\mathrm{run,hw}}", "work of a training run, what is computed again counted")
repeated = ratio(
    "work.repeated", r"x_{\mathrm{again}}", "share of the forward pass that the backward pass computes again", low=0
)
six = constant("one.six", 6, "flop/param/token", "two forward and four backward, per weight")

model_forward = apply(
    per_token,
    {token_work: model_token, weights: parameters},
    because="a token meets every parameter once",
    cite="kaplan2020",
)
every_layer = apply(
    in_turn.law,
    {in_turn.whole: model_attention, in_turn.parts: layers, in_turn.part: attention_forward},
    because="every layer attends",
)
every_head = substitute(
    every_layer,
    attention_work,
    pair_work,
    result=equation(
        model_attention,
        layers * multiply_add_pair * heads * (query_key_width + mix_width) * sequence * one_sample * (1 - causal / 2),
    ),
    because="name the attention of a layer and the work of a pair",
)
heads_fill_the_width = specialise(
    every_head,
    {query_key_width: hidden / heads, mix_width: hidden / heads},
    equation(model_attention, 2 * layers * multiply_add_pair * hidden * sequence * one_sample * (1 - causal / 2)),
    because="the heads together are as wide as the model",
)
attention_of_a_model = rewrite(
    heads_fill_the_width,
    equation(model_attention, multiply_add_pair * layers * sequence * one_sample * hidden * (2 - causal)),
    because="four per layer, position and width, or half of it when a token may only look back",
    cite="kaplan2020",
)
causal_half = specialise(
    attention_of_a_model,
    {causal: 1},
    equation(model_attention, multiply_add_pair * layers * sequence * one_sample * hidden),
    because="a causal model attends to half of the pairs",
    cite="dao2023",
)
back = apply(
    twice_forward,
    {product_backward: backward_token, product_work: model_token},
    because="what holds for every product holds for their sum",
    cite="kaplan2020",
)
backward_law = substitute(
    back, model_forward, result=equation(backward_token, 2 * multiply_add * parameters), because="name the forward pass"
)
there_and_back = total(
    model_forward, backward_law, result=equation(both_ways, model_token + backward_token), because="forward, then back"
)
six_per_weight = substitute(
    there_and_back,
    model_forward,
    backward_law,
    result=equation(both_ways, multiply_add * parameters + 2 * multiply_add * parameters),
    because="name both passes",
)
six_law = rewrite(six_per_weight, equation(both_ways, six * parameters), because="two and four")
all_tokens = define(equation(run_work, both_ways * run_tokens), because="every token is trained on once")
training_law = substitute(
    all_tokens,
    six_law,
    result=equation(run_work, six * parameters * run_tokens),
    because="name the work of a token",
    cite="kaplan2020",
)
again = define(
    equation(with_repeats, both_ways + repeated * model_token),
    because="what was not kept is computed a second time",
    cite="narayanan2021",
)
again_per_weight = substitute(
    again,
    six_law,
    model_forward,
    result=equation(with_repeats, six * parameters + repeated * multiply_add * parameters),
    because="name both",
)
all_tokens_again = define(equation(run_hardware, with_repeats * run_tokens), because="for every token")
recompute_law = substitute(
    all_tokens_again,
    again_per_weight,
    result=equation(run_hardware, (six * parameters + repeated * multiply_add * parameters) * run_tokens),
    because="name the work of a token",
    cite="narayanan2021",
)

# An iteration of a GPT, as Narayanan et al. count it.
passes = ratio("work.passes", r"\phi", "passes through the layers, in forward passes", low=3, high=4)
iteration_work = work_of("iteration", r"O_{\mathrm{it}}", "work of an iteration")
gpt_iteration = work_of("gpt_iteration", r"O_{\mathrm{GPT}}", "work of a GPT's iteration, all activations recomputed")
gpt_layer = Quantity("work.gpt_layer", r"w_{\ell}", "param", "weights of a layer of a GPT", low=1, high=1e12)
gpt_head = Quantity("work.gpt_head", r"w_{V}", "param", "weights of a GPT's output scores", low=1, high=1e12)
layer_token = work_of("gpt_layer_token", r"o_{\ell}", "a token's products with a layer of a GPT", per="/token")
head_token = work_of("gpt_head_token", r"o_{V}", "a token's output scores in a GPT", per="/token")
context_token = work_of("gpt_attention", r"o_{s}", "a token's attention in a layer of a GPT", per="/token")
ninety_six = constant("one.ninety_six", 96, "flop/token", "four passes of two operations on twelve squares of weights")

in_forward_passes = define(
    equation(passes, (product_work + product_backward + repeated * product_work) / product_work),
    because="forward, back, and what is computed again, counted in forward passes",
)
forward_and_back = substitute(
    in_forward_passes,
    twice_forward,
    result=equation(passes, 3 + repeated),
    because="one pass forward, two back, and what is computed again",
    cite="narayanan2021",
)
scores_once = given(
    equation(iteration_work, batch * sequence * (layers * passes * (layer_token + context_token) + 3 * head_token)),
    because="layers may be computed again, the output scores never are",
    cite="narayanan2021",
)
iteration = substitute(
    scores_once,
    forward_and_back,
    result=equation(
        iteration_work, batch * sequence * (layers * (3 + repeated) * (layer_token + context_token) + 3 * head_token)
    ),
    because="count the passes",
)
weights_of_both = total(
    attention.four_squares,
    feed_forward.eight_squares,
    result=equation(gpt_layer, attention_matrices + dense_matrices),
    because="a layer attends and feeds forward",
)
twelve_squares = substitute(
    weights_of_both,
    attention.four_squares,
    feed_forward.eight_squares,
    result=equation(gpt_layer, 12 * hidden**2 * one_parameter),
    because="attention has four square matrices, the feed-forward layer two of four squares each",
    cite="narayanan2021",
)
vocabulary_table = apply(
    model.scores, {head: gpt_head}, because="every entry of the vocabulary is scored", cite="narayanan2021"
)
gpt_layer_law = apply(
    per_token, {token_work: layer_token, weights: gpt_layer}, because="a token meets the weights of a layer"
)
gpt_head_law = apply(per_token, {token_work: head_token, weights: gpt_head}, because="and those of the output")
gpt_attention = apply(attention_of_a_model, {model_attention: context_token}, because="the attention of this model")
gpt_context = specialise(
    gpt_attention,
    {layers: 1, causal: 0},
    equation(context_token, 2 * multiply_add_pair * sequence * one_sample * hidden),
    because="in one layer, all pairs counted",
)
gpt_named = substitute(
    iteration,
    gpt_layer_law,
    gpt_head_law,
    gpt_context,
    twelve_squares,
    vocabulary_table,
    result=equation(
        iteration_work,
        batch
        * sequence
        * (
            layers
            * (3 + repeated)
            * (multiply_add * 12 * hidden**2 * one_parameter + 2 * multiply_add_pair * sequence * one_sample * hidden)
            + 3 * multiply_add * hidden * vocabulary * one_parameter
        ),
    ),
    because="name the parts of a GPT",
)
gpt_repeated = specialise(
    gpt_named,
    {repeated: 1},
    equation(
        iteration_work,
        batch
        * sequence
        * (
            4
            * layers
            * (multiply_add * 12 * hidden**2 * one_parameter + 2 * multiply_add_pair * sequence * one_sample * hidden)
            + 3 * multiply_add * hidden * vocabulary * one_parameter
        ),
    ),
    because="every layer is computed again",
)
gpt_read = apply(gpt_repeated, {iteration_work: gpt_iteration}, because="a name for the work of this model")
iteration_law = rewrite(
    gpt_read,
    equation(
        gpt_iteration,
        ninety_six
        * batch
        * sequence
        * layers
        * hidden**2
        * (1 + sequence * one_sample / (6 * hidden * one_token) + vocabulary / (16 * layers * hidden)),
    ),
    because="the largest term first",
    cite="narayanan2021",
)

three_passes = specialise(
    forward_and_back, {repeated: 0}, equation(passes, 3), because="nothing is computed again", cite="narayanan2021"
)

wall = Wall(
    number=1,
    name="compute",
    domain="node",
    core=(
        law,
        attention_work,
        head_product,
        layer_products,
        matrix_product,
        model_forward,
        attention_of_a_model,
        causal_half,
        backward_law,
        training_law,
        recompute_law,
        iteration,
        iteration_law,
    ),
    binds="arithmetic takes longer than moving the data",
    assumptions=(
        "the backward pass is two matrix products for every forward one",
        "normalisations, activations and embeddings cost no time next to matrix products",
        "an average layer stands for all where dense and expert layers alternate",
    ),
    validity="matrix products large enough that the fraction of peak does not depend on their size",
)
