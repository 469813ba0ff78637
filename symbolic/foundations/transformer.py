"""Anatomy of a transformer: how many parameters its configuration has, and which of them a token meets.

Counts are exact: every matrix, bias and normalisation that the published configurations have.
"""

from sympy import Eq, Piecewise

from mlsysim.symbolic.foundations.inputs import (
    active_experts,
    attention_bias,
    dense_layers,
    expert_width,
    experts,
    ffn_bias,
    ffn_matrices,
    ffn_width,
    further,
    head_norms,
    head_width,
    heads,
    hidden,
    kv_heads,
    kv_rank,
    latent,
    layers,
    nope_width,
    norm_vectors,
    norms,
    one_parameter,
    output_bias,
    parameters,
    positions,
    query_rank,
    rope_width,
    router_bias,
    shared_experts,
    tied,
    value_width,
    vocabulary,
)
from mlsysim.symbolic.quantity import TRANSFORMER, Quantity, ratio
from mlsysim.symbolic.rules import define, equation


def _parameters(name: str, latex: str, meaning: str) -> Quantity:
    return Quantity(f"model.{name}", latex, "param", meaning, display="Gparam", low=1, high=1e12)


query_key_width = ratio("model.query_key_width", r"d_{\mathrm{qk}}", "width of a query and a key", low=1, high=256)
mix_width = ratio("model.mix_width", r"d_{\mathrm{mix}}", "width of a value that attention mixes", low=1, high=256)
query_matrices = _parameters("query_matrices", r"P_{\mathrm{q}}", "weights of a layer's queries")
attention_matrices = _parameters("attention_matrices", r"P_{\mathrm{attn}}", "weights of the attention of a layer")
attention_vectors = _parameters(
    "attention_vectors", r"P_{\mathrm{vec}}", "biases and head norms of a layer's attention"
)
dense_matrices = _parameters("dense_matrices", r"P_{\mathrm{ff}}", "weights of a dense feed-forward layer")
dense_vectors = _parameters("dense_vectors", r"P_{\mathrm{ff,vec}}", "biases of a dense feed-forward layer")
expert_matrices = _parameters("expert_matrices", r"P_{\mathrm{exp}}", "weights of one expert")
router = _parameters("router", r"P_{\mathrm{rt}}", "weights of the router of a layer")
layer_norms = _parameters("layer_norms", r"P_{\mathrm{norm}}", "normalisation vectors of a layer")
shared_layer = _parameters("shared_layer", r"P_{\mathrm{sh}}", "parameters of an average layer, routed experts apart")
expert_layer = _parameters("expert_layer", r"P_{\mathrm{ex}}", "parameters of the routed experts of an average layer")
active_layer = _parameters("active_layer", r"P_{\mathrm{act}}", "weights that a token meets in an average layer")
active = _parameters("active", r"P_{\mathrm{tok}}", "weights that a token meets in the whole model")
embedding = _parameters("embedding", r"P_{\mathrm{emb}}", "token and position embeddings")
head = _parameters("head", r"P_{\mathrm{head}}", "weights that turn the last layer into output scores")
final_norm = _parameters("final_norm", r"P_{\mathrm{fin}}", "the normalisation before the output")
ends = _parameters("ends", r"P_{\mathrm{ends}}", "parameters outside the layers")
sparse_share = ratio("model.sparse_share", r"x_{\mathrm{moe}}", "share of layers that have experts", low=0)

