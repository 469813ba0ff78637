"""Locality: data that must cross the network shares the few links between its halves.

The bisection, the fewest links between two equal halves, follows from the topology and its size.
"""

from sympy import Eq, Max, Min, Piecewise, Rational, ceiling, floor, oo

from mlsysim.symbolic.foundations import topologies
from mlsysim.symbolic.foundations.inputs import node_size
from mlsysim.symbolic.foundations.split import nodes
from mlsysim.symbolic.foundations.topologies import (
    core_ratio,
    dimensions,
    dragonfly_cut,
    dragonfly_endpoints,
    endpoints,
    global_links,
    host_links,
    leaf_ratio,
    mesh_cut,
    rail_cut,
    rail_endpoints,
    rail_oversubscription,
    ring_cut,
    side,
    spine_ratio,
    torus_cut,
    torus_endpoints,
    tree_oversubscription,
    units,
    uplink_ratio,
)
from mlsysim.symbolic.quantity import Quantity, ratio
from mlsysim.symbolic.rules import apply, define, equation, given, limit, rewrite, solve, substitute
from mlsysim.symbolic.wall import Wall


def _bandwidth(name: str, latex: str, meaning: str) -> Quantity:
    return Quantity(f"locality.{name}", latex, "byte/s", meaning, display="GB/s", low=1, high=1e12)


def _share(name: str, latex: str, meaning: str) -> Quantity:
    return ratio(f"locality.{name}", latex, meaning)


link = _bandwidth("link", r"BW_{\mathrm{link}}", "one-way bandwidth of a link, and of an endpoint into the network")
cut = Quantity("locality.cut", "C", "1", "links between two equal halves", low=0, high=1e6)
half = Quantity("locality.half", "H", "1", "endpoints of the smaller half", low=1, high=512)
crossing = _bandwidth("crossing", r"BW_{\mathrm{cross}}", "bandwidth that an endpoint has between the halves")
reached = _bandwidth("reached", r"BW_{\mathrm{reach}}", "bandwidth of an endpoint when all of a half send to the other")
share = _share("share", r"\beta", "share of its link that an endpoint can use across the network")
oversubscription = ratio(
    "locality.oversubscription", r"\sigma", "links that the topology has, per link that was built", low=1, high=64
)
effective = _bandwidth("effective", r"BW_{\mathrm{eff}}", "bandwidth of an endpoint across the network")
ring_share = _share("ring_share", r"\beta_{\mathrm{ring}}", "the same in a ring")
torus_share = _share("torus_share", r"\beta_{\mathrm{torus}}", "the same in a torus")
tree_share = _share("tree_share", r"\beta_{\mathrm{tree}}", "the same in a fat tree without oversubscription")
dragonfly_share = _share("dragonfly_share", r"\beta_{\mathrm{df}}", "the same in a dragonfly")
large_share = _share("large_share", r"\beta_{\mathrm{large}}", "the same in a large dragonfly")
rail_share = _share("rail_share", r"\beta_{\mathrm{rail}}", "the same along rails")
mesh_share = _share("mesh_share", r"\beta_{\mathrm{mesh}}", "the same in a full mesh")
tree_bandwidth = _bandwidth("tree_bandwidth", r"BW_{\mathrm{tree}}", "bandwidth of an endpoint across a fat tree")
large_bandwidth = _bandwidth(
    "large_bandwidth", r"BW_{\mathrm{large}}", "bandwidth of an endpoint across a large dragonfly"
)
mesh_bandwidth = _bandwidth("mesh_bandwidth", r"BW_{\mathrm{mesh}}", "bandwidth of an endpoint across a full mesh")
rail_bandwidth = _bandwidth("rail_bandwidth", r"BW_{\mathrm{rail}}", "bandwidth of an endpoint across rails")

