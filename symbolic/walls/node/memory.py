"""Memory: data must fit, and no work is done faster than its data can be moved.

Capacity decides whether a design exists; bandwidth and compute together are the roofline.
"""

from sympy import Eq, Max, Min, Piecewise, oo

from mlsysim.symbolic.foundations.inputs import (
    bandwidth,
    capacity,
    chunks,
    context,
    efficiency,
    ffn_width,
    gradient_bytes,
    heads,
    hidden,
    layers,
    mask_bytes,
    memory_efficiency,
    microbatch,
    one_parameter,
    one_sample,
    parameters,
    peak,
    pipeline,
    replicas,
    score_bytes,
    score_mask_bytes,
    sequence,
    sequence_parallel,
    state_bytes,
    tensor,
    value_bytes,
    weight_bytes,
    zero,
)
from mlsysim.symbolic.foundations.results import available, required
from mlsysim.symbolic.quantity import ALL, Quantity, constant, count, data, ratio, time
from mlsysim.symbolic.rules import (
    Step,
    apply,
    bottleneck,
    define,
    equation,
    given,
    limit,
    rewrite,
    solve,
    specialise,
    substitute,
    total,
)
from mlsysim.symbolic.wall import Condition, Wall
from mlsysim.symbolic.walls.node import compute
from mlsysim.symbolic.walls.node.compute import compute_time, work

moved = data("memory.moved", "D", "data moved between memory and the arithmetic units")
memory_time = time("memory.time", r"T_{\mathrm{mem}}", "least time that memory bandwidth allows")
speed = Quantity("memory.speed", "BW", "byte/s", "rate at which data moves", display="GB/s", low=1, high=1e13)
roofline_time = time("memory.roofline", "T", "least time of some work on its data")
intensity = Quantity("memory.intensity", "I", "flop/byte", "work per data moved", low=1e-2, high=1e4)
ridge = Quantity("memory.ridge", r"I^{*}", "flop/byte", "intensity at which compute and memory take equally long")

speed_is_data_per_time = given(
    equation(speed, moved / memory_time), because="a bandwidth is data per time", cite="williams2009"
)
speed_below_peak = given(
    equation(speed, bandwidth * memory_efficiency),
    because="software reaches a fraction of the peak bandwidth",
    cite="williams2009",
)
balance = substitute(
    speed_is_data_per_time,
    speed_below_peak,
    result=equation(bandwidth * memory_efficiency, moved / memory_time),
    because="both describe the same rate",
)
law = solve(
    balance,
    memory_time,
    equation(memory_time, moved / (bandwidth * memory_efficiency)),
    because="the time is what was asked for",
)
roofline = bottleneck(
    compute.law,
    law,
    result=equation(roofline_time, Max(compute_time, memory_time)),
    because="computing and moving run side by side, and the slower decides",
    cite="williams2009",
)
ridge_balance = define(
    equation(ridge * moved / peak, moved / bandwidth),
    because="at the ridge both take equally long, at full efficiency",
    cite="williams2009",
)
ridge_law = solve(ridge_balance, ridge, equation(ridge, peak / bandwidth), because="the data moved cancels")

# The rate that a kernel of a given intensity can reach.
attained = Quantity(
    "memory.attained",
    r"F_{\mathrm{att}}",
    "flop/s",
    "rate that work of an intensity reaches",
    display="TFLOP/s",
    low=1,
    high=1e18,
)

rate_attained = define(equation(attained, work / roofline_time), because="a rate is work per time")
rate_of_both = substitute(
    rate_attained,
    roofline,
    compute.law,
    law,
    result=equation(attained, work / Max(work / (peak * efficiency), moved / (bandwidth * memory_efficiency))),
    because="name both times of the roofline",
)
intensity_is_work_per_data = define(
    equation(intensity, work / moved), because="intensity is work per data moved", cite="williams2009"
)
data_of_intensity = solve(
    intensity_is_work_per_data, moved, equation(moved, work / intensity), because="the data that the work needs"
)
rate_by_intensity = substitute(
    rate_of_both,
    data_of_intensity,
    result=equation(
        attained, work / Max(work / (peak * efficiency), work / intensity / (bandwidth * memory_efficiency))
    ),
    because="name the data moved",
)
attainable = rewrite(
    rate_by_intensity,
    equation(attained, Min(peak * efficiency, intensity * bandwidth * memory_efficiency)),
    because="work over the longer time is the lower rate",
    cite="williams2009",
)

# Training states: what every parameter drags along, and how ZeRO divides it over the replicas.
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

