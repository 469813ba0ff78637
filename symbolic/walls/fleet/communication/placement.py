"""Placement: nodes are filled with the ranks of a group as far as they reach, and the group takes as many nodes as it needs."""

from sympy import Max, Min, floor

from mlsysim.symbolic.foundations import dealing
from mlsysim.symbolic.foundations.inputs import node_size
from mlsysim.symbolic.quantity import count
from mlsysim.symbolic.rules import apply, equation, given, specialise, substitute

members = count("communication.members", r"n_{\mathrm{grp}}", "ranks of a group", high=512)
stride = count("communication.stride", r"\Delta_{\mathrm{grp}}", "accelerators from a rank of the group to the next")
fitting = count("communication.fitting", r"n_{\mathrm{fit}}", "ranks of a group that a node has room for", low=0)
inside = count("communication.inside", r"n_{\mathrm{grp,in}}", "ranks of a group in one node")
outside = count("communication.outside", r"n_{\mathrm{grp,net}}", "nodes over which a group is spread", high=512)

room = apply(
    dealing.whole_shares,
    {dealing.each: fitting, dealing.everything: node_size, dealing.takers: stride},
    because="one rank in every so many accelerators belongs to the group",
)
no_more_than_there_are = given(
    equation(inside, Min(members, Max(1, fitting))),
    because="a group fills a node before it begins another, and a node holds one of its ranks at least",
    cite="narayanan2021",
)
inside_law = substitute(
    no_more_than_there_are,
    room,
    result=equation(inside, Min(members, Max(1, floor(node_size / stride)))),
    because="name the room",
)
neighbours_law = specialise(
    inside_law,
    {stride: 1},
    equation(inside, Min(members, node_size)),
    because="a group of neighbours fills nodes alone",
)
outside_law = apply(
    dealing.boxes_law,
    {dealing.boxes: outside, dealing.everything: members, dealing.takers: inside},
    because="every node takes so many of the group",
)
