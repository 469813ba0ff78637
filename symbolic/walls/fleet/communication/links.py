"""Links: ranks that fit in a node talk over its links, others over the network."""

from sympy import Piecewise

from mlsysim.symbolic.foundations.inputs import link_bandwidth, link_efficiency, net_bandwidth, node_size
from mlsysim.symbolic.foundations.results import rate_of
from mlsysim.symbolic.quantity import ALL, Quantity
from mlsysim.symbolic.rules import define, equation

link_rate = rate_of("link_rate", r"BW_{\mathrm{l}}", "bandwidth reached inside a node")
net_rate = rate_of("net_rate", r"BW_{\mathrm{n}}", "bandwidth reached between nodes")
rate_inside = define(
    equation(link_rate, link_bandwidth * link_efficiency), because="software reaches a fraction of it", when=ALL
)
rate_outside = define(
    equation(net_rate, net_bandwidth * link_efficiency), because="software reaches a fraction of it", when=ALL
)


def nearest(reach: object, inside: Quantity, outside: Quantity) -> Piecewise:
    """The link that neighbours at a distance of ``reach`` accelerators share."""
    return Piecewise((inside, reach <= node_size), (outside, True))