shape_of_scores = define(
    equation(query_key_width, Piecewise((nope_width + rope_width, Eq(latent, 1)), (head_width, True))),
    because="a query meets a key over the width of a head",
    cite="vaswani2017",
    when=TRANSFORMER,
)
shape_of_values = define(
    equation(mix_width, Piecewise((value_width, Eq(latent, 1)), (head_width, True))),
    because="attention mixes values of this width",
    cite="vaswani2017",
    when=TRANSFORMER,
)
queries = define(
    equation(
        query_matrices,
        one_parameter
        * Piecewise(
            ((hidden + heads * query_key_width) * query_rank, query_rank > 0), (hidden * heads * query_key_width, True)
        ),
    ),
    because="queries are one matrix, or two through a low rank",
    cite="deepseek2024v2",
    when=TRANSFORMER,
)
attention = define(
    equation(
        attention_matrices,
        query_matrices
        + one_parameter
        * Piecewise(
            (
                hidden * (kv_rank + rope_width)
                + kv_rank * heads * (nope_width + value_width)
                + heads * value_width * hidden,
                Eq(latent, 1),
            ),
            (hidden * heads * head_width + 2 * hidden * kv_heads * head_width, True),
        ),
    ),
    because="beside queries, key, value and output are matrices; MLA factors keys and values through a low rank",
    cite="ainslie2023,deepseek2024v2",
    when=TRANSFORMER,
)
attention_small = define(
    equation(
        attention_vectors,
        one_parameter
        * (
            attention_bias * (heads + 2 * kv_heads) * head_width
            + output_bias * hidden
            + head_norms * head_width
            + latent * (query_rank + kv_rank)
        ),
    ),
    because="biases and the normalisations of heads and latents are vectors",
    when=TRANSFORMER,
)
dense = define(
    equation(dense_matrices, one_parameter * ffn_matrices * hidden * ffn_width),
    because="a feed-forward layer is two matrices, three with a gate",
    cite="shazeer2020",
    when=TRANSFORMER,
)
dense_small = define(
    equation(dense_vectors, one_parameter * ffn_bias * ((ffn_matrices - 1) * ffn_width + hidden)),
    because="each matrix that widens has a wide bias, the one that narrows a narrow one",
    when=TRANSFORMER,
)
one_expert = define(
    equation(expert_matrices, one_parameter * ffn_matrices * hidden * expert_width),
    because="an expert is a feed-forward layer of its own width",
    cite="shazeer2017",
    when=TRANSFORMER,
)
routing = define(
    equation(router, one_parameter * (hidden + router_bias) * experts),
    because="a router scores every expert",
    cite="shazeer2017",
    when=TRANSFORMER,
)
normalisation = define(
    equation(layer_norms, one_parameter * norms * norm_vectors * hidden),
    because="a normalisation has one vector, two with a bias",
    when=TRANSFORMER,
)
sparse = define(
    equation(sparse_share, (layers - dense_layers) / layers),
    because="the layers that are not dense have experts",
    when=TRANSFORMER,
)
layer_without_experts = define(
    equation(
        shared_layer,
        attention_matrices
        + attention_vectors
        + layer_norms
        + (1 - sparse_share) * (dense_matrices + dense_vectors)
        + sparse_share * (router + shared_experts * expert_matrices),
    ),
    because="every token meets all of these",
    when=TRANSFORMER,
)
layer_of_experts = define(
    equation(expert_layer, sparse_share * experts * expert_matrices),
    because="the routed experts of a layer, over all layers",
    when=TRANSFORMER,
)
layer_met = define(
    equation(
        active_layer,
        attention_matrices
        + (1 - sparse_share) * dense_matrices
        + sparse_share * (one_parameter * hidden * experts + (shared_experts + active_experts) * expert_matrices),
    ),
    because="a token meets only the experts it is routed to, and vectors cost next to nothing",
    cite="shazeer2017",
    when=TRANSFORMER,
)
active_model = define(
    equation(active, layers * active_layer + head),
    because="in every layer and at the output",
    cite="shazeer2017",
    when=TRANSFORMER,
)
tables = define(
    equation(embedding, one_parameter * (vocabulary + positions) * hidden),
    because="each token and each learned position has a vector",
    when=TRANSFORMER,
)
scores = define(
    equation(head, one_parameter * vocabulary * hidden),
    because="each token of the vocabulary is scored",
    when=TRANSFORMER,
)
last = define(
    equation(final_norm, one_parameter * norm_vectors * hidden),
    because="the last layer's output is normalised",
    when=TRANSFORMER,
)
outside = define(
    equation(ends, embedding + (1 - tied) * head + final_norm + further),
    because="a tied head is the embedding itself; what else there is, is counted as it is published",
    cite="press2017",
    when=TRANSFORMER,
)
count_parameters = define(
    equation(parameters, layers * (shared_layer + expert_layer) + ends),
    because="the layers and what stands around them",
    when=TRANSFORMER,
)