# Any network.
halves = define(equation(half, Max(1, floor(endpoints / 2))), because="two halves, of which one may have one more")
flow = given(
    equation(half * crossing, cut * link),
    because="when a whole half sends to the other, all of it passes through the cut",
    cite="dally2003",
)
across = solve(flow, crossing, equation(crossing, cut * link / half), because="the endpoints share the cut")
own_link = given(
    equation(reached, Min(crossing, link)), because="no endpoint is faster than its own link", cite="dally2003"
)
through = substitute(
    own_link, across, result=equation(reached, Min(cut * link / half, link)), because="name what crosses"
)
kept = define(
    equation(share, Piecewise((reached / link, endpoints > 1), (1, True))),
    because="an endpoint alone has nothing to cross",
)
share_of_cut = substitute(
    kept,
    through,
    result=equation(share, Piecewise((Min(cut * link / half, link) / link, endpoints > 1), (1, True))),
    because="name what is reached",
)
without_link = rewrite(
    share_of_cut,
    equation(share, Piecewise((Min(1, cut / half), endpoints > 1), (1, True))),
    because="the bandwidth of the link cancels, and no share exceeds one",
)
share_law = substitute(
    without_link,
    halves,
    result=equation(share, Piecewise((Min(1, cut / Max(1, floor(endpoints / 2))), endpoints > 1), (1, True))),
    because="name the half",
)
law = given(
    equation(effective, link * share / oversubscription),
    because="an endpoint has its share of what was built",
    cite="leiserson1985,dally2003",
)