# Low-rank adapters: only they carry gradients and optimizer state.
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
    stage_whole, {states_whole: adapter_states, parameters: trained}, because="adapters are trained like any weights"
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
    stage_whole,
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

# Activations of a layer like GPT's: counted by what tensor parallelism leaves whole, what it divides, and the scores.
two_bytes = constant("one.half_value", 2, "byte/token", "bytes of an activation number in half precision")
two_score_bytes = constant("one.half_score", 2, "byte/token/token", "bytes of a score in half precision")
whole_bytes = constant("one.layer_whole", 10, "byte/token", "bytes per width that stay whole")
split_bytes = constant("one.layer_split", 24, "byte/token", "bytes per width that are divided")
layer_bytes = constant("one.layer_kept", 34, "byte/token", "bytes per width of a layer")
pair_bytes = constant("one.layer_pair", 5, "byte/token/token", "bytes per head and pair of tokens")
tokens_here = Quantity("memory.tokens", r"n_{\mathrm{tok}}", "token", "tokens of a microbatch here", low=1, high=1e6)
norm_inputs = Quantity("memory.norm_inputs", r"a_{\mathrm{norm}}", "byte/token", "inputs of two normalisations")
block_inputs = Quantity("memory.block_inputs", r"a_{\mathrm{in}}", "byte/token", "inputs of attention and feed-forward")
masks = Quantity("memory.masks", r"a_{\mathrm{drop}}", "byte/token", "masks of two dropouts")
left_whole = Quantity(
    "memory.left_whole", r"a_{\mathrm{keep}}", "byte/token", "kept per token and left whole by tensor parallelism"
)
mixing = Quantity("memory.mixing", r"a_{\mathrm{attn}}", "byte/token", "queries, keys, values and their mix")
widened = Quantity(
    "memory.widened", r"a_{\mathrm{ff}}", "byte/token", "widened layer before and after its nonlinearity"
)
divided = Quantity(
    "memory.divided", r"a_{\mathrm{div}}", "byte/token", "kept per token and divided by tensor parallelism"
)
pairs = Quantity("memory.pairs", r"a_{\mathrm{pair}}", "byte/token", "attention scores per token")
whole_parts = count(
    "memory.whole_parts", r"t_{\mathrm{keep}}", "ranks that share what tensor parallelism leaves whole", high=8
)
kept = data("memory.kept", r"A_{1}", "activations of a layer and microbatch on one accelerator")
kept_selective = data("memory.kept_selective", r"A_{\mathrm{sel}}", "the same with the scores computed again")
kept_full = data("memory.kept_full", r"A_{\mathrm{inp}}", "the same with all but the input computed again")
kept_tensor = data("memory.kept_tensor", r"A_{t}", "activations of a GPT layer under tensor parallelism")
kept_sequence = data("memory.kept_sequence", r"A_{t\sigma}", "the same with the sequence divided too")
kept_alone = data("memory.kept_alone", r"A_{\mathrm{GPT}}", "activations of a GPT layer on one accelerator")
kept_alone_selective = data(
    "memory.kept_alone_selective", r"A_{\mathrm{GPT,sel}}", "the same with the scores computed again"
)
kept_alone_full = data(
    "memory.kept_alone_full", r"A_{\mathrm{GPT,inp}}", "the same with all but the input computed again"
)

