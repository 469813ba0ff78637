"""State space: what a Mamba has in parameters, and what a pass over a sequence costs.

A layer widens each token, mixes it with the few before it by a convolution, updates a state of fixed size from it, reads
the state out and narrows the result. Nothing grows with the square of the length.
"""

from sympy import ceiling

from mlsysim.symbolic.foundations.inputs import (
    hidden,
    layers,
    multiply_accumulates,
    one_parameter,
    parameters,
    sequence,
    tied,
    vocabulary,
)
from mlsysim.symbolic.quantity import count, flag
from mlsysim.symbolic.rules import define, equation, rewrite, specialise, substitute, total
from mlsysim.symbolic.walls.node.compute.counting import macs_of, token_mac, weight_mac, weights_of

NAME = "state_space"

inner = count(f"{NAME}.inner", r"d_{\mathrm{in}}", "width that a layer works in", low=64, high=131072)
expand = count(f"{NAME}.expand", r"n_{\mathrm{exp}}", "how many times wider than the model that is", high=8)
rank = count(f"{NAME}.rank", r"r_{\Delta}", "rank of the matrix of step sizes", high=8192)
state = count(f"{NAME}.state", r"n_{\mathrm{state}}", "numbers of the state of a channel", high=256)
taps = count(f"{NAME}.taps", r"n_{\mathrm{conv}}", "tokens that the convolution sees", high=16)
projection_bias = flag(
    f"{NAME}.projection_bias", r"\beta_{\mathrm{proj}}", "whether widening and narrowing have a bias"
)
convolution_bias = flag(f"{NAME}.convolution_bias", r"\beta_{\mathrm{conv}}", "whether the convolution has a bias")
matrices = weights_of(NAME, "matrices", r"P_{\mathrm{mat}}", "weights of the matrices of a layer")
convolution = weights_of(NAME, "convolution", r"P_{\mathrm{conv}}", "weights of the convolution of a layer")
vectors = weights_of(NAME, "vectors", r"P_{\mathrm{vec}}", "what else a layer has: decay, skip, biases, normalisation")
head = weights_of(NAME, "head", r"P_{\mathrm{head}}", "weights that score the vocabulary")
layer_macs = macs_of(NAME, "layer_macs", r"O_{\mathrm{mat}}", "multiply-accumulates of matrices and convolutions")
state_macs = macs_of(NAME, "state_macs", r"O_{\mathrm{state}}", "those of reading the state out")
head_macs = macs_of(NAME, "head_macs", r"O_{\mathrm{head}}", "those of the output scores")

widened = define(
    equation(inner, expand * hidden), because="a layer works in a multiple of the width", cite="gu2023mamba"
)
rank_of_steps = define(
    equation(rank, ceiling(hidden / 16)),
    because="step sizes come through a sixteenth of the width, unless a configuration says otherwise",
    cite="gu2023mamba",
)
matrices_of_layer = define(
    equation(
        matrices, one_parameter * (2 * hidden * inner + inner * (rank + 2 * state) + rank * inner + inner * hidden)
    ),
    because="a token is widened with its gate, gives step, input and output vectors, steps are widened, all is narrowed",
    cite="gu2023mamba",
)
convolution_of_layer = define(
    equation(convolution, one_parameter * inner * taps),
    because="every channel mixes the last few tokens with weights of its own",
    cite="gu2023mamba",
)
vectors_of_layer = define(
    equation(
        vectors,
        one_parameter
        * (inner * state + inner + inner + convolution_bias * inner + projection_bias * (2 * inner + hidden) + hidden),
    ),
    because="decay of every state, skip and bias of the step of every channel, further biases, and a normalisation",
    cite="gu2023mamba",
)
scores = define(equation(head, one_parameter * vocabulary * hidden), because="each entry of the vocabulary is scored")
count_parameters = define(
    equation(parameters, layers * (matrices + convolution + vectors) + (2 - tied) * head + one_parameter * hidden),
    because="the layers, the embedding, which a tied head is as well, and the last normalisation",
    cite="gu2023mamba",
)
by_inner_width = substitute(
    count_parameters,
    matrices_of_layer,
    convolution_of_layer,
    vectors_of_layer,
    scores,
    result=equation(
        parameters,
        one_parameter
        * (
            layers
            * (
                inner * (3 * hidden + 2 * rank + 3 * state + taps + 2 + convolution_bias + 2 * projection_bias)
                + (1 + projection_bias) * hidden
            )
            + (2 - tied) * vocabulary * hidden
            + hidden
        ),
    ),
    because="name every part",
)
as_published = specialise(
    by_inner_width,
    {inner: 2 * hidden, rank: hidden / 16, state: 16, taps: 4, convolution_bias: 1, projection_bias: 0, tied: 1},
    equation(parameters, one_parameter * (layers * (25 * hidden**2 / 4 + 111 * hidden) + vocabulary * hidden + hidden)),
    because="the published models are alike but for depth and width: about six squares of the width a layer",
    cite="gu2023mamba",
)

through_layers = define(
    equation(layer_macs, weight_mac * sequence * layers * (matrices + convolution)),
    because="every token meets the weights of a layer",
)
read_out = define(
    equation(state_macs, token_mac * sequence * layers * inner * state),
    because="every channel sums its state for every token; the update of the state goes number by number and is left out",
)
scored = define(equation(head_macs, weight_mac * sequence * head), because="every token scores the vocabulary")
count_macs = total(
    through_layers,
    read_out,
    scored,
    result=equation(multiply_accumulates, layer_macs + state_macs + head_macs),
    because="a pass goes through the layers and is scored",
)
by_length = rewrite(
    substitute(
        count_macs,
        through_layers,
        read_out,
        scored,
        result=equation(
            multiply_accumulates,
            weight_mac * sequence * layers * (matrices + convolution)
            + token_mac * sequence * layers * inner * state
            + weight_mac * sequence * head,
        ),
        because="name every part",
    ),
    equation(
        multiply_accumulates,
        sequence * (weight_mac * (layers * (matrices + convolution) + head) + token_mac * layers * inner * state),
    ),
    because="a token costs the same whatever the length",
)
