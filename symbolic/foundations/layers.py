"""Layers: what a layer has and what a token meets in it, on average over layers that are dense and layers with experts."""

from mlsysim.symbolic.foundations import attention, feed_forward, vectors
from mlsysim.symbolic.foundations.feed_forward import router_matrix
from mlsysim.symbolic.foundations.inputs import (
    active_experts,
    dense_layers,
    experts,
    hidden,
    layers,
    one_parameter,
    shared_experts,
)
from mlsysim.symbolic.foundations.matrices import several_of
from mlsysim.symbolic.foundations.transformer import (
    active_layer,
    attention_matrices,
    attention_vectors,
    dense_matrices,
    dense_vectors,
    expert_layer,
    expert_matrices,
    layer_norms,
    parameters_of,
    router,
    shared_layer,
    sparse_share,
)
from mlsysim.symbolic.quantity import TRANSFORMER, count
from mlsysim.symbolic.rules import apply, define, equation, rewrite, solve, specialise, substitute, total

sparse_layers = count("layers.sparse", r"L_{\mathrm{moe}}", "layers that have experts", low=0, high=256)
in_dense = parameters_of("layers", "in_dense", r"P_{\mathrm{d}}", "of some parameters, those of a dense layer")
in_sparse = parameters_of("layers", "in_sparse", r"P_{\mathrm{s}}", "those of a layer that has experts")
average = parameters_of("layers", "average", r"\bar{P}", "those of an average layer")
everywhere = parameters_of("layers", "everywhere", r"P_{\mathrm{all}}", "parameters that every layer has")
dense_block = parameters_of("layers", "dense_block", r"P_{\mathrm{ff,all}}", "a dense feed-forward layer with biases")
shared_ones = parameters_of(
    "layers", "shared_experts", r"P_{\mathrm{exp,sh}}", "experts of a layer that every token visits"
)
sparse_block = parameters_of("layers", "sparse_block", r"P_{\mathrm{moe}}", "router and shared experts of a layer")
shared_block = parameters_of(
    "layers", "shared_block", r"P_{\mathrm{ff,sh}}", "feed-forward part of an average layer, routed experts apart"
)
all_experts = parameters_of("layers", "all_experts", r"P_{\mathrm{exp,all}}", "routed experts of a layer that has them")
visited = parameters_of("layers", "visited", r"P_{\mathrm{exp,tok}}", "experts that a token visits in a layer")
sparse_met = parameters_of(
    "layers",
    "sparse_met",
    r"P_{\mathrm{moe,tok}}",
    "weights that a token meets beside attention in a layer with experts",
)
block_met = parameters_of(
    "layers", "block_met", r"P_{\mathrm{ff,tok}}", "weights that a token meets beside attention in an average layer"
)


# An average over two kinds of layers.
kinds = define(equation(layers, dense_layers + sparse_layers), because="a layer is dense, or it has experts")
layers_with_experts = solve(
    kinds, sparse_layers, equation(sparse_layers, layers - dense_layers), because="those that are not dense"
)
share_of_layers = define(equation(sparse_share, sparse_layers / layers), because="their share of all")
sparse = substitute(
    share_of_layers,
    layers_with_experts,
    result=equation(sparse_share, (layers - dense_layers) / layers),
    because="count them",
    when=TRANSFORMER,
)
sparse_by_share = solve(
    share_of_layers, sparse_layers, equation(sparse_layers, sparse_share * layers), because="the other way round"
)
dense_by_share = solve(
    sparse, dense_layers, equation(dense_layers, (1 - sparse_share) * layers), because="and the rest is dense"
)
over_all = define(
    equation(average, (dense_layers * in_dense + sparse_layers * in_sparse) / layers),
    because="what both kinds have in all, over the number of layers",
)
over_all_by_share = substitute(
    over_all,
    dense_by_share,
    sparse_by_share,
    result=equation(average, ((1 - sparse_share) * layers * in_dense + sparse_share * layers * in_sparse) / layers),
    because="name the layers of each kind",
)
law = rewrite(
    over_all_by_share,
    equation(average, (1 - sparse_share) * in_dense + sparse_share * in_sparse),
    because="the number of layers cancels",
)

# What every token meets, and the vectors.
of_every_layer = total(
    attention.attention,
    vectors.attention_small,
    vectors.normalisation,
    result=equation(everywhere, attention_matrices + attention_vectors + layer_norms),
    because="every layer attends and normalises",
)
of_a_dense_layer = total(
    feed_forward.dense,
    vectors.dense_small,
    result=equation(dense_block, dense_matrices + dense_vectors),
    because="a dense layer feeds forward",
)
shared_of_a_layer = several_of(shared_ones, shared_experts, expert_matrices, "experts that every token visits")
of_a_sparse_layer = total(
    feed_forward.routing,
    shared_of_a_layer,
    result=equation(sparse_block, router + shared_ones),
    because="a layer with experts has a router",
)
on_average = apply(
    law,
    {average: shared_block, in_dense: dense_block, in_sparse: sparse_block},
    because="the mean of both kinds of layers",
)
attend_and_feed = total(
    of_every_layer,
    on_average,
    result=equation(shared_layer, everywhere + shared_block),
    because="one part after the other",
)
layer_without_experts = substitute(
    attend_and_feed,
    of_every_layer,
    on_average,
    of_a_dense_layer,
    of_a_sparse_layer,
    shared_of_a_layer,
    result=equation(
        shared_layer,
        attention_matrices
        + attention_vectors
        + layer_norms
        + (1 - sparse_share) * (dense_matrices + dense_vectors)
        + sparse_share * (router + shared_experts * expert_matrices),
    ),
    because="name the parts",
    when=TRANSFORMER,
)

# Routed experts.
experts_of_a_layer = several_of(all_experts, experts, expert_matrices, "the routed experts of a layer are alike")
only_where_sparse = specialise(
    law, {in_dense: 0}, equation(average, sparse_share * in_sparse), because="a dense layer has none"
)
experts_on_average = apply(
    only_where_sparse, {average: expert_layer, in_sparse: all_experts}, because="the mean over all layers"
)
layer_of_experts = substitute(
    experts_on_average,
    experts_of_a_layer,
    result=equation(expert_layer, sparse_share * experts * expert_matrices),
    because="name the experts of a layer",
    when=TRANSFORMER,
)

# What a token meets of the weights; vectors cost next to nothing.
experts_visited = several_of(
    visited, shared_experts + active_experts, expert_matrices, "a token meets only the experts it is routed to"
)
met_where_sparse = total(
    feed_forward.scoring,
    experts_visited,
    result=equation(sparse_met, router_matrix + visited),
    because="it is scored, then it visits",
)
met_on_average = apply(
    law,
    {average: block_met, in_dense: dense_matrices, in_sparse: sparse_met},
    because="the mean of both kinds of layers",
)
met_in_all = total(
    attention.attention,
    met_on_average,
    result=equation(active_layer, attention_matrices + block_met),
    because="every layer attends; vectors cost next to nothing",
)
layer_met = substitute(
    met_in_all,
    met_on_average,
    met_where_sparse,
    feed_forward.scoring,
    experts_visited,
    result=equation(
        active_layer,
        attention_matrices
        + (1 - sparse_share) * dense_matrices
        + sparse_share * (one_parameter * hidden * experts + (shared_experts + active_experts) * expert_matrices),
    ),
    because="name the parts",
    cite="shazeer2017",
    when=TRANSFORMER,
)
