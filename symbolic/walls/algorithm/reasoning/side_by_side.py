"""Chains side by side: they share the reading of the weights until the arithmetic is full."""

from sympy import Max

from mlsysim.symbolic.foundations.inputs import (
    bandwidth,
    efficiency,
    layers,
    memory_efficiency,
    multiply_add,
    one_token,
    parameters,
    peak,
)
from mlsysim.symbolic.foundations.results import weights
from mlsysim.symbolic.quantity import Quantity, time
from mlsysim.symbolic.rules import apply, bottleneck, equation, given, rewrite, substitute
from mlsysim.symbolic.walls.algorithm.reasoning import chain
from mlsysim.symbolic.walls.algorithm.reasoning.chain import (
    batch_time,
    context,
    each,
    first_token,
    growth,
    once,
    prompt,
    samples,
    thought,
    thoughts,
)
from mlsysim.symbolic.walls.node.batching.cache import token_cache
from mlsysim.symbolic.walls.node.compute import wall as compute
from mlsysim.symbolic.walls.node.compute.wall import attention_pair, compute_time, token_work, work
from mlsysim.symbolic.walls.node.memory import wall as memory
from mlsysim.symbolic.walls.node.memory.wall import memory_time, moved

step_moved = Quantity("reasoning.step_moved", r"D_N", "byte", "data that a decode step moves", display="GB", low=1)
step_work = Quantity("reasoning.step_work", r"O_N", "flop", "work of a decode step", display="TFLOP", low=1, high=1e24)
step_memory = time("reasoning.step_memory", r"\mathrm{ITL}_{BW}", "least time of the data of a step")
step_compute = time("reasoning.step_compute", r"\mathrm{ITL}_{F}", "least time of the work of a step")
work_of_token = Quantity(
    "reasoning.token_work",
    r"o_P",
    "flop/token",
    "products of a token with the weights",
    display="GFLOP/token",
    high=1e13,
)
chains_memory = time("reasoning.memory_time", r"T_{N,BW}", "time of N chains that wait for data", display="s")
chains_compute = time("reasoning.compute_time", r"T_{N,F}", "time of N chains that wait for arithmetic", display="s")
parallel_time = time("reasoning.parallel_time", r"T_{\mathrm{best}}", "time of the best of N", display="s")

data_of_step = given(
    equation(step_moved, weights + samples * (token_cache * context)),
    because="a step reads the weights once and the cache of every sequence",
    cite="pope2022",
)
memory_law = apply(memory.law, {moved: step_moved, memory_time: step_memory}, because="the law of bandwidth")
memory_of_step = substitute(
    memory_law,
    data_of_step,
    result=equation(
        step_memory,
        weights / (bandwidth * memory_efficiency) + samples * (token_cache / (bandwidth * memory_efficiency) * context),
    ),
    because="name the data",
)
memory_chains = apply(
    chain.batch_law,
    {
        batch_time: chains_memory,
        once: weights / (bandwidth * memory_efficiency),
        each: 0,
        growth: token_cache / (bandwidth * memory_efficiency),
    },
    because="a step that waits for data has this form",
)
memory_chains_law = rewrite(
    memory_chains,
    equation(
        chains_memory,
        first_token
        + thoughts
        * thought
        / one_token
        * (weights + samples * token_cache * (prompt + (thoughts * thought + one_token) / 2))
        / (bandwidth * memory_efficiency),
    ),
    because="the weights are shared, the caches are not",
)
token_products = apply(
    compute.per_token, {token_work: work_of_token, compute.weights: parameters}, because="a token meets every parameter"
)
work_of_step = given(
    equation(step_work, samples * one_token * (work_of_token + layers * attention_pair * context)),
    because="a token of every sequence meets the weights and attends to its context",
    cite="pope2022",
)
work_named = substitute(
    work_of_step,
    token_products,
    result=equation(step_work, samples * one_token * (multiply_add * parameters + layers * attention_pair * context)),
    because="name the work of a token",
)
compute_law = apply(compute.law, {work: step_work, compute_time: step_compute}, because="the law of compute")
compute_of_step = substitute(
    compute_law,
    work_named,
    result=equation(
        step_compute,
        samples
        * (
            one_token * multiply_add * parameters / (peak * efficiency)
            + one_token * layers * attention_pair / (peak * efficiency) * context
        ),
    ),
    because="name the work",
)
compute_chains = apply(
    chain.batch_law,
    {
        batch_time: chains_compute,
        once: 0,
        each: one_token * multiply_add * parameters / (peak * efficiency),
        growth: one_token * layers * attention_pair / (peak * efficiency),
    },
    because="a step that waits for arithmetic has this form",
)
compute_chains_law = rewrite(
    compute_chains,
    equation(
        chains_compute,
        first_token
        + samples
        * thoughts
        * thought
        * (multiply_add * parameters + layers * attention_pair * (prompt + (thoughts * thought + one_token) / 2))
        / (peak * efficiency),
    ),
    because="nothing is shared",
)
parallel_law = bottleneck(
    memory_chains_law,
    compute_chains_law,
    result=equation(parallel_time, Max(chains_memory, chains_compute)),
    because="side by side, until the arithmetic is full",
    cite="williams2009",
)
