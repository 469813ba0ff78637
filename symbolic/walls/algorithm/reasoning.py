"""Reasoning: better answers for more tokens, one after another, side by side or as a tree.

Every token of thought waits for the one before it and lengthens the context of those after; samples side by side share
the weights but not the context, and the best of many is only slowly better.
"""

from sympy import Eq, Max, Piecewise, Sum, Symbol, ceiling, log, oo, sqrt

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
from mlsysim.symbolic.quantity import Quantity, count, ratio, time
from mlsysim.symbolic.rules import (
    apply,
    bottleneck,
    define,
    equation,
    given,
    limit,
    rewrite,
    solve,
    specialise,
    stationary,
    substitute,
    summed,
)
from mlsysim.symbolic.wall import Wall
from mlsysim.symbolic.walls.node import compute, memory
from mlsysim.symbolic.walls.node.batching import token_cache
from mlsysim.symbolic.walls.node.compute import attention_pair, compute_time, token_work, work
from mlsysim.symbolic.walls.node.memory import memory_time, moved

index = Symbol("i", integer=True, positive=True)
level = Symbol("l", integer=True, positive=True)


def _tokens(name: str, latex: str, meaning: str, high: float = 1e5) -> Quantity:
    return Quantity(f"reasoning.{name}", latex, "token", meaning, low=1, high=high, integer=True)


def _work(name: str, latex: str, meaning: str) -> Quantity:
    return Quantity(f"reasoning.{name}", latex, "flop", meaning, display="TFLOP", low=1, high=1e24)


# One step of decoding, for several sequences side by side.
prompt = _tokens("prompt", "s", "tokens of the prompt")
context = _tokens("context", "c", "tokens of the context of a sequence")
samples = count("reasoning.samples", "N", "sequences side by side")
once = time("reasoning.once", "t_0", "time of a decode step, however many sequences", low=0)
each = time("reasoning.each", "t_1", "time that a sequence adds to a step", low=0)
growth = Quantity(
    "reasoning.growth", "t_2", "s/token", "time that a token of its context adds", display="us/token", low=0
)
step_time = time("reasoning.step_time", r"\mathrm{ITL}", "time of a decode step")
first_token = time("reasoning.ttft", r"\mathrm{TTFT}", "time to the first token")

step_law = given(
    equation(step_time, once + samples * (each + growth * context)),
    because="weights are read once for all, and every sequence adds its own work and context",
    cite="pope2022",
)
context_at = define(equation(context, prompt + index * one_token), because="the i-th step sees the prompt and i tokens")
step_at = substitute(
    step_law,
    context_at,
    result=equation(step_time, once + samples * (each + growth * (prompt + index * one_token))),
    because="name the context",
)

# A chain of thoughts, and N of them side by side.
thoughts = count("reasoning.thoughts", "K", "thoughts of a chain", high=256)
thought = _tokens("thought", r"\tau", "tokens of a thought", high=1024)
answer = _tokens("answer", "A", "tokens of a chain after the first")
steps = count("reasoning.steps", "g", "decode steps of a chain", high=65536)
batch_time = time("reasoning.batch_time", r"T_N", "time of N chains side by side", display="s")
chain_time = time("reasoning.chain_time", r"T_1", "time of a chain", display="s")
mean_step = time(
    "reasoning.mean_step", r"\mathrm{ITL}_{\mathrm{mean}}", "time of a decode step, on average over a chain"
)

one_after_another = given(
    equation(batch_time, first_token + Sum(step_time, (index, 1, steps))),
    because="a token waits for the one before it",
    cite="pope2022",
)
all_steps = substitute(
    one_after_another,
    step_at,
    result=equation(
        batch_time,
        first_token + Sum(once + samples * (each + growth * (prompt + index * one_token)), (index, 1, steps)),
    ),
    because="name the time of the i-th step",
)
closed = summed(
    all_steps,
    equation(
        batch_time, first_token + steps * (once + samples * (each + growth * (prompt + (steps + 1) * one_token / 2)))
    ),
    because="an arithmetic series",
)
steps_of_answer = define(equation(steps, answer / one_token), because="a step gives a token of every sequence")
answer_of_thoughts = define(equation(answer, thoughts * thought), because="thoughts follow one another")
steps_of_thoughts = substitute(
    steps_of_answer,
    answer_of_thoughts,
    result=equation(steps, thoughts * thought / one_token),
    because="name the tokens of a chain",
)
batch_law = substitute(
    closed,
    steps_of_thoughts,
    result=equation(
        batch_time,
        first_token
        + thoughts
        * thought
        / one_token
        * (once + samples * (each + growth * (prompt + (thoughts * thought + one_token) / 2))),
    ),
    because="count the steps",
)
alone = apply(batch_law, {batch_time: chain_time, samples: 1}, because="a chain is one of one")
chain_law = rewrite(
    alone,
    equation(
        chain_time,
        first_token
        + thoughts * thought / one_token * (once + each + growth * (prompt + (thoughts * thought + one_token) / 2)),
    ),
    because="nobody shares the step",
)
average = define(
    equation(mean_step, (chain_time - first_token) * one_token / (thoughts * thought)),
    because="what is not the first token is shared out among the steps",
)
mean_law = substitute(
    average,
    chain_law,
    result=equation(mean_step, once + each + growth * (prompt + (thoughts * thought + one_token) / 2)),
    because="the first token cancels",
)
chain_of_means = solve(
    average,
    chain_time,
    equation(chain_time, first_token + thoughts * thought / one_token * mean_step),
    because="the form in which a chain is remembered",
)

