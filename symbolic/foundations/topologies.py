"""Topologies: how many links a network loses when it is cut into two equal halves, from its size alone.

A link counts once: it carries its bandwidth in each direction.
"""

from sympy import Eq, Integer, Max, Min, Mod, Piecewise, Sum, Symbol, ceiling, floor

from mlsysim.symbolic.foundations.inputs import node_size
from mlsysim.symbolic.foundations.split import nodes
from mlsysim.symbolic.quantity import Quantity, count, ratio
from mlsysim.symbolic.rules import apply, define, equation, given, rewrite, substitute, summed


def _links(name: str, latex: str, meaning: str) -> Quantity:
    return Quantity(f"topology.{name}", latex, "1", meaning, low=0, high=1e6)


endpoints = count("topology.endpoints", "N", "endpoints of the network", high=1024)

# A ring, and a mesh in which every endpoint has a link to every other.
ring_cut = _links("ring_cut", r"C_{\mathrm{ring}}", "links between the halves of a ring")
mesh_cut = _links("mesh_cut", r"C_{\mathrm{mesh}}", "links between the halves of a full mesh")
ring = given(
    equation(ring_cut, Min(2, endpoints - 1)),
    because="an arc of a ring hangs on two links; two endpoints share one, and one has none",
    cite="dally2003",
)
mesh = given(
    equation(mesh_cut, floor(endpoints / 2) * ceiling(endpoints / 2)),
    because="each endpoint of one half has a link to each of the other",
    cite="dally2003",
)

# A torus: k endpoints along each of n dimensions.
side = count("topology.side", "k", "endpoints along a dimension of a torus", high=16)
dimensions = count("topology.dimensions", "n", "dimensions of a torus", high=4)
torus_endpoints = count("topology.torus_endpoints", r"N_{\mathrm{torus}}", "endpoints of a torus", high=65536)
row_cut = _links("row_cut", "c", "links between the halves of one row of a torus")
plane_cut = _links("plane_cut", r"C_{\mathrm{even}}", "links between the halves of a torus with an even side")
square_cut = _links("square_cut", r"C_{\mathrm{2D}}", "links between the halves of a square torus")
cube_cut = _links("cube_cut", r"C_{\mathrm{3D}}", "links between the halves of a cubic torus")
stair_cut = _links("stair_cut", r"C_{\mathrm{odd}}", "links between the halves of a torus with an odd side")
torus_cut = _links("torus_cut", r"C_{\mathrm{torus}}", "links between the halves of a torus")
_i = Symbol("i", integer=True, nonnegative=True)

torus_size = given(equation(torus_endpoints, side**dimensions), because="a k-ary n-cube is a grid", cite="dally2003")
row = apply(ring, {ring_cut: row_cut, endpoints: side}, because="every row of a torus is a ring")
plane = given(
    equation(plane_cut, row_cut * side ** (dimensions - 1)),
    because="halving one dimension cuts every row along it",
    cite="dally2003,arjona2012",
)
stair = given(
    equation(stair_cut, Sum(row_cut * side**_i, (_i, 0, dimensions - 1))),
    because="an odd side has a middle layer, which is halved in turn, and its middle layer again",
    cite="arjona2012",
)
stair_closed = summed(
    stair,
    equation(
        stair_cut, Piecewise((row_cut * dimensions, Eq(side, 1)), (row_cut * (side**dimensions - 1) / (side - 1), True))
    ),
    because="a geometric sum",
)
either = define(
    equation(torus_cut, Piecewise((plane_cut, Eq(Mod(side, 2), 0)), (stair_cut, True))), because="a side is even or odd"
)
torus = substitute(
    either,
    plane,
    stair_closed,
    row,
    result=equation(
        torus_cut,
        Piecewise(
            (Min(2, side - 1) * side ** (dimensions - 1), Eq(Mod(side, 2), 0)),
            (0, Eq(side, 1)),
            (Min(2, side - 1) * (side**dimensions - 1) / (side - 1), True),
        ),
    ),
    because="two links of each row with a wrap, one with a side of two, none with a side of one",
)

torus_either = rewrite(
    torus,
    equation(torus_cut, Min(2, side - 1) * floor(side**dimensions / 2) / Max(1, floor(side / 2))),
    because="even or odd, the cut of a row is taken as often as half a row goes into half the torus",
)

any_square = apply(torus_either, {torus_cut: square_cut, dimensions: Integer(2)}, because="two dimensions")
square = rewrite(
    any_square,
    equation(square_cut, Min(2, side - 1) * (side + Mod(side, 2))),
    because="a square has as many rows as its side, and one more cut through the middle of an odd one",
)
any_cube = apply(torus_either, {torus_cut: cube_cut, dimensions: Integer(3)}, because="three dimensions")
cube = rewrite(
    any_cube,
    equation(cube_cut, Min(2, side - 1) * (side**2 + Mod(side, 2) * (side + 1))),
    because="a cube has as many rows as its face has endpoints, and an odd one has a square in its middle",
)

