"""Feed-forward: the weights of a dense layer, of an expert and of the router that chooses experts, and their biases."""

from mlsysim.symbolic.foundations import in_turn
from mlsysim.symbolic.foundations.inputs import (
    expert_width,
    experts,
    ffn_matrices,
    ffn_width,
    hidden,
    one_parameter,
    router_bias,
)
from mlsysim.symbolic.foundations.matrices import matrix_of, vector_of
from mlsysim.symbolic.foundations.transformer import dense_matrices, expert_matrices, parameters_of, router
from mlsysim.symbolic.quantity import TRANSFORMER
from mlsysim.symbolic.rules import apply, define, equation, specialise, substitute

one_matrix = parameters_of("feed_forward", "matrix", r"P_{\mathrm{ff,1}}", "weights of a feed-forward matrix")
router_matrix = parameters_of("feed_forward", "router_matrix", r"P_{\mathrm{rt,mat}}", "weights that score the experts")
router_biases = parameters_of("feed_forward", "router_biases", r"p_{\mathrm{rt}}", "a bias for every expert")

# A dense layer, and an expert.
widening = matrix_of(
    one_matrix, hidden, ffn_width, "a matrix leads to the width of the layer; the one that leads back is as large"
)
all_matrices = apply(
    in_turn.law,
    {in_turn.whole: dense_matrices, in_turn.parts: ffn_matrices, in_turn.part: one_matrix},
    because="a feed-forward layer is two matrices, three with a gate",
    cite="vaswani2017,shazeer2020",
)
dense = substitute(
    all_matrices,
    widening,
    result=equation(dense_matrices, one_parameter * ffn_matrices * hidden * ffn_width),
    because="count the weights of one",
    cite="shazeer2020",
    when=TRANSFORMER,
)
eight_squares = specialise(
    dense,
    {ffn_matrices: 2, ffn_width: 4 * hidden},
    equation(dense_matrices, 8 * hidden**2 * one_parameter),
    because="without a gate, four times as wide as the model",
    cite="vaswani2017",
)
one_expert = apply(
    dense,
    {dense_matrices: expert_matrices, ffn_width: expert_width},
    because="an expert is a feed-forward layer of its own width",
    cite="shazeer2017",
    when=TRANSFORMER,
)

# The router.
scoring = matrix_of(router_matrix, hidden, experts, "a router scores every expert", "shazeer2017")
bias_of_scores = vector_of(router_biases, experts, "each score may have a bias")
router_parts = define(
    equation(router, router_matrix + router_bias * router_biases),
    because="the configuration says whether there is a bias",
)
routing = substitute(
    router_parts,
    scoring,
    bias_of_scores,
    result=equation(router, one_parameter * (hidden + router_bias) * experts),
    because="count both",
    cite="shazeer2017",
    when=TRANSFORMER,
)