# What the times of a step are: reading weights and caches, or computing.
step_moved = Quantity("reasoning.step_moved", r"D_N", "byte", "data that a decode step moves", display="GB", low=1)
step_work = _work("step_work", r"O_N", "work of a decode step")
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
    batch_law,
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
    batch_law,
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

# A tree: every node thinks, then branches.
width = count("reasoning.width", "b", "branches of every node", high=8)
depth = count("reasoning.depth", "d", "levels below the prompt", high=8)
nodes = count("reasoning.nodes", r"n_{\mathrm{tree}}", "thoughts in the tree", high=1e8)
depths = count("reasoning.depths", r"m_{\mathrm{tree}}", "levels of all thoughts, added up", high=1e9)
level_time = time("reasoning.level_time", r"T_l", "time of level l")
tree_time = time("reasoning.tree_time", r"T_{\mathrm{tree}}", "time of a tree", display="s")

nodes_named = define(
    equation(Sum(width**level, (level, 1, depth)), nodes),
    because="every level has b times the thoughts of the one above",
)
nodes_law = summed(
    solve(nodes_named, nodes, equation(nodes, Sum(width**level, (level, 1, depth))), because="read from the right"),
    equation(nodes, Piecewise((depth, Eq(width, 1)), (width * (width**depth - 1) / (width - 1), True))),
    because="a geometric series",
    cite="yao2023",
)
depths_named = define(
    equation(Sum(level * width**level, (level, 1, depth)), depths), because="each of them stands at its level"
)
depths_law = summed(
    solve(
        depths_named,
        depths,
        equation(depths, Sum(level * width**level, (level, 1, depth))),
        because="read from the right",
    ),
    equation(
        depths,
        Piecewise(
            (depth * (depth + 1) / 2, Eq(width, 1)),
            (width * (1 - (depth + 1) * width**depth + depth * width ** (depth + 1)) / (width - 1) ** 2, True),
        ),
    ),
    because="the derivative of a geometric series",
)
one_level = apply(
    closed,
    {
        batch_time: level_time,
        first_token: 0,
        steps: thought / one_token,
        samples: width**level,
        prompt: prompt + (level - 1) * thought,
    },
    because="the thoughts of a level are written side by side, below those of the levels above",
)
all_levels = given(
    equation(tree_time, first_token + Sum(level_time, (level, 1, depth))),
    because="a level waits for the one above it",
    cite="yao2023",
)
tree_sum = substitute(
    all_levels,
    one_level,
    result=equation(
        tree_time,
        first_token
        + Sum(
            thought
            / one_token
            * (once + width**level * (each + growth * (prompt + (level - 1) * thought + (thought + one_token) / 2))),
            (level, 1, depth),
        ),
    ),
    because="name the time of a level",
)
tree_split = rewrite(
    tree_sum,
    equation(
        tree_time,
        first_token
        + thought
        / one_token
        * (
            depth * once
            + (each + growth * (prompt - (thought - one_token) / 2)) * Sum(width**level, (level, 1, depth))
            + growth * thought * Sum(level * width**level, (level, 1, depth))
        ),
    ),
    because="gather what is the same in every level",
)
tree_law = substitute(
    tree_split,
    nodes_named,
    depths_named,
    result=equation(
        tree_time,
        first_token
        + thought
        / one_token
        * (depth * once + (each + growth * (prompt - (thought - one_token) / 2)) * nodes + growth * thought * depths),
    ),
    because="name the sums",
)