# A fat tree: endpoints, and up to three tiers of switches with links to the next.
below = _links("below", r"C_{\mathrm{below}}", "links below a tier of switches")
above = _links("above", r"C_{\mathrm{above}}", "links above it")
tier_ratio = ratio(
    "topology.tier_ratio", r"\sigma_{\mathrm{tier}}", "links below a tier per link above", low=1, high=16
)
leaf_ratio = ratio("topology.leaf_ratio", r"\sigma_{1}", "links below the leaf switches per link above", low=1, high=16)
spine_ratio = ratio(
    "topology.spine_ratio", r"\sigma_{2}", "links below the spine switches per link above", low=1, high=16
)
core_ratio = ratio("topology.core_ratio", r"\sigma_{3}", "links below the core switches per link above", low=1, high=16)
host_links = _links("host_links", r"C_{0}", "links of the endpoints of one half")
leaf_links = _links("leaf_links", r"C_{1}", "links above their leaf switches")
spine_links = _links("spine_links", r"C_{2}", "links above their spine switches")
tree_cut = _links("tree_cut", r"C_{\mathrm{tree}}", "links between the halves of a fat tree")
tree_oversubscription = ratio(
    "topology.tree_oversubscription",
    r"\sigma_{\mathrm{tree}}",
    "endpoints per link between the halves",
    low=1,
    high=4096,
)

hosts = given(equation(host_links, floor(endpoints / 2)), because="every endpoint has one link", cite="leiserson1985")
tier = given(
    equation(above, below / tier_ratio),
    because="a tier that is oversubscribed has fewer links above than below",
    cite="alfares2008",
)
leaf = apply(tier, {above: leaf_links, below: host_links, tier_ratio: leaf_ratio}, because="the leaf switches")
spine = apply(tier, {above: spine_links, below: leaf_links, tier_ratio: spine_ratio}, because="the spine switches")
core = apply(tier, {above: tree_cut, below: spine_links, tier_ratio: core_ratio}, because="the core switches")
tree = substitute(
    core,
    spine,
    leaf,
    hosts,
    result=equation(tree_cut, floor(endpoints / 2) / (leaf_ratio * spine_ratio * core_ratio)),
    because="each tier thins what the one below it lets through",
)
thinning = define(
    equation(tree_oversubscription, host_links / tree_cut),
    because="oversubscription is what the endpoints could send per what the top can carry",
    cite="alfares2008",
)
tree_ratio = substitute(
    thinning,
    core,
    spine,
    leaf,
    result=equation(tree_oversubscription, leaf_ratio * spine_ratio * core_ratio),
    because="the ratios of the tiers multiply; a tier that is not there has ratio one",
)

# A dragonfly: groups of routers, each group one large router.
terminals = count("topology.terminals", "p", "endpoints of a router", high=32)
routers = count("topology.routers", "a", "routers of a group", high=64)
global_links = count("topology.global_links", "h", "links of a router to other groups", high=32)
groups = count("topology.groups", "g", "groups", high=2049)
dragonfly_endpoints = count("topology.dragonfly_endpoints", r"N_{\mathrm{df}}", "endpoints of a dragonfly", high=4e6)
dragonfly_cut = _links("dragonfly_cut", r"C_{\mathrm{df}}", "links between the halves of a dragonfly")

all_groups = given(
    equation(groups, routers * global_links + 1),
    because="one link joins every two groups, in a dragonfly of the largest size",
    cite="kim2008",
)
wide = given(
    equation(routers, 2 * global_links),
    because="a message takes two local links for each global one, so a balanced group has twice as many routers",
    cite="kim2008",
)
balanced = given(
    equation(terminals, global_links),
    because="a router is balanced when as many endpoints as global links load it",
    cite="kim2008",
)
groups_of = substitute(
    all_groups, wide, result=equation(groups, 2 * global_links**2 + 1), because="name the routers; the number is odd"
)
population = define(
    equation(dragonfly_endpoints, routers * terminals * groups), because="every router has its endpoints"
)
dragonfly_size = substitute(
    population,
    groups_of,
    wide,
    balanced,
    result=equation(dragonfly_endpoints, 2 * global_links**2 * (2 * global_links**2 + 1)),
    because="in the balanced proportions one number gives the size",
)
between_groups = given(
    equation(dragonfly_cut, ((groups - 1) / 2) ** 2 + (routers / 2) ** 2),
    because="the cheapest cut known: halves of the groups are joined pair by pair, and the odd group falls between its "
    "routers, each with the half it is linked to",
    cite="kim2008",
)
dragonfly = substitute(
    between_groups,
    groups_of,
    wide,
    result=equation(dragonfly_cut, global_links**4 + global_links**2),
    because="in the balanced proportions",
)

# Rails: the accelerators of equal rank in every node of a unit share a switch; a tier above joins several units.
units = count("topology.units", r"U", "units of a rail-optimised network", high=32)
uplink_ratio = ratio(
    "topology.uplink_ratio", r"\sigma_{\mathrm{up}}", "links below a rail switch per link above", low=1, high=16
)
rail_endpoints = count("topology.rail_endpoints", r"N_{\mathrm{rail}}", "endpoints of the rails of a unit", high=65536)
rail_cut = _links("rail_cut", r"C_{\mathrm{rail}}", "links between the halves of a unit")
rail_oversubscription = ratio(
    "topology.rail_oversubscription", r"\sigma_{\mathrm{rail}}", "endpoints per link between the halves", low=1, high=16
)

rail_size = define(equation(rail_endpoints, nodes * node_size), because="every accelerator of a node has its own rail")
rail = given(
    equation(rail_cut, nodes * node_size / 2),
    because="each rail is one switch, and half of the nodes leave it by one link each",
    cite="superpod2023",
)
rail_ratio = given(
    equation(rail_oversubscription, Piecewise((1, Eq(units, 1)), (uplink_ratio, True))),
    because="a rail within one unit never leaves its switch",
    cite="superpod2023",
)
