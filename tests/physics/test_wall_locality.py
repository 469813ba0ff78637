"""Wall 10 against the fewest links that cut small networks in halves, found by trying every cut."""

from __future__ import annotations

import itertools
import math

import numpy
import pytest

from mlsysim.symbolic.graph import wall

Links = list[tuple[int, int, float]]


def law(**values: float) -> dict[str, float]:
    """The wall's laws on plain values."""
    found = wall("locality").wall
    assert found
    return found.evaluate(**values)


def fewest_links(endpoints: int, links: Links, switches: int = 0) -> float:
    """The links between two halves of the endpoints, at best: every way to place endpoints and switches is tried.

    Endpoints come before switches, which may fall on either side; the last vertex stays on one side.
    """
    vertices = endpoints + switches
    sides = numpy.arange(2 ** (vertices - 1), dtype=numpy.uint32)
    ones = numpy.bitwise_count(sides & numpy.uint32(2**endpoints - 1))
    sides = sides[(ones == endpoints // 2) | (ones == endpoints - endpoints // 2)]
    cut = numpy.zeros(len(sides))
    for a, b, links_between in links:
        cut += links_between * (((sides >> numpy.uint32(a)) ^ (sides >> numpy.uint32(b))) & numpy.uint32(1))
    return float(cut.min())


def torus(side: int, dimensions: int) -> Links:
    """Each endpoint has a link to the next along every dimension; with a side of two there and back are one link."""
    places = list(itertools.product(range(side), repeat=dimensions))
    number = {place: index for index, place in enumerate(places)}
    found = set()
    for place in places:
        for along in range(dimensions):
            after = number[(*place[:along], (place[along] + 1) % side, *place[along + 1 :])]
            if after != number[place]:
                found.add((min(number[place], after), max(number[place], after), 1.0))
    return sorted(found)


@pytest.mark.parametrize("endpoints", range(1, 13))
def test_the_cut_of_a_ring(endpoints: int) -> None:
    """Two links, but one between two endpoints and none for one alone."""
    expected = fewest_links(endpoints, torus(endpoints, 1))
    found = law(endpoints=endpoints)
    assert found["ring_cut"] == expected
    assert found["ring_share"] == (min(1, expected / (endpoints // 2)) if endpoints > 1 else 1)


TORI = [(1, 1), (1, 3), (2, 1), (2, 2), (2, 3), (2, 4), (3, 1), (3, 2), (4, 1), (4, 2), (5, 1), (6, 1), (7, 1), (8, 1)]


@pytest.mark.parametrize(("side", "dimensions"), TORI)
def test_the_cut_of_a_torus(side: int, dimensions: int) -> None:
    """Even and odd sides, no double links with a side of two, and nothing to cut with a side of one."""
    endpoints = side**dimensions
    expected = fewest_links(endpoints, torus(side, dimensions))
    found = law(side=side, dimensions=dimensions)
    assert found["torus_endpoints"] == endpoints
    assert found["torus_cut"] == expected
    assert found["torus_share"] == pytest.approx(min(1, expected / (endpoints // 2)) if endpoints > 1 else 1)


@pytest.mark.parametrize("side", [2, 3, 4, 5, 6])
def test_the_cut_of_a_square_layer_by_layer(side: int) -> None:
    """Every placement of every row, added up row by row for each first row, up to six by six."""
    rows = numpy.arange(2**side)
    ones = numpy.bitwise_count(rows)
    ring = [(a, (a + 1) % side) for a in range(side if side > 2 else 1)]
    within = sum(((rows >> a) ^ (rows >> b)) & 1 for a, b in ring)
    between = numpy.bitwise_count(rows[:, None] ^ rows[None, :]).astype(float)
    best, half = math.inf, side * side // 2
    for first in rows:
        cost = numpy.full((side * side + 1, 2**side), math.inf)  # by ones so far and by the last row
        cost[ones[first], first] = within[first]
        for _ in range(side - 1):
            after = numpy.full_like(cost, math.inf)
            for row in rows:
                step = (cost + between[row]).min(axis=1) + within[row]
                after[ones[row] :, row] = step[: len(step) - ones[row]]
            cost = after
        wrap = between[first] if side > 2 else 0
        best = min(best, float((cost[half] + wrap).min()))
    found = law(side=side, dimensions=2)
    assert found["torus_cut"] == best
    assert found["torus_share"] == pytest.approx(min(1, best / half))
    assert found["square_cut"] == best


def test_the_cut_of_a_cube_of_three() -> None:
    """All placements of the 27 endpoints, as three layers of 512 placements each."""
    layers = numpy.arange(512)
    ones = numpy.bitwise_count(layers).astype(numpy.int8)
    inside = numpy.zeros(512, dtype=numpy.int8)
    for a, b, _ in torus(3, 2):
        inside += (((layers >> a) ^ (layers >> b)) & 1).astype(numpy.int8)
    between = numpy.bitwise_count(layers[:, None] ^ layers[None, :]).astype(numpy.int8)
    pair = between + inside[:, None] + inside[None, :]
    best = math.inf
    for first in range(256):  # the side of one endpoint may be chosen
        count = ones[first] + ones[:, None] + ones[None, :]
        cut = pair + between[first][:, None] + between[first][None, :] + inside[first]
        best = min(best, int(cut[(count == 13) | (count == 14)].min()))
    found = law(side=3, dimensions=3)
    assert found["torus_cut"] == found["cube_cut"] == best == 26
    assert found["torus_share"] == min(1, best / 13)


@pytest.mark.parametrize("side", [4, 8, 16])
def test_channels_are_those_of_the_textbook(side: int) -> None:
    """Dally & Towles, summary of tori: a k-ary n-cube with k even has 4 k^(n-1) channels in its bisection, each one way."""
    for dimensions, name in [(1, "torus_cut"), (2, "square_cut"), (3, "cube_cut")]:
        found = law(side=side, dimensions=dimensions)
        assert 2 * found["torus_cut"] == 2 * found[name] == 4 * side ** (dimensions - 1)


@pytest.mark.parametrize(("gigabits", "bisection"), [(1600, 1.6e12), (3200, 3.2e12)], ids=["TPU v5e", "TPU v6e"])
def test_a_torus_of_accelerators_has_the_bisection_that_is_published(gigabits: float, bisection: float) -> None:
    """Google's table: 256 chips, 2D torus, 4 ports for 1600 (3200) Gb/s a chip, 1.6 (3.2) TB/s of bisection a pod."""
    link = gigabits / 4 / 8 * 1e9
    found = law(side=16, dimensions=2)
    assert found["torus_cut"] * link == pytest.approx(bisection)
    across = law(link=link, share=found["torus_share"], oversubscription=1)["effective"]
    assert across * 128 == pytest.approx(bisection)


@pytest.mark.parametrize("endpoints", range(1, 11))
def test_the_cut_of_a_full_mesh(endpoints: int) -> None:
    """Every endpoint of one half has a link to each of the other, which is more than it needs."""
    pairs = [(a, b, 1.0) for a, b in itertools.combinations(range(endpoints), 2)]
    found = law(endpoints=endpoints, link=5, oversubscription=1)
    assert found["mesh_cut"] == fewest_links(endpoints, pairs)
    assert found["mesh_bandwidth"] == 5


def fat_tree(leaf: float, spine: float) -> Links:
    """Eight hosts, four leaf switches, two spine switches for each pair of leaves, and two core switches."""
    links = [(host, 8 + host // 2, 1.0) for host in range(8)]
    links += [(8 + a, 12 + 2 * (a // 2) + b, 1 / leaf) for a in range(4) for b in range(2)]
    return links + [(12 + a, 16 + b, 1 / leaf / spine) for a in range(4) for b in range(2)]


@pytest.mark.parametrize(("leaf", "spine"), [(1, 1), (2, 1), (1, 2), (2, 2), (3, 4)])
def test_the_cut_of_a_fat_tree(leaf: float, spine: float) -> None:
    """The ratios of the tiers multiply, and the cut per endpoint is the bandwidth that is left."""
    expected = fewest_links(8, fat_tree(leaf, spine), switches=10)
    found = law(endpoints=8, leaf_ratio=leaf, spine_ratio=spine, core_ratio=1, link=1)
    assert found["tree_cut"] == pytest.approx(expected)
    assert found["tree_bandwidth"] == pytest.approx(expected / 4)


def test_the_cut_of_a_fat_tree_of_three_tiers() -> None:
    """Leiserson's tree: one thicker link up from each switch, oversubscribed at each of three tiers."""
    links = [(host, 8 + host, 1.0) for host in range(8)]
    links += [(8 + a, 16 + a // 2, 1 / 2) for a in range(8)]
    links += [(16 + a, 20 + a // 2, 2 / 2 / 3) for a in range(4)]
    links += [(20 + a, 22, 4 / 2 / 3 / 2) for a in range(2)]
    found = law(endpoints=8, leaf_ratio=2, spine_ratio=3, core_ratio=2, link=1)
    assert found["tree_cut"] == pytest.approx(fewest_links(8, links, switches=15))
    assert found["tree_oversubscription"] == 12


def dragonfly(links_out: int) -> tuple[int, Links]:
    """Routers of a balanced dragonfly of the largest size: all to all in a group, one link between every two groups."""
    routers = 2 * links_out
    groups = routers * links_out + 1
    links = [(g * routers + a, g * routers + b, 1.0) for g in range(groups) for a, b in
             itertools.combinations(range(routers), 2)]  # fmt: skip
    for g in range(groups):
        for port in range(routers * links_out):
            other = (g + port + 1) % groups
            if g < other:
                back = (g - other - 1) % groups
                links.append((g * routers + port // links_out, other * routers + back // links_out, 1.0))
    return routers, links


def test_the_cut_of_the_smallest_dragonfly() -> None:
    """Three groups of two routers with one endpoint each, by trying every cut."""
    _, links = dragonfly(1)
    links = [(a + 6, b + 6, n) for a, b, n in links] + [(host, host + 6, 1.0) for host in range(6)]
    found = law(global_links=1)
    assert found["dragonfly_endpoints"] == 6
    assert found["dragonfly_cut"] == fewest_links(6, links, switches=6)
    assert found["dragonfly_share"] == pytest.approx(2 / 3)


@pytest.mark.parametrize("links_out", [2, 3, 4])
def test_the_cut_of_larger_dragonflies_lies_between_its_bounds(links_out: int) -> None:
    """From above, a cut that is built; from below, the load of routing every pair: no smaller cut could carry it.

    A cut of C links separates N^2/4 pairs of endpoints; were each link used by at most m pairs, C m >= N^2/4. The bounds
    are within a tenth for two global links, and closer for more.
    """
    routers, links = dragonfly(links_out)
    groups, count = routers * links_out + 1, len({a for a, b, _ in links} | {b for a, b, _ in links})
    endpoints = count * links_out
    found = law(global_links=links_out)
    assert (found["dragonfly_endpoints"], count) == (endpoints, groups * routers)

    gate = {}
    for a, b, _ in links:
        gate[a // routers, b // routers], gate[b // routers, a // routers] = a, b
    load = dict.fromkeys([frozenset((a, b)) for a, b, _ in links], 0)
    for a, b in itertools.combinations(range(count), 2):  # by the one link between the groups of both
        path = [a, b]
        if a // routers != b // routers:
            path = [a, gate[a // routers, b // routers], gate[b // routers, a // routers], b]
        for one, next_ in itertools.pairwise(path):
            if one != next_:
                load[frozenset((one, next_))] += links_out**2
    most = max(*load.values(), endpoints - 1)  # or the link of an endpoint
    bound = (endpoints / 2) ** 2 / most
    assert found["dragonfly_cut"] >= bound > 0.9 * found["dragonfly_cut"]

    middle, side = (groups - 1) // 2, {}
    near = {g for g in range(groups) if g != middle and gate[middle, g] % routers < routers // 2}
    for router in range(count):
        group = router // routers
        side[router] = router % routers < routers // 2 if group == middle else group in near
    assert sum(side.values()) * 2 == count
    assert sum(side[a] != side[b] for a, b, _ in links) == found["dragonfly_cut"]


def rails(units: int, nodes: int, accelerators: int, inside: float, uplink: float) -> tuple[int, int, Links]:
    """Accelerators with a link to a switch in their node and one to their rail's; a tier above joins equal rails."""
    endpoints = units * nodes * accelerators
    links, vertex = [], endpoints
    for unit in range(units):
        first = unit * nodes * accelerators
        for node in range(nodes):
            links += [(first + node * accelerators + a, vertex, inside) for a in range(accelerators)]
            vertex += 1
        for rail in range(accelerators):
            links += [(first + node * accelerators + rail, vertex, 1.0) for node in range(nodes)]
            if units > 1:
                links.append((vertex, endpoints + units * (nodes + accelerators) + rail, nodes / uplink))
            vertex += 1
    return endpoints, units * (nodes + accelerators) + (accelerators if units > 1 else 0), links


@pytest.mark.parametrize(
    ("units", "nodes", "accelerators", "uplink"),
    [(1, 2, 2, 1), (1, 4, 2, 1), (1, 2, 4, 1), (1, 4, 3, 1), (1, 2, 5, 3), (2, 2, 2, 1), (2, 2, 2, 2), (2, 2, 2, 4)],
)
@pytest.mark.parametrize("inside", [2.0, 9.0])
def test_the_cut_of_rails(units: int, nodes: int, accelerators: int, uplink: float, inside: float) -> None:
    """With links inside a node at least twice as fast, the cheapest cut leaves nodes whole, and units if there are any."""
    endpoints, switches, links = rails(units, nodes, accelerators, inside, uplink)
    expected = fewest_links(endpoints, links, switches)
    found = law(nodes=nodes, accelerators=accelerators, units=units, uplink_ratio=uplink, link=1)
    assert found["rail_endpoints"] == nodes * accelerators
    assert units * found["rail_cut"] / found["rail_oversubscription"] == pytest.approx(expected)
    assert found["rail_bandwidth"] == pytest.approx(min(1, expected / (endpoints / 2)))


def test_slower_links_inside_nodes_would_break_the_law_of_rails() -> None:
    """The assumption matters: with links inside at half speed, cutting the rails apart is cheaper."""
    endpoints, switches, links = rails(1, 4, 2, 0.5, 1)
    assert fewest_links(endpoints, links, switches) < law(nodes=4, accelerators=2)["rail_cut"]


def test_no_endpoint_is_faster_than_its_own_link() -> None:
    """However rich the topology, no share exceeds one, and none is lost where the cut is full."""
    for size in range(1, 40):
        found = law(endpoints=size, side=size, dimensions=3, global_links=size)
        assert all(0 < found[name] <= 1 for name in ("ring_share", "torus_share", "dragonfly_share")), size
    assert law(endpoints=8, cut=100)["share"] == 1
    assert law(endpoints=8, cut=4)["share"] == 1
    assert law(endpoints=8, cut=1)["share"] == 0.25
    assert law(endpoints=1, cut=0)["share"] == 1


def test_a_full_bisection_leaves_the_link_as_it_is() -> None:
    """With a share of one and no oversubscription the effective bandwidth is that of the link."""
    assert law(link=50e9, share=1, oversubscription=1)["effective"] == 50e9
    assert law(link=50e9, share=1, oversubscription=4)["effective"] == 12.5e9
    assert law(link=50e9, share=0.5, oversubscription=4)["effective"] == 6.25e9


def test_large_networks_approach_their_limits() -> None:
    """A long ring shares four links among its endpoints, a long torus four per side, and a dragonfly keeps half."""
    assert law(endpoints=10_000)["ring_share"] == pytest.approx(4 / 10_000)
    assert law(side=1000, dimensions=3)["torus_share"] == pytest.approx(4 / 1000)
    assert law(global_links=1000)["dragonfly_share"] == pytest.approx(1 / 2, abs=1e-6)
    assert law(link=10, oversubscription=2)["large_bandwidth"] == 2.5


@pytest.mark.parametrize("endpoints", [6, 10, 16, 27])
def test_a_ring_is_a_torus_of_one_dimension(endpoints: int) -> None:
    """One dimension gives the ring, and more dimensions of the same side share alike."""
    ring = law(endpoints=endpoints)
    for dimensions in (1, 2, 3):
        found = law(side=endpoints, dimensions=dimensions)
        assert found["torus_share"] == ring["ring_share"]
    assert law(side=endpoints, dimensions=1)["torus_cut"] == ring["ring_cut"]