# What each costs, in work.
verifier = Quantity(
    "reasoning.verifier", r"P_{\mathrm{v}}", "param", "parameters of the verifier", display="Gparam", low=0, high=1e12
)
chain_work = _work("chain_work", r"O_1", "work of a chain")
best_work = _work("best_work", r"O_{\mathrm{best}}", "work of the best of N")
tree_work = _work("tree_work", r"O_{\mathrm{tree}}", "work of a tree")
best_cost = ratio("reasoning.best_cost", r"\kappa_{\mathrm{best}}", "best of N, in chains", low=1, high=1e3)
tree_cost = ratio("reasoning.tree_cost", r"\kappa_{\mathrm{tree}}", "a tree, in chains as deep", low=1, high=1e8)
long_cost = ratio("reasoning.long_cost", r"\kappa_{\mathrm{long}}", "best of N where chains are long", low=1, high=1e3)
plain_cost = ratio("reasoning.plain_cost", r"\kappa_{N}", "the same without a verifier", low=1, high=1e3)

chain_cost = given(
    equation(chain_work, multiply_add * parameters * (prompt + answer)),
    because="every token of the prompt and the chain meets every parameter",
    cite="kaplan2020",
)
best_of = given(
    equation(
        best_work,
        multiply_add * parameters * (prompt + samples * answer) + multiply_add * verifier * samples * (prompt + answer),
    ),
    because="the prompt is read once, N chains are written, and the verifier reads each with its prompt",
    cite="cobbe2021",
)
in_chains = define(equation(best_cost, best_work / chain_work), because="counted in chains")
best_cost_law = substitute(
    in_chains,
    best_of,
    chain_cost,
    result=equation(best_cost, (prompt + samples * answer) / (prompt + answer) + samples * verifier / parameters),
    because="work per token cancels",
)
long_chains = apply(
    limit(
        best_cost_law,
        answer,
        oo,
        equation(best_cost, samples * (1 + verifier / parameters)),
        because="next to a long chain the prompt is nothing",
    ),
    {best_cost: long_cost},
    because="call it the cost of long chains",
)
as_many_chains = apply(
    specialise(
        long_chains, {verifier: 0}, equation(long_cost, samples), because="without a verifier, N chains cost N chains"
    ),
    {long_cost: plain_cost},
    because="call it the plain cost",
    cite="snell2024",
)
tree_of = given(
    equation(tree_work, multiply_add * (parameters + verifier) * (prompt + nodes * thought)),
    because="every thought is written once and read once by the verifier, which keeps what it has read",
    cite="yao2023",
)
in_deep_chains = define(
    equation(tree_cost, tree_work / (multiply_add * parameters * (prompt + depth * thought))),
    because="counted in chains as deep as the tree",
)
tree_cost_law = substitute(
    in_deep_chains,
    tree_of,
    result=equation(tree_cost, (1 + verifier / parameters) * (prompt + nodes * thought) / (prompt + depth * thought)),
    because="work per token cancels",
)

# How good the best of N is.
chance = ratio("reasoning.chance", "p", "probability that one answer is right", low=0.001, high=0.999)
missed = ratio("reasoning.missed", r"x_{\mathrm{miss}}", "probability that all are wrong")
success = ratio("reasoning.success", "q", "probability that one of N is right", low=0.001, high=0.999)
exact = ratio("reasoning.exact", r"N'_q", "the same before rounding", low=0.01, high=1e6)
needed = count("reasoning.needed", r"N_q", "samples for that probability", high=1e6)
rank = ratio("reasoning.rank", "u", "expected share of answers that the best of N beats")
newcomer = ratio("reasoning.newcomer", r"x_{\mathrm{new}}", "probability that another answer is better still")
tilt = ratio("reasoning.tilt", r"\lambda", "any positive number", high=100)
spread = ratio("reasoning.spread", r"\sigma", "standard deviation of a normal score", high=100)
bound = ratio("reasoning.bound", r"\Delta", "most that the best of N is above the mean, on average", high=1e3)

