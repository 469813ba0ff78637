"""Encoder and decoder: what a T5 has in parameters, and what a pass through both sides costs.

There are no biases, a normalisation is one vector, and the first layer of a side learns a number for each head and each
distance between tokens, which the others share. The heads together may be wider than the model.
"""

from mlsysim.symbolic.foundations.inputs import (
    ffn_matrices,
    ffn_width,
    head_width,
    heads,
    hidden,
    layers,
    multiply_accumulates,
    one_parameter,
    parameters,
    tied,
    vocabulary,
)
from mlsysim.symbolic.quantity import Quantity, count
from mlsysim.symbolic.rules import define, equation, specialise, substitute, total
from mlsysim.symbolic.walls.node.compute.counting import macs_of, pair_mac, weight_mac, weights_of

NAME = "encoder_decoder"

decoder_layers = count(f"{NAME}.decoder_layers", r"L_{\mathrm{dec}}", "layers of the decoder", high=256)
buckets = count(f"{NAME}.buckets", r"n_{\mathrm{bkt}}", "distances between tokens that are told apart", high=128)
source = Quantity(
    f"{NAME}.source", r"s_{\mathrm{enc}}", "token/sample", "tokens that the encoder reads", low=1, high=8192
)
target = Quantity(
    f"{NAME}.target", r"s_{\mathrm{dec}}", "token/sample", "tokens that the decoder reads", low=1, high=8192
)
attention = weights_of(NAME, "attention", r"P_{\mathrm{attn}}", "weights of one attention")
feed_forward = weights_of(NAME, "feed_forward", r"P_{\mathrm{ff}}", "weights of one feed-forward layer")
encoder_layer = weights_of(NAME, "encoder_layer", r"P_{\mathrm{enc}}", "parameters of a layer of the encoder")
decoder_layer = weights_of(NAME, "decoder_layer", r"P_{\mathrm{dec}}", "parameters of a layer of the decoder")
distances = weights_of(NAME, "distances", r"P_{\mathrm{dist}}", "what distances between tokens add to their scores")
ends = weights_of(NAME, "ends", r"P_{\mathrm{ends}}", "embedding, output head and the two last normalisations")
encoder_macs = macs_of(NAME, "encoder_macs", r"O_{\mathrm{enc}}", "multiply-accumulates of the encoder")
decoder_macs = macs_of(NAME, "decoder_macs", r"O_{\mathrm{dec}}", "those of the decoder among its own tokens")
cross_macs = macs_of(NAME, "cross_macs", r"O_{\mathrm{cross}}", "those of the decoder's attention to the encoder")
head_macs = macs_of(NAME, "head_macs", r"O_{\mathrm{head}}", "those of the output scores")

one_attention = define(
    equation(attention, one_parameter * 4 * hidden * heads * head_width),
    because="query, key, value and output are matrices between the width of the model and that of all heads",
    cite="raffel2020",
)
one_feed_forward = define(
    equation(feed_forward, one_parameter * ffn_matrices * hidden * ffn_width),
    because="a feed-forward layer is two matrices, three with a gate",
    cite="raffel2020,shazeer2020",
)
layer_of_encoder = define(
    equation(encoder_layer, attention + feed_forward + 2 * one_parameter * hidden),
    because="a layer attends and feeds forward, each after a normalisation",
    cite="raffel2020",
)
layer_of_decoder = define(
    equation(decoder_layer, 2 * attention + feed_forward + 3 * one_parameter * hidden),
    because="a layer of the decoder attends once more, to the encoder's output",
    cite="raffel2020",
)
relative_positions = define(
    equation(distances, 2 * one_parameter * buckets * heads),
    because="each side learns what a distance adds to the scores of a head, once for all its layers",
    cite="raffel2020",
)
outside = define(
    equation(ends, one_parameter * (2 - tied) * vocabulary * hidden + 2 * one_parameter * hidden),
    because="both sides share the embedding, which a tied head is as well, and each ends in a normalisation",
    cite="raffel2020",
)
count_parameters = define(
    equation(parameters, layers * encoder_layer + decoder_layers * decoder_layer + distances + ends),
    because="the layers of both sides and what stands around them",
)
closed_count = substitute(
    count_parameters,
    layer_of_encoder,
    layer_of_decoder,
    one_attention,
    one_feed_forward,
    relative_positions,
    outside,
    result=equation(
        parameters,
        one_parameter
        * (
            (2 - tied) * vocabulary * hidden
            + layers * (4 * hidden * heads * head_width + ffn_matrices * hidden * ffn_width + 2 * hidden)
            + decoder_layers * (8 * hidden * heads * head_width + ffn_matrices * hidden * ffn_width + 3 * hidden)
            + 2 * buckets * heads
            + 2 * hidden
        ),
    ),
    because="name every part",
)

through_encoder = define(
    equation(
        encoder_macs,
        layers * (weight_mac * source * (attention + feed_forward) + 2 * pair_mac * heads * head_width * source**2),
    ),
    because="every token meets the weights of a layer, and every pair is scored and mixed over the width of all heads",
)
through_decoder = define(
    equation(
        decoder_macs,
        decoder_layers
        * (weight_mac * target * (attention + feed_forward) + 2 * pair_mac * heads * head_width * target**2),
    ),
    because="the same among the decoder's own tokens, pairs that a mask hides computed as well",
)
across = define(
    equation(
        cross_macs,
        decoder_layers
        * (weight_mac * (source + target) * attention / 2 + 2 * pair_mac * heads * head_width * source * target),
    ),
    because="keys and values come from the encoder's tokens, queries and outputs are the decoder's",
)
scores = define(
    equation(head_macs, weight_mac * one_parameter * target * vocabulary * hidden),
    because="each token of the decoder scores the vocabulary",
)
count_macs = total(
    through_encoder,
    through_decoder,
    across,
    scores,
    result=equation(multiply_accumulates, encoder_macs + decoder_macs + cross_macs + head_macs),
    because="a pass goes through both sides and is scored",
)
named_macs = substitute(
    count_macs,
    through_encoder,
    through_decoder,
    across,
    scores,
    result=equation(
        multiply_accumulates,
        layers * (weight_mac * source * (attention + feed_forward) + 2 * pair_mac * heads * head_width * source**2)
        + decoder_layers
        * (weight_mac * target * (attention + feed_forward) + 2 * pair_mac * heads * head_width * target**2)
        + decoder_layers
        * (weight_mac * (source + target) * attention / 2 + 2 * pair_mac * heads * head_width * source * target)
        + weight_mac * one_parameter * target * vocabulary * hidden,
    ),
    because="name every part",
)
equal_lengths = specialise(
    named_macs,
    {target: source, decoder_layers: layers},
    equation(
        multiply_accumulates,
        weight_mac * source * (layers * (3 * attention + 2 * feed_forward) + one_parameter * vocabulary * hidden)
        + 6 * pair_mac * layers * heads * head_width * source**2,
    ),
    because="both sides as deep and as long: every token meets every weight once, and three attentions a pair of layers",
)