tokens_of_microbatch = define(
    equation(tokens_here, microbatch * sequence / context), because="context parallelism divides the sequence"
)
two_norms = given(
    equation(norm_inputs, 2 * hidden * value_bytes),
    because="each of two normalisations keeps its input",
    cite="korthikanti2022",
)
two_blocks = given(
    equation(block_inputs, 2 * hidden * value_bytes),
    because="attention and feed-forward layer keep theirs",
    cite="korthikanti2022",
)
two_masks = given(
    equation(masks, 2 * hidden * mask_bytes), because="each of two dropouts keeps a mask", cite="korthikanti2022"
)
kept_whole = total(
    two_norms,
    two_blocks,
    two_masks,
    result=equation(left_whole, norm_inputs + block_inputs + masks),
    because="tensor parallelism divides none of these",
    cite="korthikanti2022",
)
whole_count = substitute(
    kept_whole,
    two_norms,
    two_blocks,
    two_masks,
    result=equation(left_whole, 4 * hidden * value_bytes + 2 * hidden * mask_bytes),
    because="name the parts",
)
attention_inputs = given(
    equation(mixing, 4 * hidden * value_bytes),
    because="queries, keys, values and what the output matrix takes",
    cite="korthikanti2022",
)
widened_twice = given(
    equation(widened, 2 * ffn_width * value_bytes),
    because="the nonlinearity and the matrix after it keep their inputs",
    cite="korthikanti2022",
)
kept_divided = total(
    attention_inputs,
    widened_twice,
    result=equation(divided, mixing + widened),
    because="tensor parallelism divides heads and columns",
    cite="korthikanti2022",
)
divided_count = substitute(
    kept_divided,
    attention_inputs,
    widened_twice,
    result=equation(divided, 4 * hidden * value_bytes + 2 * ffn_width * value_bytes),
    because="name the parts",
)
pair_count = given(
    equation(pairs, heads * sequence * one_sample * (2 * score_bytes + score_mask_bytes)),
    because="for every head and pair of tokens the softmax, its dropout mask and what is left of it",
    cite="korthikanti2022",
)
sharing = define(
    equation(whole_parts, Piecewise((tensor, Eq(sequence_parallel, 1)), (1, True))),
    because="sequence parallelism divides what tensor parallelism leaves whole",
    cite="korthikanti2022",
)
layer_kept = define(
    equation(kept, tokens_here * (left_whole / whole_parts + (divided + pairs) / tensor)),
    because="every token keeps its inputs, its products and its scores, each on its ranks",
    cite="korthikanti2022",
)
layer_count = substitute(
    layer_kept,
    tokens_of_microbatch,
    whole_count,
    divided_count,
    pair_count,
    sharing,
    result=equation(
        kept,
        microbatch
        * sequence
        / context
        * (
            (4 * hidden * value_bytes + 2 * hidden * mask_bytes)
            / Piecewise((tensor, Eq(sequence_parallel, 1)), (1, True))
            + (
                4 * hidden * value_bytes
                + 2 * ffn_width * value_bytes
                + heads * sequence * one_sample * (2 * score_bytes + score_mask_bytes)
            )
            / tensor
        ),
    ),
    because="name the parts",
    cite="korthikanti2022",
)
selective = define(
    equation(kept_selective, kept - tokens_here * pairs / tensor),
    because="selective recomputation computes the scores again",
    cite="korthikanti2022",
)
full_recompute = define(
    equation(kept_full, tokens_here * hidden * value_bytes),
    because="full recomputation keeps only the input of a layer",
    cite="korthikanti2022",
)
GPT = {value_bytes: two_bytes, score_bytes: two_score_bytes, ffn_width: 4 * hidden, context: 1}
layer_tensor = apply(
    specialise(
        layer_count,
        {**GPT, sequence_parallel: 0},
        equation(
            kept,
            microbatch
            * sequence
            * hidden
            * (whole_bytes + split_bytes / tensor + pair_bytes * heads * sequence * one_sample / (hidden * tensor)),
        ),
        because="two bytes a number and a feed-forward layer four times as wide",
        cite="korthikanti2022",
    ),
    {kept: kept_tensor},
    because="tensor parallelism alone",
)
layer_sequence = apply(
    specialise(
        layer_count,
        {**GPT, sequence_parallel: 1},
        equation(
            kept,
            microbatch
            * sequence
            * hidden
            / tensor
            * (layer_bytes + pair_bytes * heads * sequence * one_sample / hidden),
        ),
        because="with the sequence divided, everything is",
        cite="korthikanti2022",
    ),
    {kept: kept_sequence},
    because="tensor and sequence parallelism",
)
layer_alone = apply(
    specialise(
        layer_tensor,
        {tensor: 1},
        equation(
            kept_tensor,
            microbatch * sequence * hidden * (layer_bytes + pair_bytes * heads * sequence * one_sample / hidden),
        ),
        because="on one accelerator nothing is divided",
        cite="korthikanti2022",
    ),
    {kept_tensor: kept_alone},
    because="one accelerator",
)
selective_count = substitute(
    selective,
    layer_count,
    tokens_of_microbatch,
    pair_count,
    result=equation(
        kept_selective,
        microbatch
        * sequence
        / context
        * (
            (4 * hidden * value_bytes + 2 * hidden * mask_bytes)
            / Piecewise((tensor, Eq(sequence_parallel, 1)), (1, True))
            + (4 * hidden * value_bytes + 2 * ffn_width * value_bytes) / tensor
        ),
    ),
    because="without the scores",
)
selective_alone = apply(
    specialise(
        selective_count,
        {**GPT, sequence_parallel: 0, tensor: 1},
        equation(kept_selective, layer_bytes * microbatch * sequence * hidden),
        because="the scores were all that grew with the square of the sequence",
        cite="korthikanti2022",
    ),
    {kept_selective: kept_alone_selective},
    because="one accelerator",
)
full_count = substitute(
    full_recompute,
    tokens_of_microbatch,
    result=equation(kept_full, microbatch * sequence / context * hidden * value_bytes),
    because="name the tokens",
)
full_alone = apply(
    specialise(
        full_count,
        {value_bytes: two_bytes, context: 1},
        equation(kept_full, two_bytes * microbatch * sequence * hidden),
        because="two bytes a number",
        cite="korthikanti2022",
    ),
    {kept_full: kept_alone_full},
    because="one accelerator",
)