all_wrong = given(equation(missed, (1 - chance) ** samples), because="answers are drawn independently", cite="chen2021")
one_right = define(equation(success, 1 - missed), because="unless all are wrong, one is right")
success_law = substitute(
    one_right, all_wrong, result=equation(success, 1 - (1 - chance) ** samples), because="name the chance of that"
)
enough = solve(
    success_law,
    samples,
    equation(samples, log(1 - success) / log(1 - chance)),
    because="how many it takes for a given chance",
)
enough_named = apply(enough, {samples: exact}, because="it need not be whole")
whole = define(equation(needed, ceiling(exact)), because="samples come whole")
needed_law = substitute(
    whole,
    enough_named,
    result=equation(needed, ceiling(log(1 - success) / log(1 - chance))),
    because="name how many it takes",
)
no_favourite = given(
    equation(newcomer, 1 / (samples + 1)),
    because="of N + 1 equal draws each is as likely as any to be the best",
    cite="david2003",
)
still_better = define(equation(newcomer, 1 - rank), because="another answer is better if the best does not beat it")
same_chance = substitute(
    no_favourite, still_better, result=equation(1 - rank, 1 / (samples + 1)), because="both are the chance of that"
)
rank_law = solve(
    same_chance,
    rank,
    equation(rank, samples / (samples + 1)),
    because="for uniform scores this is the expected best itself",
    cite="david2003",
)
perfect = limit(rank_law, samples, oo, equation(rank, 1), because="the best of ever more comes near the top")
any_tilt = given(
    equation(bound, log(samples) / tilt + tilt * spread**2 / 2),
    because="the mean of the best is below this for every positive number",
    cite="boucheron2013",
)
flat = stationary(
    any_tilt,
    tilt,
    equation(spread**2 / 2 - log(samples) / tilt**2, 0),
    because="the bound is tightest where it stops falling",
)
best_tilt = solve(flat, tilt, equation(tilt, sqrt(2 * log(samples)) / spread), because="only one root is positive")
tightest = substitute(
    any_tilt,
    best_tilt,
    result=equation(
        bound, log(samples) / (sqrt(2 * log(samples)) / spread) + sqrt(2 * log(samples)) / spread * spread**2 / 2
    ),
    because="at the best number",
)
bound_law = rewrite(
    tightest, equation(bound, spread * sqrt(2 * log(samples))), because="ten times the samples add little"
)

# Thinking longer, or a larger model: the same work either way.
larger = ratio("reasoning.larger", "M", "how many times larger the other model is", low=1.1, high=100)
training_tokens = Quantity(
    "reasoning.training_tokens", r"D_{\mathrm{train}}", "token", "tokens the model is trained on", low=1e3, high=1e14
)
serving_tokens = Quantity(
    "reasoning.serving_tokens", r"D_{\mathrm{serve}}", "token", "tokens it generates in its life", low=1e3, high=1e14
)
load = ratio("reasoning.load", "R", "tokens generated per token of training", low=1e-2, high=100)
training_work = _work("training_work", "X", "work of training")
serving_work = _work("serving_work", "Y", "work of generating")
multiplier = ratio("reasoning.multiplier", "x", "times more work in every answer for the same total", high=1e6)

training = given(
    equation(training_work, 3 * multiply_add * parameters * training_tokens),
    because="a forward pass and a backward pass of twice its work",
    cite="kaplan2020",
)
generating = given(
    equation(serving_work, multiply_add * parameters * serving_tokens),
    because="a forward pass for every token",
    cite="kaplan2020",
)
same_total = given(
    equation(larger * (training_work + serving_work), training_work + multiplier * serving_work),
    because="a larger model costs more in both; the small one may think for the difference",
    cite="snell2024",
)
in_tokens = substitute(
    same_total,
    training,
    generating,
    result=equation(
        larger * (3 * multiply_add * parameters * training_tokens + multiply_add * parameters * serving_tokens),
        3 * multiply_add * parameters * training_tokens + multiplier * (multiply_add * parameters * serving_tokens),
    ),
    because="name the work",
)
exchange = solve(
    in_tokens,
    multiplier,
    equation(multiplier, larger + 3 * (larger - 1) * training_tokens / serving_tokens),
    because="the size of the model cancels",
    cite="snell2024",
)
tokens_of_load = define(equation(serving_tokens, load * training_tokens), because="counted per token of training")
multiplier_law = substitute(
    exchange,
    tokens_of_load,
    result=equation(multiplier, larger + 3 * (larger - 1) / load),
    because="the tokens of training cancel",
    cite="snell2024",
)

wall = Wall(
    number=12,
    name="reasoning",
    domain="algorithm",
    core=(
        chain_of_means,
        answer_of_thoughts,
        batch_law,
        chain_law,
        mean_law,
        memory_of_step,
        compute_of_step,
        memory_chains_law,
        compute_chains_law,
        parallel_law,
        nodes_law,
        depths_law,
        tree_law,
        chain_cost,
        best_of,
        tree_of,
        best_cost_law,
        long_chains,
        as_many_chains,
        tree_cost_law,
        success_law,
        needed_law,
        rank_law,
        bound_law,
        multiplier_law,
    ),
    binds="a better answer needs more tokens than there is time or money for",
    assumptions=(
        "the branch of the roofline does not change while a chain grows",
        "answers are independent and the verifier, where one is counted on, picks the best",
        "the prompt is computed once and its keys and values are kept",
        "a tree is complete: every thought branches, none is cut",
        "costs in work count the products with the weights; attention is small next to them",
    ),
    validity="one problem at a time: over many, the chance of success is averaged after the law, not before",
)
