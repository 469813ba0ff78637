"""Low-rank adapters: only they carry gradients and optimizer state."""

from mlsysim.symbolic.foundations.inputs import gradient_bytes, one_parameter, parameters, state_bytes, weight_bytes
from mlsysim.symbolic.quantity import Quantity, count, data, ratio
from mlsysim.symbolic.rules import apply, define, equation, given, limit, substitute, total
from mlsysim.symbolic.walls.node.memory import zero
from mlsysim.symbolic.walls.node.memory.zero import states_whole

rank = count("memory.rank", r"r_{\mathrm{LoRA}}", "rank of an adapter", high=256)
width_in = count("memory.width_in", r"d_{\mathrm{in}}", "inputs of an adapted matrix", high=65536)
width_out = count("memory.width_out", r"d_{\mathrm{out}}", "outputs of an adapted matrix", high=65536)
adapted = count("memory.adapted", r"n_{\mathrm{LoRA}}", "adapted matrices", high=1024)


def _count(name: str, latex: str, meaning: str) -> Quantity:
    return Quantity(f"memory.{name}", latex, "param", meaning, display="Mparam", low=1, high=1e9)


narrowing = _count("narrowing", r"P_{A}", "parameters of the matrix of an adapter that narrows")
widening = _count("widening", r"P_{B}", "parameters of the matrix of an adapter that widens")
adapter = _count("adapter", r"P_{BA}", "parameters of one adapter")
trained = _count("trained", r"P_{\mathrm{LoRA}}", "parameters that are trained")
frozen_states = data("memory.frozen_states", r"S_{\mathrm{frozen}}", "what the frozen model holds")
adapter_states = data("memory.adapter_states", r"S_{\mathrm{adapt}}", "what the adapters hold")
lora_states = data("memory.lora_states", r"S_{\mathrm{LoRA}}", "training states when only adapters are trained")
lora_share = ratio("memory.lora_share", r"x_{\mathrm{LoRA}}", "training states with adapters per those without")
lora_least = ratio("memory.lora_least", r"x_{\mathrm{LoRA,\min}}", "the same with the smallest adapters")

narrow_matrix = given(
    equation(narrowing, rank * width_in * one_parameter),
    because="one matrix takes the inputs down to the rank",
    cite="hu2021",
)
wide_matrix = given(
    equation(widening, rank * width_out * one_parameter), because="another takes them up to the outputs", cite="hu2021"
)
both_matrices = total(
    narrow_matrix, wide_matrix, result=equation(adapter, narrowing + widening), because="an adapter is their product"
)
adapter_size = substitute(
    both_matrices,
    narrow_matrix,
    wide_matrix,
    result=equation(adapter, rank * (width_in + width_out) * one_parameter),
    because="the rank is common to both",
    cite="hu2021",
)
all_adapters = define(equation(trained, adapted * adapter), because="every adapted matrix has its own")
lora_parameters = substitute(
    all_adapters,
    adapter_size,
    result=equation(trained, adapted * rank * (width_in + width_out) * one_parameter),
    because="name the size of an adapter",
    cite="hu2021",
)
frozen_model = given(
    equation(frozen_states, parameters * weight_bytes),
    because="frozen weights have neither gradients nor optimizer state",
    cite="hu2021",
)
adapters_trained = apply(
    zero.stage_whole,
    {states_whole: adapter_states, parameters: trained},
    because="adapters are trained like any weights",
)
lora_together = total(
    frozen_model,
    adapters_trained,
    result=equation(lora_states, frozen_states + adapter_states),
    because="both lie in memory",
)
lora_law = substitute(
    lora_together,
    frozen_model,
    adapters_trained,
    result=equation(lora_states, parameters * weight_bytes + trained * (weight_bytes + gradient_bytes + state_bytes)),
    because="name both parts",
    cite="hu2021",
)
lora_against_all = define(equation(lora_share, lora_states / states_whole), because="against training every parameter")
lora_share_by_size = substitute(
    lora_against_all,
    lora_law,
    zero.stage_whole,
    result=equation(
        lora_share,
        (parameters * weight_bytes + trained * (weight_bytes + gradient_bytes + state_bytes))
        / (parameters * (weight_bytes + gradient_bytes + state_bytes)),
    ),
    because="name both states",
)
lora_floor = apply(
    limit(
        lora_share_by_size,
        trained,
        0,
        equation(lora_share, weight_bytes / (weight_bytes + gradient_bytes + state_bytes)),
        because="however small the adapters, the frozen weights remain",
    ),
    {lora_share: lora_least},
    because="no adapter takes less",
)