# Each topology.
ring_of_cut = apply(share_law, {share: ring_share, cut: ring_cut}, because="a ring")
ring_of_size = substitute(
    ring_of_cut,
    topologies.ring,
    result=equation(
        ring_share, Piecewise((Min(1, Min(2, endpoints - 1) / Max(1, floor(endpoints / 2))), endpoints > 1), (1, True))
    ),
    because="name its cut",
)
ring_law = rewrite(
    ring_of_size,
    equation(ring_share, Min(1, 2 / Max(1, floor(endpoints / 2)))),
    because="up to five endpoints a ring is as good as any network",
)
torus_of_cut = apply(share_law, {share: torus_share, cut: torus_cut, endpoints: torus_endpoints}, because="a torus")
torus_of_size = substitute(
    torus_of_cut,
    topologies.torus_either,
    topologies.torus_size,
    result=equation(
        torus_share,
        Piecewise(
            (
                Min(
                    1,
                    Min(2, side - 1)
                    * floor(side**dimensions / 2)
                    / (Max(1, floor(side / 2)) * Max(1, floor(side**dimensions / 2))),
                ),
                side**dimensions > 1,
            ),
            (1, True),
        ),
    ),
    because="name its cut and its size",
)
torus_law = rewrite(
    torus_of_size,
    equation(torus_share, Min(1, 2 / Max(1, floor(side / 2)))),
    because="a torus shares its links as one of its rows does, whatever its dimensions",
)
tree_of_links = apply(share_law, {share: tree_share, cut: host_links}, because="a fat tree with nothing left out")
tree_of_size = substitute(
    tree_of_links,
    topologies.hosts,
    result=equation(
        tree_share, Piecewise((Min(1, floor(endpoints / 2) / Max(1, floor(endpoints / 2))), endpoints > 1), (1, True))
    ),
    because="name its links",
)
tree_law = rewrite(tree_of_size, equation(tree_share, 1), because="such a tree never stands in the way")
tree_of_share = apply(
    law,
    {effective: tree_bandwidth, share: tree_share, oversubscription: tree_oversubscription},
    because="a fat tree with what was left out",
)
tree_speed = substitute(
    tree_of_share,
    tree_law,
    topologies.tree_ratio,
    result=equation(tree_bandwidth, link / (leaf_ratio * spine_ratio * core_ratio)),
    because="every oversubscribed tier takes its part",
)
dragonfly_of_cut = apply(
    share_law, {share: dragonfly_share, cut: dragonfly_cut, endpoints: dragonfly_endpoints}, because="a dragonfly"
)
dragonfly_of_size = substitute(
    dragonfly_of_cut,
    topologies.dragonfly,
    topologies.dragonfly_size,
    result=equation(
        dragonfly_share,
        Piecewise(
            (
                Min(
                    1,
                    (global_links**4 + global_links**2)
                    / Max(1, floor(2 * global_links**2 * (2 * global_links**2 + 1) / 2)),
                ),
                2 * global_links**2 * (2 * global_links**2 + 1) > 1,
            ),
            (1, True),
        ),
    ),
    because="name its cut and its size",
)
dragonfly_law = rewrite(
    dragonfly_of_size,
    equation(dragonfly_share, (global_links**2 + 1) / (2 * global_links**2 + 1)),
    because="the size is even, and so are the powers that cancel",
)
any_dragonfly = apply(dragonfly_law, {dragonfly_share: large_share}, because="a dragonfly that may grow")
dragonfly_floor = limit(
    any_dragonfly,
    global_links,
    oo,
    equation(large_share, Rational(1, 2)),
    because="however large, half of the link remains",
)
large_of_share = apply(law, {effective: large_bandwidth, share: large_share}, because="a large dragonfly")
large_speed = substitute(
    large_of_share,
    dragonfly_floor,
    result=equation(large_bandwidth, link / (2 * oversubscription)),
    because="the half that remains",
)
rail_of_cut = apply(share_law, {share: rail_share, cut: rail_cut, endpoints: rail_endpoints}, because="rails")
rail_of_size = substitute(
    rail_of_cut,
    topologies.rail,
    topologies.rail_size,
    result=equation(
        rail_share,
        Piecewise(
            (Min(1, nodes * node_size / 2 / Max(1, floor(nodes * node_size / 2))), nodes * node_size > 1), (1, True)
        ),
    ),
    because="name their cut and their size",
)
rail_law = rewrite(rail_of_size, equation(rail_share, 1), because="along rails nothing stands in the way")
rail_of_share = apply(
    law,
    {effective: rail_bandwidth, share: rail_share, oversubscription: rail_oversubscription},
    because="rails with a tier above",
)
rail_speed = substitute(
    rail_of_share,
    rail_law,
    topologies.rail_ratio,
    result=equation(rail_bandwidth, link / Piecewise((1, Eq(units, 1)), (uplink_ratio, True))),
    because="only what leaves a unit is thinned",
)
mesh_of_cut = apply(share_law, {share: mesh_share, cut: mesh_cut}, because="a full mesh")
mesh_of_size = substitute(
    mesh_of_cut,
    topologies.mesh,
    result=equation(
        mesh_share,
        Piecewise(
            (Min(1, floor(endpoints / 2) * ceiling(endpoints / 2) / Max(1, floor(endpoints / 2))), endpoints > 1),
            (1, True),
        ),
    ),
    because="name its cut",
)
mesh_law = rewrite(mesh_of_size, equation(mesh_share, 1), because="there are more links than endpoints can fill")
mesh_of_share = apply(law, {effective: mesh_bandwidth, share: mesh_share}, because="a full mesh")
mesh_speed = substitute(
    mesh_of_share,
    mesh_law,
    result=equation(mesh_bandwidth, link / oversubscription),
    because="every endpoint keeps its link",
)

wall = Wall(
    number=10,
    name="locality",
    domain="data",
    core=(
        law,
        share_law,
        topologies.ring,
        ring_law,
        topologies.torus_size,
        topologies.torus,
        topologies.torus_either,
        topologies.square,
        topologies.cube,
        torus_law,
        topologies.tree,
        topologies.tree_ratio,
        tree_speed,
        topologies.dragonfly_size,
        topologies.dragonfly,
        dragonfly_law,
        large_speed,
        topologies.rail_size,
        topologies.rail,
        topologies.rail_ratio,
        rail_speed,
        topologies.mesh,
        mesh_speed,
    ),
    binds="data crosses the network between accelerators that are not close to each other",
    assumptions=(
        "every link has the same bandwidth, and an endpoint enters the network at that of one link",
        "routing spreads the traffic over all links of the cut",
        "a dragonfly has its largest size and balanced proportions",
        "its groups are the cheapest place to cut; no other cut can have a tenth fewer links",
        "inside a node of a rail-optimised network links are at least twice as fast as between nodes",
        "units of a rail-optimised network have an even number of nodes, and their number is one or even",
    ),
    validity="traffic between two halves, as in an all-to-all; traffic between neighbours sees no cut",
)
