"""What thinking costs: the work of the best of N and of a tree, counted in chains."""

from sympy import oo

from mlsysim.symbolic.foundations.inputs import multiply_add, parameters
from mlsysim.symbolic.quantity import Quantity, ratio
from mlsysim.symbolic.rules import apply, define, equation, given, limit, specialise, substitute
from mlsysim.symbolic.walls.algorithm.reasoning.chain import answer, prompt, samples, thought
from mlsysim.symbolic.walls.algorithm.reasoning.tree import depth, nodes


def _work(name: str, latex: str, meaning: str) -> Quantity:
    return Quantity(f"reasoning.{name}", latex, "flop", meaning, display="TFLOP", low=1, high=1e24)


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
