"""Matrices: a matrix has a weight for every pair of an input and an output, a vector one for every entry."""

from typing import Any

from mlsysim.symbolic.foundations import in_turn
from mlsysim.symbolic.foundations.inputs import one_parameter
from mlsysim.symbolic.quantity import Quantity, count
from mlsysim.symbolic.rules import apply, equation, substitute
from mlsysim.symbolic.step import NOWHERE, Step

entries = count("matrices.entries", r"n_{\mathrm{entry}}", "entries of a vector", high=131072)
inputs = count("matrices.inputs", r"n_{\mathrm{col}}", "inputs of a matrix", high=131072)
outputs = count("matrices.outputs", r"n_{\mathrm{row}}", "outputs of a matrix", high=131072)
vector = Quantity("matrices.vector", r"p_{\mathrm{vec}}", "param", "parameters of a vector", low=1, high=1e12)
row = Quantity("matrices.row", r"p_{\mathrm{row}}", "param", "weights of a row of a matrix", low=1, high=1e12)
matrix = Quantity("matrices.matrix", r"p_{\mathrm{mat}}", "param", "weights of a matrix", low=1, high=1e12)

vector_law = apply(
    in_turn.law,
    {in_turn.whole: vector, in_turn.parts: entries, in_turn.part: one_parameter},
    because="every entry is a parameter",
)
weights_of_a_row = apply(
    vector_law, {vector: row, entries: inputs}, because="an output weighs every input, along one row"
)
rows = apply(
    in_turn.law,
    {in_turn.whole: matrix, in_turn.parts: outputs, in_turn.part: row},
    because="there is a row for every output",
)
law = substitute(
    rows,
    weights_of_a_row,
    result=equation(matrix, outputs * inputs * one_parameter),
    because="name the weights of a row",
)


def matrix_of(
    size: Quantity, takes: Any, gives: Any, because: str, cite: str = "", when: frozenset[str] = NOWHERE
) -> Step:
    """The weights of a matrix that takes vectors of one width and gives vectors of another."""
    return apply(law, {matrix: size, inputs: takes, outputs: gives}, because=because, cite=cite, when=when)


def vector_of(size: Quantity, width: Any, because: str, cite: str = "", when: frozenset[str] = NOWHERE) -> Step:
    """The parameters of a vector of some width, such as a bias."""
    return apply(vector_law, {vector: size, entries: width}, because=because, cite=cite, when=when)


def several_of(all_of_them: Quantity, times: Any, one: Quantity, because: str) -> Step:
    """The parameters of several parts that are alike."""
    reading = {in_turn.whole: all_of_them, in_turn.parts: times, in_turn.part: one}
    return apply(in_turn.law, reading, because=because)
