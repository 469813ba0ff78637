"""Reasoning in a plan: when an answer begins that is thought over first, and what a problem takes that is tried often."""

from mlsysim.symbolic.foundations import in_turn, shares
from mlsysim.symbolic.foundations.inputs import one_sample, output_tokens, samples_drawn, solve_rate, thought_tokens
from mlsysim.symbolic.foundations.results import throughput
from mlsysim.symbolic.quantity import (
    TRANSFORMER_BATCH,
    TRANSFORMER_INFERENCE,
    TRANSFORMER_SERVING,
    Quantity,
    ratio,
    time,
)
from mlsysim.symbolic.rules import apply, define, equation, substitute
from mlsysim.symbolic.systems.inference import first_token, next_token
from mlsysim.symbolic.systems.serving.answers import token_latency
from mlsysim.symbolic.walls.algorithm.reasoning import chain, sampling, wall
from mlsysim.symbolic.walls.operations.capital import tokens
from mlsysim.symbolic.walls.operations.capital.bill import cost

time_to_answer = time(
    "performance.time_to_answer",
    r"T_{\mathrm{begin}}",
    "time to the first token of an answer that follows its thoughts",
)
success = ratio(
    "performance.success",
    r"q_N",
    "probability that one of a problem's answers solves it",
    low=0.001,
    more_is_better=True,
)
problem_tokens = Quantity(
    "reasoning.problem_tokens",
    r"n_{\mathrm{prob}}",
    "token/sample",
    "tokens of all answers to a problem",
    low=1,
    high=1e7,
)
problem_rate = Quantity(
    "performance.problem_throughput", r"X_{\mathrm{prob}}", "sample/s", "problems answered per time", low=1e-6, high=1e6,
    more_is_better=True,
)  # fmt: skip
problem_cost = Quantity(
    "macro.cost_per_solved", r"K_{\mathrm{solve}}", "USD", "cost of a problem that is solved", low=1e-9, high=1e6
)
tries = ratio("reasoning.tries", r"n_{\mathrm{try}}", "problems answered for each that is solved", low=1, high=1e6)
one_problem_cost = Quantity(
    "reasoning.problem_cost", r"k_{\mathrm{prob}}", "USD/sample", "cost of all answers to a problem", low=1e-9, high=1e6
)

thought_in_batch = apply(
    wall.chain_of_means,
    {
        chain.chain_time: time_to_answer,
        chain.first_token: first_token,
        chain.thoughts: 1,
        chain.thought: thought_tokens,
        wall.mean_step: next_token,
    },
    because="the user waits for the thoughts, one token after another, before the answer begins",
    when=TRANSFORMER_BATCH,
)
thought_in_traffic = apply(
    wall.chain_of_means,
    {
        chain.chain_time: time_to_answer,
        chain.first_token: first_token,
        chain.thoughts: 1,
        chain.thought: thought_tokens,
        wall.mean_step: token_latency,
    },
    because="the user waits for the thoughts, one token after another, before the answer begins",
    when=TRANSFORMER_SERVING,
)
one_of_them = apply(
    sampling.success_law,
    {sampling.success: success, sampling.chance: solve_rate, chain.samples: samples_drawn},
    because="the law of sampling",
    when=TRANSFORMER_INFERENCE,
)
all_answers = apply(
    in_turn.law,
    {in_turn.whole: problem_tokens, in_turn.parts: samples_drawn, in_turn.part: output_tokens},
    because="every answer is written in full",
)
answered = apply(
    shares.law,
    {shares.share: problem_rate, shares.shares: problem_tokens, shares.whole: throughput},
    because="tokens come at a rate, and a problem takes so many of them",
)
problems_answered = substitute(
    answered,
    all_answers,
    result=equation(problem_rate, throughput / (samples_drawn * output_tokens)),
    because="name the tokens of a problem",
    when=TRANSFORMER_INFERENCE,
)
cost_of_answers = apply(
    in_turn.law,
    {in_turn.whole: one_problem_cost, in_turn.parts: problem_tokens, in_turn.part: tokens.token_cost},
    because="every token of all its answers is paid",
)
tried = define(equation(tries, 1 / success), because="of so many problems one is solved, on average")
cost_of_solved = apply(
    in_turn.law,
    {in_turn.whole: problem_cost, in_turn.parts: tries * one_sample, in_turn.part: one_problem_cost},
    because="problems that nobody solves are paid too",
)
solved = substitute(
    cost_of_solved,
    tried,
    cost_of_answers,
    all_answers,
    tokens.each_token,
    result=equation(problem_cost, one_sample * samples_drawn * output_tokens * cost / (tokens.useful * success)),
    because="name both",
    when=TRANSFORMER_INFERENCE,
)
