"""Size of a checkpoint: weights and optimizer state of every parameter, fourteen bytes with Adam in mixed precision."""

from mlsysim.symbolic.foundations import in_turn
from mlsysim.symbolic.foundations.inputs import parameters, state_bytes, weight_bytes
from mlsysim.symbolic.quantity import TRAINING, Quantity, constant, data
from mlsysim.symbolic.rules import apply, equation, given, rewrite, specialise, substitute

size = data("checkpoint.size", r"M_{\mathrm{ckpt}}", "data of a checkpoint", display="GB")
per_parameter = Quantity(
    "checkpoint.per_parameter", r"b_{\mathrm{ckpt}}", "byte/param", "bytes kept of each parameter", low=1, high=20
)
master_bytes = Quantity("checkpoint.master", r"b_{\mathrm{mst}}", "byte/param", "bytes of a master weight", high=8)
momentum_bytes = Quantity("checkpoint.momentum", r"b_{\mathrm{mom}}", "byte/param", "bytes of a mean gradient", high=8)
variance_bytes = Quantity(
    "checkpoint.variance", r"b_{\mathrm{var}}", "byte/param", "bytes of a mean squared gradient", high=8
)
half_precision = constant("one.half_precision", 2, "byte/param", "two bytes of half precision")
single_precision = constant("one.single_precision", 4, "byte/param", "four bytes of single precision")
adam_bytes = constant("one.adam_bytes", 14, "byte/param", "two bytes and three times four")

kept = given(
    equation(per_parameter, weight_bytes + state_bytes),
    because="weights and optimizer state are needed to go on, gradients are not",
    cite="rajbhandari2020",
)
all_of_it = apply(
    in_turn.law,
    {in_turn.whole: size, in_turn.parts: parameters, in_turn.part: per_parameter},
    because="every parameter keeps as many",
)
size_law = substitute(
    all_of_it,
    kept,
    result=equation(size, parameters * (weight_bytes + state_bytes)),
    because="name what is kept",
    when=TRAINING,
)

# Adam in mixed precision keeps four numbers of each parameter.
state_of_adam = given(
    equation(state_bytes, master_bytes + momentum_bytes + variance_bytes),
    because="mixed-precision Adam keeps a master weight and two moments",
    cite="rajbhandari2020",
)
kept_of_adam = substitute(
    kept,
    state_of_adam,
    result=equation(per_parameter, weight_bytes + master_bytes + momentum_bytes + variance_bytes),
    because="name the state",
)
mixed_precision = specialise(
    kept_of_adam,
    {
        weight_bytes: half_precision,
        master_bytes: single_precision,
        momentum_bytes: single_precision,
        variance_bytes: single_precision,
    },
    equation(per_parameter, half_precision + single_precision + single_precision + single_precision),
    because="weights in half precision, the rest in single",
)
fourteen = rewrite(mixed_precision, equation(per_parameter, adam_bytes), because="two and three times four")
