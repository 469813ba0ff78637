"""Reasoning: better answers for more tokens, one after another, side by side or as a tree.

Every token of thought waits for the one before it and lengthens the context of those after; samples side by side share
the weights but not the context, and the best of many is only slowly better.
"""

from mlsysim.symbolic.foundations.inputs import one_token
from mlsysim.symbolic.quantity import time
from mlsysim.symbolic.rules import define, equation, solve, substitute
from mlsysim.symbolic.wall import Wall
from mlsysim.symbolic.walls.algorithm.reasoning import chain, cost, larger_model, sampling, side_by_side, tree
from mlsysim.symbolic.walls.algorithm.reasoning.chain import (
    chain_time,
    each,
    first_token,
    growth,
    once,
    prompt,
    thought,
    thoughts,
)

# A chain is remembered by the mean of its steps.
mean_step = time(
    "reasoning.mean_step", r"\mathrm{ITL}_{\mathrm{mean}}", "time of a decode step, on average over a chain"
)
average = define(
    equation(mean_step, (chain_time - first_token) * one_token / (thoughts * thought)),
    because="what is not the first token is shared out among the steps",
)
mean_law = substitute(
    average,
    chain.chain_law,
    result=equation(mean_step, once + each + growth * (prompt + (thoughts * thought + one_token) / 2)),
    because="the first token cancels",
)
chain_of_means = solve(
    average,
    chain_time,
    equation(chain_time, first_token + thoughts * thought / one_token * mean_step),
    because="the form in which a chain is remembered",
)

wall = Wall(
    number=12,
    name="reasoning",
    domain="algorithm",
    core=(
        chain_of_means,
        chain.answer_of_thoughts,
        chain.batch_law,
        chain.chain_law,
        mean_law,
        side_by_side.memory_of_step,
        side_by_side.compute_of_step,
        side_by_side.memory_chains_law,
        side_by_side.compute_chains_law,
        side_by_side.parallel_law,
        tree.nodes_law,
        tree.depths_law,
        tree.tree_law,
        cost.chain_cost,
        cost.best_of,
        cost.tree_of,
        cost.best_cost_law,
        cost.long_chains,
        cost.as_many_chains,
        cost.tree_cost_law,
        sampling.success_law,
        sampling.needed_law,
        sampling.rank_law,
        sampling.bound_law,
        larger_model.multiplier_law,
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