# How many layers' activations the first stage of a pipeline holds at once.
flying = count("memory.flying", r"n_{\mathrm{fly}}", "chunks whose activations the first stage holds", high=128)
chunk_layers = Quantity("memory.chunk_layers", r"\ell_{v}", "1", "layers of a chunk", low=1, high=128)
layers_held = Quantity("memory.layers_held", r"L_{\mathrm{fly}}", "1", "layers whose activations it holds", low=1)
layers_plain = Quantity("memory.layers_plain", r"L_{\mathrm{1F1B}}", "1", "the same without interleaving", low=1)
layers_interleaved = Quantity("memory.layers_interleaved", r"L_{v}", "1", "the same with interleaving", low=1)
interleaving = ratio("memory.interleaving", r"\phi_{v}", "memory that interleaving takes, per that without it", high=2)

chunk_size = define(equation(chunk_layers, layers / (pipeline * chunks)), because="stages and chunks share the layers")
held_chunks = define(equation(layers_held, flying * chunk_layers), because="each holds its layers")
held_layers = substitute(
    held_chunks,
    chunk_size,
    result=equation(layers_held, flying * layers / (pipeline * chunks)),
    because="name the layers of a chunk",
)
plain_flight = given(
    equation(flying, pipeline),
    because="the first stage starts p microbatches before the first one comes back",
    cite="narayanan2021",
)
plain_layers = apply(
    specialise(
        substitute(
            held_layers,
            plain_flight,
            result=equation(layers_held, pipeline * layers / (pipeline * chunks)),
            because="one forward, one backward",
        ),
        {chunks: 1},
        equation(layers_held, layers),
        because="p microbatches of a p-th of the layers are all of them",
        cite="korthikanti2022",
    ),
    {layers_held: layers_plain},
    because="without interleaving",
)
interleaved_flight = given(
    equation(flying, 2 * (pipeline - 1) + (chunks - 1) * pipeline + 1),
    because="with v chunks it warms up over all but the last round, two more for every stage behind it, and starts one",
    cite="narayanan2021",
)
interleaved_layers = substitute(
    held_layers,
    interleaved_flight,
    result=equation(layers_held, (2 * (pipeline - 1) + (chunks - 1) * pipeline + 1) * layers / (pipeline * chunks)),
    because="interleaved",
)
interleaved_held = apply(
    rewrite(
        interleaved_layers,
        equation(layers_held, layers * (1 + (pipeline - 1) / (pipeline * chunks))),
        because="p v + p - 1 chunks",
        cite="korthikanti2022",
    ),
    {layers_held: layers_interleaved},
    because="with interleaving",
)
interleaved_ratio = define(
    equation(interleaving, layers_interleaved / layers_plain), because="interleaving against none"
)
interleaved_factor = substitute(
    interleaved_ratio,
    interleaved_held,
    plain_layers,
    result=equation(interleaving, 1 + (pipeline - 1) / (pipeline * chunks)),
    because="the layers cancel",
    cite="korthikanti2022",
)
interleaving_vanishes = limit(
    interleaved_factor, chunks, oo, equation(interleaving, 1), because="the smaller the chunks, the less it costs"
)

# Capacity.
there = define(equation(available, capacity), because="memory as the vendor prints it", when=ALL)
fits = Condition("memory", required, available, "OOM: requires {needed} but only has {available}")

wall = Wall(
    number=2,
    name="memory",
    domain="node",
    core=(
        law,
        roofline,
        ridge_law,
        attainable,
        zero_law,
        stage_whole,
        stage_first,
        stage_second,
        stage_third,
        sixteen_bytes,
        lora_parameters,
        lora_law,
        lora_share_by_size,
        lora_floor,
        layer_count,
        layer_tensor,
        layer_sequence,
        layer_alone,
        selective_alone,
        full_alone,
        plain_layers,
        interleaved_held,
        interleaved_factor,
    ),
    binds="the data does not fit, or moving it takes longer than computing on it",
    assumptions=(
        "memory is used without fragmentation",
        "computing and moving data overlap perfectly",
        "enough microbatches fill a pipeline, and interleaving means at least two chunks",
    ),
    validity="work whose data is moved once; caches are not modelled",
)
