"""Attention: the weights of queries, keys, values and outputs, with grouped heads or through a low rank, and its vectors."""

from sympy import Eq, Piecewise

from mlsysim.symbolic.foundations.inputs import (
    head_width,
    heads,
    hidden,
    kv_heads,
    kv_rank,
    latent,
    nope_width,
    one_parameter,
    query_rank,
    rope_width,
    value_width,
)
from mlsysim.symbolic.foundations.matrices import matrix_of
from mlsysim.symbolic.foundations.transformer import attention_matrices, parameters_of, query_key_width, query_matrices
from mlsysim.symbolic.quantity import TRANSFORMER
from mlsysim.symbolic.rules import define, equation, specialise, substitute, total

one_query = parameters_of("attention", "query", r"P_{\mathrm{q,1}}", "weights of queries in one matrix")
query_down = parameters_of("attention", "query_down", r"P_{\mathrm{q,down}}", "weights that compress queries")
query_up = parameters_of("attention", "query_up", r"P_{\mathrm{q,up}}", "weights that expand them to all heads")
ranked_query = parameters_of("attention", "ranked_query", r"P_{\mathrm{q,2}}", "weights of queries through a low rank")
keys = parameters_of("attention", "keys", r"P_{\mathrm{k}}", "weights of the keys of a layer")
values = parameters_of("attention", "values", r"P_{\mathrm{v}}", "weights of the values of a layer")
output = parameters_of("attention", "output", r"P_{\mathrm{o}}", "weights of the output of all heads")
grouped = parameters_of("attention", "grouped", r"P_{\mathrm{kvo}}", "weights of keys, values and output")
latent_down = parameters_of(
    "attention", "latent_down", r"P_{\mathrm{kv,down}}", "weights of latent vector and rotated key"
)
latent_up = parameters_of("attention", "latent_up", r"P_{\mathrm{kv,up}}", "weights that expand it to keys and values")
latent_output = parameters_of("attention", "latent_output", r"P_{\mathrm{o,mla}}", "weights of the output under MLA")
through_latent = parameters_of(
    "attention", "latent", r"P_{\mathrm{mla}}", "weights of keys, values and output under MLA"
)

# Queries.
queries_at_once = matrix_of(one_query, hidden, heads * query_key_width, "one matrix gives the queries of all heads")
queries_down = matrix_of(query_down, hidden, query_rank, "one matrix compresses")
queries_up = matrix_of(query_up, query_rank, heads * query_key_width, "another expands to the queries of all heads")
queries_ranked = total(
    queries_down, queries_up, result=equation(ranked_query, query_down + query_up), because="first one, then the other"
)
queries_either = define(
    equation(query_matrices, Piecewise((ranked_query, query_rank > 0), (one_query, True))),
    because="queries are one matrix, or two through a low rank",
    cite="deepseek2024v2",
)
queries = substitute(
    queries_either,
    queries_ranked,
    queries_down,
    queries_up,
    queries_at_once,
    result=equation(
        query_matrices,
        one_parameter
        * Piecewise(
            ((hidden + heads * query_key_width) * query_rank, query_rank > 0), (hidden * heads * query_key_width, True)
        ),
    ),
    because="count the weights of each",
    cite="deepseek2024v2",
    when=TRANSFORMER,
)

queries_direct = specialise(
    queries,
    {query_rank: 0},
    equation(query_matrices, one_parameter * hidden * heads * query_key_width),
    because="without a low rank",
)

# Keys, values and output.
key_matrix = matrix_of(keys, hidden, kv_heads * head_width, "query heads share a smaller number of keys", "ainslie2023")
value_matrix = matrix_of(values, hidden, kv_heads * head_width, "and of values", "ainslie2023")
output_matrix = matrix_of(
    output, heads * head_width, hidden, "what all heads mixed is taken back to the width of the model"
)
grouped_parts = total(
    key_matrix,
    value_matrix,
    output_matrix,
    result=equation(grouped, keys + values + output),
    because="all three stand beside the queries",
    cite="vaswani2017",
)
latent_matrix = matrix_of(
    latent_down, hidden, kv_rank + rope_width, "one matrix gives the latent vector and the key that all heads rotate"
)
expansion = matrix_of(
    latent_up,
    kv_rank,
    heads * (nope_width + value_width),
    "the latent vector is expanded to a key and a value for every head",
)
output_under_mla = matrix_of(latent_output, heads * value_width, hidden, "values may have a width of their own")
latent_parts = total(
    latent_matrix,
    expansion,
    output_under_mla,
    result=equation(through_latent, latent_down + latent_up + latent_output),
    because="MLA factors keys and values through a low rank",
    cite="deepseek2024v2",
)
attention_either = define(
    equation(attention_matrices, query_matrices + Piecewise((through_latent, Eq(latent, 1)), (grouped, True))),
    because="attention keeps keys and values for groups of heads, or a latent vector",
    cite="ainslie2023,deepseek2024v2",
)
attention = substitute(
    attention_either,
    latent_parts,
    grouped_parts,
    latent_matrix,
    expansion,
    output_under_mla,
    key_matrix,
    value_matrix,
    output_matrix,
    result=equation(
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
    because="count the weights of each",
    cite="ainslie2023,deepseek2024v2",
    when=TRANSFORMER,
)

four_squares = specialise(
    substitute(
        attention,
        queries_direct,
        result=equation(
            attention_matrices,
            one_parameter * hidden * heads * query_key_width
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
        because="queries are one matrix",
    ),
    {latent: 0, kv_heads: heads, query_key_width: hidden / heads, head_width: hidden / heads},
    equation(attention_matrices, 4 * hidden**2 * one_parameter),
    because="every head has its own keys and values, and all heads together are as wide as the model",
    cite="vaswani2017",
)
