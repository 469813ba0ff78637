"""Vision transformer: what a ViT has in parameters, and what a pass over an image costs.

A patch of the image takes the place of a token of text: one matrix embeds it, and one class token, scored once, takes
the place of the vocabulary.
"""

from mlsysim.symbolic.foundations.inputs import (
    attention_bias,
    ffn_width,
    hidden,
    layers,
    multiply_accumulates,
    one_parameter,
    one_position,
    parameters,
)
from mlsysim.symbolic.quantity import Quantity, count
from mlsysim.symbolic.rules import define, equation, substitute, total
from mlsysim.symbolic.walls.node.compute.counting import macs_of, pair_mac, sample_mac, weight_mac, weights_of

NAME = "vision_transformer"

side = count(f"{NAME}.side", r"n_{\mathrm{px}}", "pixels of a side of the image", low=16, high=4096)
patch = count(f"{NAME}.patch", r"n_{\mathrm{patch}}", "pixels of a side of a patch", low=1, high=64)
channels = count(f"{NAME}.channels", r"n_{\mathrm{ch}}", "channels of a pixel", high=16)
classes = count(f"{NAME}.classes", r"n_{\mathrm{cls}}", "classes that an image is scored for", high=65536)
patches = count(f"{NAME}.patches", r"n_{\mathrm{img}}", "patches of an image", high=65536)
tokens = Quantity(f"{NAME}.tokens", r"s_{\mathrm{img}}", "token/sample", "tokens of an image", low=2, high=65537)
patch_matrix = weights_of(NAME, "patch_matrix", r"P_{\mathrm{patch}}", "weights that embed a patch")
embedding = weights_of(NAME, "embedding", r"P_{\mathrm{emb}}", "the patch embedding, the class token and the positions")
matrices = weights_of(NAME, "matrices", r"P_{\mathrm{mat}}", "weights of the matrices of a layer")
vectors = weights_of(NAME, "vectors", r"P_{\mathrm{vec}}", "biases and normalisations of a layer")
score_matrix = weights_of(NAME, "score_matrix", r"P_{\mathrm{cls}}", "weights that score the classes")
ends = weights_of(NAME, "ends", r"P_{\mathrm{ends}}", "the last normalisation and the scores")
patch_macs = macs_of(NAME, "patch_macs", r"O_{\mathrm{patch}}", "multiply-accumulates of embedding the patches")
layer_macs = macs_of(NAME, "layer_macs", r"O_{\mathrm{mat}}", "those of the matrices of all layers")
attention_macs = macs_of(NAME, "attention_macs", r"O_{\mathrm{attn}}", "those of the attention of all layers")
head_macs = macs_of(NAME, "head_macs", r"O_{\mathrm{cls}}", "those of the scores")

cut = define(
    equation(patches, (side / patch) ** 2), because="an image is cut into square patches", cite="dosovitskiy2021"
)
sequence_of_image = define(
    equation(tokens, one_position * (patches + 1)),
    because="every patch is a token, and one more stands for the class",
    cite="dosovitskiy2021",
)
matrix_of_patch = define(
    equation(patch_matrix, one_parameter * patch**2 * channels * hidden),
    because="one matrix takes all numbers of a patch to the width of the model",
    cite="dosovitskiy2021",
)
before = define(
    equation(embedding, patch_matrix + one_parameter * hidden * (1 + 1 + (patches + 1))),
    because="its bias, the class token, and a learned position for every token are vectors",
    cite="dosovitskiy2021",
)
matrices_of_layer = define(
    equation(matrices, one_parameter * (4 * hidden**2 + 2 * hidden * ffn_width)),
    because="attention is four square matrices, the feed-forward layer two",
    cite="dosovitskiy2021",
)
vectors_of_layer = define(
    equation(vectors, one_parameter * ((3 * attention_bias + 1) * hidden + (ffn_width + hidden) + 2 * 2 * hidden)),
    because="every matrix has a bias, and two normalisations have two vectors each",
    cite="dosovitskiy2021",
)
matrix_of_scores = define(
    equation(score_matrix, one_parameter * hidden * classes),
    because="the class token is scored for every class",
    cite="dosovitskiy2021",
)
after = define(
    equation(ends, 2 * one_parameter * hidden + score_matrix + one_parameter * classes),
    because="a normalisation, then scores with a bias",
    cite="dosovitskiy2021",
)
count_parameters = define(
    equation(parameters, embedding + layers * (matrices + vectors) + ends),
    because="the layers and what stands around them",
)
closed_count = substitute(
    count_parameters,
    before,
    matrix_of_patch,
    matrices_of_layer,
    vectors_of_layer,
    after,
    matrix_of_scores,
    cut,
    result=equation(
        parameters,
        one_parameter
        * (
            (patch**2 * channels + 3 + (side / patch) ** 2) * hidden
            + layers * (4 * hidden**2 + 2 * hidden * ffn_width + (6 + 3 * attention_bias) * hidden + ffn_width)
            + 2 * hidden
            + (hidden + 1) * classes
        ),
    ),
    because="name every part",
)

embed = define(
    equation(patch_macs, sample_mac * patches * patch_matrix),
    because="every patch meets the weights that embed it; the class token needs none",
)
all_matrices = define(
    equation(layer_macs, weight_mac * layers * tokens * matrices), because="every token meets the weights of a layer"
)
all_pairs = define(
    equation(attention_macs, 2 * pair_mac * layers * hidden * tokens**2),
    because="every pair of tokens is scored and mixed over the width of all heads",
)
score = define(equation(head_macs, sample_mac * score_matrix), because="one token of the image is scored")
count_macs = total(
    embed,
    all_matrices,
    all_pairs,
    score,
    result=equation(multiply_accumulates, patch_macs + layer_macs + attention_macs + head_macs),
    because="a pass embeds, goes through the layers and is scored",
)
