"""ZeRO: what every trained parameter drags along, and how it is divided over the replicas."""

from sympy import Piecewise

from mlsysim.symbolic.foundations.inputs import gradient_bytes, parameters, replicas, state_bytes, weight_bytes, zero
from mlsysim.symbolic.quantity import constant, data
from mlsysim.symbolic.rules import apply, equation, given, specialise, substitute, total
from mlsysim.symbolic.step import Step

half_precision = constant("one.half_precision", 2, "byte/param", "bytes of a parameter in half precision")
adam_state = constant("one.adam_state", 12, "byte/param", "a single-precision copy, momentum and variance")
mixed_adam = constant("one.mixed_adam", 16, "byte/param", "bytes of a parameter trained with Adam in mixed precision")
weights_trained = data("memory.weights_trained", r"S_{\mathrm{w}}", "weights of the model on one replica")
gradients_trained = data("memory.gradients_trained", r"S_{\mathrm{g}}", "gradients of the model on one replica")
state_trained = data("memory.state_trained", r"S_{\mathrm{opt}}", "optimizer state of the model on one replica")
states = data("memory.states", r"S_{z}", "training states on one replica")
states_whole = data("memory.states_whole", r"S_{0}", "training states that every replica holds whole")
states_first = data("memory.states_first", r"S_{1}", "training states with the optimizer state divided")
states_second = data("memory.states_second", r"S_{2}", "training states with the gradients divided too")
states_third = data("memory.states_third", r"S_{3}", "training states with the weights divided too")
states_mixed = data("memory.states_mixed", r"S_{\mathrm{mix}}", "training states of Adam in mixed precision, whole")

weights_by_stage = given(
    equation(weights_trained, parameters * weight_bytes / Piecewise((replicas, zero >= 3), (1, True))),
    because="the third stage divides the weights over the replicas",
    cite="rajbhandari2020",
)
gradients_by_stage = given(
    equation(gradients_trained, parameters * gradient_bytes / Piecewise((replicas, zero >= 2), (1, True))),
    because="the second stage divides the gradients",
    cite="rajbhandari2020",
)
state_by_stage = given(
    equation(state_trained, parameters * state_bytes / Piecewise((replicas, zero >= 1), (1, True))),
    because="the first stage divides the optimizer state",
    cite="rajbhandari2020",
)
states_together = total(
    weights_by_stage,
    gradients_by_stage,
    state_by_stage,
    result=equation(states, weights_trained + gradients_trained + state_trained),
    because="all three lie in memory at once",
)
zero_law = substitute(
    states_together,
    weights_by_stage,
    gradients_by_stage,
    state_by_stage,
    result=equation(
        states,
        parameters * weight_bytes / Piecewise((replicas, zero >= 3), (1, True))
        + parameters * gradient_bytes / Piecewise((replicas, zero >= 2), (1, True))
        + parameters * state_bytes / Piecewise((replicas, zero >= 1), (1, True)),
    ),
    because="name the three parts",
    cite="rajbhandari2020",
)


def _stage(stage: int, right: object, because: str) -> Step:
    return specialise(zero_law, {zero: stage}, equation(states, right), because=because, cite="rajbhandari2020")


stage_whole = apply(
    _stage(0, parameters * (weight_bytes + gradient_bytes + state_bytes), "without ZeRO nothing is divided"),
    {states: states_whole},
    because="stage 0",
)
stage_first = apply(
    _stage(
        1, parameters * (weight_bytes + gradient_bytes + state_bytes / replicas), "only the optimizer state shrinks"
    ),
    {states: states_first},
    because="stage 1",
)
stage_second = apply(
    _stage(2, parameters * (weight_bytes + (gradient_bytes + state_bytes) / replicas), "only the weights stay whole"),
    {states: states_second},
    because="stage 2",
)
stage_third = apply(
    _stage(3, parameters * (weight_bytes + gradient_bytes + state_bytes) / replicas, "everything shrinks"),
    {states: states_third},
    because="stage 3",
)
mixed_precision = specialise(
    stage_whole,
    {weight_bytes: half_precision, gradient_bytes: half_precision, state_bytes: adam_state},
    equation(states_whole, mixed_adam * parameters),
    because="2 bytes of weight, 2 of gradient and 12 of optimizer state are 16 bytes a parameter",
    cite="rajbhandari2020",
)
sixteen_bytes = apply(mixed_precision, {states_whole: states_mixed}, because="Adam in mixed precision")
