"""A tree: every node thinks, then branches, and a level waits for the one above it."""

from sympy import Eq, Piecewise, Sum, Symbol

from mlsysim.symbolic.foundations.inputs import one_token
from mlsysim.symbolic.quantity import count, time
from mlsysim.symbolic.rules import apply, define, equation, given, rewrite, solve, substitute, summed
from mlsysim.symbolic.walls.algorithm.reasoning import chain
from mlsysim.symbolic.walls.algorithm.reasoning.chain import (
    batch_time,
    each,
    first_token,
    growth,
    once,
    prompt,
    samples,
    steps,
    thought,
)

level = Symbol("l", integer=True, positive=True)

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
    chain.closed,
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
