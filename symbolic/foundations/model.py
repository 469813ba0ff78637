"""The model: its layers, the tables before them and the scores after them, and how many of its weights a token meets."""

from mlsysim.symbolic.foundations import in_turn, vectors
from mlsysim.symbolic.foundations import layers as anatomy
from mlsysim.symbolic.foundations.inputs import (
    further,
    hidden,
    layers,
    norm_vectors,
    one_parameter,
    parameters,
    positions,
    tied,
    vocabulary,
)
from mlsysim.symbolic.foundations.matrices import matrix_of
from mlsysim.symbolic.foundations.transformer import (
    active,
    active_layer,
    embedding,
    ends,
    expert_layer,
    final_norm,
    head,
    parameters_of,
    shared_layer,
)
from mlsysim.symbolic.foundations.vectors import one_norm
from mlsysim.symbolic.quantity import TRANSFORMER
from mlsysim.symbolic.rules import apply, define, equation, given, substitute, total

token_table = parameters_of("ends", "token_table", r"P_{\mathrm{emb,tok}}", "vectors of the tokens of the vocabulary")
position_table = parameters_of("ends", "position_table", r"P_{\mathrm{emb,pos}}", "vectors of learned positions")
own_head = parameters_of("ends", "own_head", r"P_{\mathrm{head,own}}", "weights of a head that is not the embedding")
whole_layer = parameters_of("ends", "whole_layer", r"P_{\ell}", "parameters of an average layer")
all_layers = parameters_of("ends", "all_layers", r"P_{L}", "parameters of all layers")
layers_met = parameters_of("ends", "layers_met", r"P_{L,\mathrm{tok}}", "weights that a token meets in all layers")

# What stands around the layers.
table_of_tokens = matrix_of(token_table, hidden, vocabulary, "each token has a vector as wide as the model")
table_of_positions = matrix_of(position_table, hidden, positions, "so has each learned position")
both_tables = total(
    table_of_tokens,
    table_of_positions,
    result=equation(embedding, token_table + position_table),
    because="the vectors of a token and of its position are added",
    cite="vaswani2017",
)
tables = substitute(
    both_tables,
    table_of_tokens,
    table_of_positions,
    result=equation(embedding, one_parameter * (vocabulary + positions) * hidden),
    because="count both",
    when=TRANSFORMER,
)
scores = matrix_of(head, hidden, vocabulary, "each token of the vocabulary is scored", when=TRANSFORMER)
norm = substitute(
    vectors.norm,
    vectors.vector_of_a_norm,
    result=equation(one_norm, norm_vectors * hidden * one_parameter),
    because="name a vector of a normalisation",
)
last = apply(norm, {one_norm: final_norm}, because="the last layer's output is normalised", when=TRANSFORMER)
head_of_its_own = given(
    equation(own_head, (1 - tied) * head), because="a tied head is the embedding itself", cite="press2017"
)
around = define(
    equation(ends, embedding + own_head + final_norm + further),
    because="what else there is, is counted as it is published",
)
outside = substitute(
    around,
    head_of_its_own,
    result=equation(ends, embedding + (1 - tied) * head + final_norm + further),
    because="name the head",
    cite="press2017",
    when=TRANSFORMER,
)

# All parameters, and those that a token meets.
one_layer = total(
    anatomy.layer_without_experts,
    anatomy.layer_of_experts,
    result=equation(whole_layer, shared_layer + expert_layer),
    because="a layer is its routed experts and the rest",
)
every_layer = apply(
    in_turn.law,
    {in_turn.whole: all_layers, in_turn.parts: layers, in_turn.part: whole_layer},
    because="the average layer, as often as there are layers",
)
whole_model = total(
    every_layer,
    outside,
    result=equation(parameters, all_layers + ends),
    because="the layers and what stands around them",
)
count_parameters = substitute(
    whole_model,
    every_layer,
    one_layer,
    result=equation(parameters, layers * (shared_layer + expert_layer) + ends),
    because="name the layers",
    when=TRANSFORMER,
)
met_in_layers = apply(
    in_turn.law,
    {in_turn.whole: layers_met, in_turn.parts: layers, in_turn.part: active_layer},
    because="a token passes every layer",
)
met_in_all = total(
    met_in_layers,
    scores,
    result=equation(active, layers_met + head),
    because="then it is scored, which is a product too",
)
active_model = substitute(
    met_in_all,
    met_in_layers,
    result=equation(active, layers * active_layer + head),
    because="name the layers",
    cite="shazeer2017",
    when=TRANSFORMER,
)
