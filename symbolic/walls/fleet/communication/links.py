"""Links: what software reaches of them, and which of them neighbours meet, those of a node or the network."""

from sympy import Piecewise, ceiling

from mlsysim.symbolic.foundations import dealing, shares
from mlsysim.symbolic.foundations.inputs import link_bandwidth, link_efficiency, net_bandwidth, node_size
from mlsysim.symbolic.foundations.results import rate_of
from mlsysim.symbolic.quantity import ALL, Quantity, count
from mlsysim.symbolic.rules import apply, equation, given, rewrite, substitute

link_rate = rate_of("link_rate", r"BW_{\mathrm{l}}", "bandwidth reached inside a node")
net_rate = rate_of("net_rate", r"BW_{\mathrm{n}}", "bandwidth reached between nodes")
rate_inside = apply(
    shares.reached_law,
    {shares.reached: link_rate, shares.capability: link_bandwidth, shares.efficiency: link_efficiency},
    because="software reaches a fraction of it",
    when=ALL,
)
rate_outside = apply(
    shares.reached_law,
    {shares.reached: net_rate, shares.capability: net_bandwidth, shares.efficiency: link_efficiency},
    because="software reaches a fraction of it",
    when=ALL,
)

# Neighbours are numbered one after another, and nodes are filled in that order.
extent = count("communication.extent", r"n_{\mathrm{ext}}", "accelerators over which neighbours extend", high=512)
spanned = count("communication.spanned", r"j_{\mathrm{ext}}", "nodes that these accelerators fill", high=512)
within = Quantity("communication.within", r"x_{\mathrm{in}}", "1", "what a message meets inside a node")
beyond = Quantity("communication.beyond", r"x_{\mathrm{net}}", "1", "what it meets between nodes")
met = Quantity("communication.met", r"x_{\mathrm{met}}", "1", "what messages of these neighbours meet, at worst")

nodes_filled = apply(
    dealing.boxes_law,
    {dealing.boxes: spanned, dealing.everything: extent, dealing.takers: node_size},
    because="nodes are filled one after another",
)
worst_met = given(
    equation(met, Piecewise((within, spanned <= 1), (beyond, True))),
    because="neighbours in several nodes wait for the network, which is the slower",
    cite="narayanan2021",
)
met_by_extent = substitute(
    worst_met,
    nodes_filled,
    result=equation(met, Piecewise((within, ceiling(extent / node_size) <= 1), (beyond, True))),
    because="count the nodes",
)
nearest_law = rewrite(
    met_by_extent,
    equation(met, Piecewise((within, extent <= node_size), (beyond, True))),
    because="one node is enough where all of them fit into it",
)
