"""Vectors: the biases and normalisations of a layer, as the configuration says which of them there are."""

from mlsysim.symbolic.foundations.inputs import (
    attention_bias,
    ffn_bias,
    ffn_matrices,
    ffn_width,
    head_norms,
    head_width,
    heads,
    hidden,
    kv_heads,
    kv_rank,
    latent,
    norm_vectors,
    norms,
    one_parameter,
    output_bias,
    query_rank,
)
from mlsysim.symbolic.foundations.matrices import several_of, vector_of
from mlsysim.symbolic.foundations.transformer import attention_vectors, dense_vectors, layer_norms, parameters_of
from mlsysim.symbolic.quantity import TRANSFORMER
from mlsysim.symbolic.rules import define, equation, substitute, total

query_biases = parameters_of("attention", "query_biases", r"p_{\mathrm{q}}", "biases of queries")
key_biases = parameters_of("attention", "key_biases", r"p_{\mathrm{k}}", "biases of keys")
value_biases = parameters_of("attention", "value_biases", r"p_{\mathrm{v}}", "biases of values")
input_biases = parameters_of("attention", "input_biases", r"p_{\mathrm{qkv}}", "biases of queries, keys and values")
output_biases = parameters_of("attention", "output_biases", r"p_{\mathrm{o}}", "biases of the output")
width_norm = parameters_of("attention", "head_norm", r"p_{\mathrm{head}}", "a normalisation of the width of a head")
latent_norms = parameters_of("attention", "latent_norms", r"p_{\mathrm{mla}}", "normalisations of compressed vectors")
wide_bias = parameters_of("feed_forward", "wide_bias", r"p_{\mathrm{ff,1}}", "a bias as wide as the layer")
wide_biases = parameters_of("feed_forward", "wide_biases", r"p_{\mathrm{ff,wide}}", "biases of matrices that widen")
narrow_bias = parameters_of(
    "feed_forward", "narrow_bias", r"p_{\mathrm{ff,out}}", "the bias of the matrix that narrows"
)
biases = parameters_of("feed_forward", "biases", r"p_{\mathrm{ff}}", "biases of a feed-forward layer that has them")
norm_vector = parameters_of("layers", "norm_vector", r"p_{\mathrm{norm}}", "a vector of a normalisation")
one_norm = parameters_of("layers", "norm", r"P_{\mathrm{norm,1}}", "vectors of one normalisation")

# Attention.
biases_of_queries = vector_of(query_biases, heads * head_width, "every number of a query may have a bias")
biases_of_keys = vector_of(key_biases, kv_heads * head_width, "every number of a key")
biases_of_values = vector_of(value_biases, kv_heads * head_width, "and of a value")
biases_of_inputs = total(
    biases_of_queries,
    biases_of_keys,
    biases_of_values,
    result=equation(input_biases, query_biases + key_biases + value_biases),
    because="a model has all three or none",
)
biases_of_output = vector_of(output_biases, hidden, "the output has the width of the model")
norm_of_a_head = vector_of(width_norm, head_width, "heads may be normalised, each by the same vector")
norms_of_latents = vector_of(latent_norms, query_rank + kv_rank, "MLA normalises what it compressed", "deepseek2024v2")
vectors_there = define(
    equation(
        attention_vectors,
        attention_bias * input_biases + output_bias * output_biases + head_norms * width_norm + latent * latent_norms,
    ),
    because="the configuration says which of them there are",
)
attention_small = substitute(
    vectors_there,
    biases_of_inputs,
    biases_of_queries,
    biases_of_keys,
    biases_of_values,
    biases_of_output,
    norm_of_a_head,
    norms_of_latents,
    result=equation(
        attention_vectors,
        one_parameter
        * (
            attention_bias * (heads + 2 * kv_heads) * head_width
            + output_bias * hidden
            + head_norms * head_width
            + latent * (query_rank + kv_rank)
        ),
    ),
    because="count the entries of each",
    when=TRANSFORMER,
)

# The feed-forward part.
bias_of_widening = vector_of(wide_bias, ffn_width, "a matrix that widens has a bias of that width")
biases_of_widening = several_of(wide_biases, ffn_matrices - 1, wide_bias, "all matrices but one widen")
bias_of_narrowing = vector_of(narrow_bias, hidden, "the one that narrows has a narrow bias")
both_biases = total(
    biases_of_widening,
    bias_of_narrowing,
    result=equation(biases, wide_biases + narrow_bias),
    because="each matrix has its own",
)
biases_there = define(
    equation(dense_vectors, ffn_bias * biases), because="the configuration says whether there are any"
)
dense_small = substitute(
    biases_there,
    both_biases,
    biases_of_widening,
    bias_of_widening,
    bias_of_narrowing,
    result=equation(dense_vectors, one_parameter * ffn_bias * ((ffn_matrices - 1) * ffn_width + hidden)),
    because="count the entries of each",
    when=TRANSFORMER,
)

# Normalisations of the width of the model.
vector_of_a_norm = vector_of(norm_vector, hidden, "a normalisation scales every number of a token")
norm = several_of(one_norm, norm_vectors, norm_vector, "one vector, two with a bias")
norms_of_a_layer = several_of(layer_norms, norms, one_norm, "attention and feed-forward part have theirs")
normalisation = substitute(
    norms_of_a_layer,
    norm,
    vector_of_a_norm,
    result=equation(layer_norms, one_parameter * norms * norm_vectors * hidden),
    because="count the entries",
    when=TRANSFORMER,
)
