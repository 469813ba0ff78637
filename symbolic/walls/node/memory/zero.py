"""ZeRO: what every trained parameter drags along, and how it is divided over the accelerators that hold the same weights."""

from sympy import Expr, Piecewise

from mlsysim.symbolic.foundations import in_turn, shares, split
from mlsysim.symbolic.foundations.inputs import (
    context,
    gradient_bytes,
    offload_optimizer,
    parameters,
    replicas,
    state_bytes,
    weight_bytes,
    zero,
)
from mlsysim.symbolic.foundations.split import group
from mlsysim.symbolic.quantity import TRAINING, Quantity, constant, count, data, flag
from mlsysim.symbolic.rules import apply, equation, given, specialise, substitute, total
from mlsysim.symbolic.step import Step

half_precision = constant("one.half_precision", 2, "byte/param", "bytes of a parameter in half precision")
adam_state = constant("one.adam_state", 12, "byte/param", "a single-precision copy, momentum and variance")
mixed_adam = constant("one.mixed_adam", 16, "byte/param", "bytes of a parameter trained with Adam in mixed precision")
turn = count("memory.turn", r"i_{\zeta}", "turn of a training state in the order in which ZeRO divides them", high=3)
parts = count("memory.parts", r"\zeta", "parts that a training state is in")
weight_parts = count("memory.weight_parts", r"\zeta_{\mathrm{w}}", "parts the weights are in")
gradient_parts = count("memory.gradient_parts", r"\zeta_{\mathrm{g}}", "parts the gradients are in")
state_parts = count("memory.state_parts", r"\zeta_{\mathrm{opt}}", "parts the optimizer state is in")
gradient_stays = flag("memory.gradient_stays", r"\iota_{\mathrm{g}}", "whether gradients stay on the accelerator")
state_stays = flag("memory.state_stays", r"\iota_{\mathrm{opt}}", "whether the optimizer state does")


def _bytes(name: str, latex: str, meaning: str) -> Quantity:
    return Quantity(f"memory.{name}", latex, "byte/param", meaning, high=16)


weight_share = _bytes("weight_share", r"\beta_{\mathrm{w}}", "a rank's share of the bytes of a weight")
gradient_share = _bytes("gradient_share", r"\beta_{\mathrm{g}}", "a rank's share of the bytes of a gradient")
state_share = _bytes("state_share", r"\beta_{\mathrm{opt}}", "a rank's share of the optimizer state of a parameter")
parameter_bytes = _bytes("parameter_bytes", r"\beta", "bytes that a parameter takes on each of its ranks")
states = data("memory.states", r"S_{z}", "training states on one replica")
states_whole = data("memory.states_whole", r"S_{0}", "training states that every replica holds whole")
states_first = data("memory.states_first", r"S_{1}", "training states with the optimizer state divided")
states_second = data("memory.states_second", r"S_{2}", "training states with the gradients divided too")
states_third = data("memory.states_third", r"S_{3}", "training states with the weights divided too")
states_mixed = data("memory.states_mixed", r"S_{\mathrm{mix}}", "training states of Adam in mixed precision, whole")

# One more training state is divided at each stage.
in_turn_divided = given(
    equation(parts, Piecewise((group, zero >= turn), (1, True))),
    because="each stage divides one more of three training states over the ranks that hold the same weights",
    cite="rajbhandari2020",
)


def _turn(place: int, divided: Quantity, because: str) -> Step:
    """The parts of the training state whose turn it is."""
    result = equation(parts, Piecewise((group, zero >= place), (1, True)))
    in_its_turn = specialise(in_turn_divided, {turn: place}, result, because=because, cite="rajbhandari2020")
    return apply(in_its_turn, {parts: divided}, because="call them its parts", when=TRAINING)


state_divided = _turn(1, state_parts, "the optimizer state, which no pass needs, is first")
gradients_divided = _turn(2, gradient_parts, "the gradients are second")
weights_divided = _turn(3, weight_parts, "the weights, which every pass needs whole, are last")

# What lies here of a parameter: a share of each state, unless the host holds it.
host_updates = given(
    equation(state_stays, 1 - offload_optimizer),
    because="a host that updates the weights holds the optimizer state",
    cite="ren2021",
)
host_sums = given(
    equation(gradient_stays, 1 - offload_optimizer * Piecewise((1, zero >= 2), (0, True))),
    because="divided gradients go to such a host as soon as they are summed",
    cite="ren2021",
)


def _share(share: Quantity, whole: Expr, shared: Quantity, because: str) -> Step:
    """A rank's share of some bytes."""
    return apply(
        shares.law,
        {shares.share: share, shares.whole: whole, shares.shares: shared},
        because=because,
        cite="rajbhandari2020",
    )


share_of_weight = _share(weight_share, weight_bytes, weight_parts, "the parts of a state are equal")
share_of_gradient = _share(gradient_share, gradient_stays * gradient_bytes, gradient_parts, "of what stays here")
share_of_state = _share(state_share, state_stays * state_bytes, state_parts, "of what stays here")
shares_together = total(
    share_of_weight,
    share_of_gradient,
    share_of_state,
    result=equation(parameter_bytes, weight_share + gradient_share + state_share),
    because="all three lie in memory at once",
)
bytes_law = substitute(
    shares_together,
    share_of_weight,
    share_of_gradient,
    share_of_state,
    host_sums,
    host_updates,
    result=equation(
        parameter_bytes,
        weight_bytes / weight_parts
        + (1 - offload_optimizer * Piecewise((1, zero >= 2), (0, True))) * gradient_bytes / gradient_parts
        + (1 - offload_optimizer) * state_bytes / state_parts,
    ),
    because="name the shares",
    cite="rajbhandari2020,ren2021",
)

# The published law: a whole model on replicas alone, without a host.
bytes_without_host = specialise(
    bytes_law,
    {offload_optimizer: 0},
    equation(
        parameter_bytes, weight_bytes / weight_parts + gradient_bytes / gradient_parts + state_bytes / state_parts
    ),
    because="everything stays",
)
replicas_alone = specialise(
    split.same_weights, {context: 1}, equation(group, replicas), because="without context parallelism"
)
of_every_parameter = apply(
    in_turn.law,
    {in_turn.whole: states, in_turn.parts: parameters, in_turn.part: parameter_bytes},
    because="parameters add up",
)
zero_law = substitute(
    of_every_parameter,
    bytes_without_host,
    weights_divided,
    gradients_divided,
    state_divided,
    replicas_alone,
    result=equation(
        states,
        parameters * weight_bytes / Piecewise((replicas, zero >= 3), (1, True))
        + parameters * gradient_bytes / Piecewise((replicas, zero >= 2), (1, True))
        + parameters * state_bytes / Piecewise((replicas, zero >= 1), (1, True)),
    ),
    because="name the bytes and the parts",
    cite="rajbhandari2020",
)


def _stage(stage: int, right: Expr, because: str) -> Step:
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
