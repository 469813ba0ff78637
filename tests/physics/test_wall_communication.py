"""Collectives, pipelines and parallelisms against simulations that move the data, and against published counts."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable

import pytest

from mlsysim.symbolic.graph import wall
from tests.physics.conftest import Evaluate, gpt

LATENCY, BANDWIDTH = 3e-6, 25e9
LINK = {"latency": LATENCY, "bandwidth": BANDWIDTH}


def law(**values: float) -> dict[str, float]:
    """The wall's laws at some values."""
    return wall("communication").wall.evaluate(**values)


def message(size: float, latency: float = LATENCY, bandwidth: float = BANDWIDTH) -> float:
    """The time of one message."""
    return latency + size / bandwidth


Parts = list[list[set[int]]]  # for every rank and part, the ranks whose data it holds


def fresh(ranks: int) -> Parts:
    """Every rank holds only its own data."""
    return [[{rank} for _ in range(ranks)] for rank in range(ranks)]


def complete(held: Parts) -> bool:
    """Whether every rank holds the sum over all ranks, in every part."""
    return all(part == set(range(len(held))) for rank in held for part in rank)


def halving_then_doubling(ranks: int, size: float) -> float:
    """Trade halves with partners ever nearer, then hand the finished parts back the same way."""
    held = fresh(ranks)
    owned = [(0, ranks) for _ in range(ranks)]
    clock, distance = 0.0, ranks // 2
    while distance:
        before = [[set(part) for part in rank] for rank in held]
        for rank in range(ranks):
            low, high = owned[rank]
            middle = (low + high) // 2
            keep = (low, middle) if rank % (2 * distance) < distance else (middle, high)
            for part in range(*keep):
                held[rank][part] |= before[rank ^ distance][part]
            owned[rank] = keep
        clock += message(size * distance / ranks)
        distance //= 2
    distance = 1
    while distance < ranks:
        before, ranges = [[set(part) for part in rank] for rank in held], list(owned)
        for rank in range(ranks):
            low, high = ranges[rank ^ distance]
            for part in range(low, high):
                held[rank][part] = set(before[rank ^ distance][part])
            owned[rank] = (min(low, ranges[rank][0]), max(high, ranges[rank][1]))
        clock += message(size * distance / ranks)
        distance *= 2
    assert complete(held)
    return clock


def doubling(ranks: int, size: float) -> float:
    """Trade everything with partners ever farther away."""
    held = [{rank} for rank in range(ranks)]
    clock, distance = 0.0, 1
    while distance < ranks:
        held = [held[rank] | held[rank ^ distance] for rank in range(ranks)]
        clock += message(size)
        distance *= 2
    assert all(part == set(range(ranks)) for part in held)
    return clock


def tree(ranks: int, size: float) -> float:
    """Reduce along a binomial tree to rank 0, then tell all along the same tree."""
    held = [{rank} for rank in range(ranks)]
    clock, distance = 0.0, 1
    while distance < ranks:
        for rank in range(0, ranks - distance, 2 * distance):
            held[rank] |= held[rank + distance]
        clock += message(size)
        distance *= 2
    assert held[0] == set(range(ranks))
    knows = {0}
    while len(knows) < ranks:
        distance //= 2
        knows |= {rank + distance for rank in knows if rank + distance < ranks}
        clock += message(size)
    return clock


def ring(groups: list[list[int]], held: Parts, parts: list[list[list[int]]], phase: str) -> int:
    """Pass the listed bundles of parts round each group of ranks; the number of rounds."""
    count = len(groups[0])
    for round_ in range(count - 1):
        sent = {}
        for group, bundles in zip(groups, parts, strict=True):
            for place, rank in enumerate(group):
                shift = round_ if phase == "reduce" else round_ - 1
                for part in bundles[(place - shift) % count]:
                    sent[group[(place + 1) % count], part] = set(held[rank][part])
        for (rank, part), data in sent.items():
            held[rank][part] = held[rank][part] | data if phase == "reduce" else data
    return count - 1


def hierarchical(nodes: int, size: int, data: float, link: tuple[float, float], net: tuple[float, float]) -> float:
    """Reduce-scatter in every node, all-reduce each part over the nodes, all-gather in every node."""
    ranks = nodes * size
    held = fresh(ranks)
    inside = [[node * size + place for place in range(size)] for node in range(nodes)]
    across = [[node * size + place for node in range(nodes)] for place in range(size)]
    bundle = [[place * nodes + i for i in range(nodes)] for place in range(size)]  # after the scatter, on each place
    # A rank ends a scatter holding the bundle that its right neighbour's number names.
    one = ring(inside, held, [bundle] * nodes, "reduce")
    clock = one * message(data / size, *link)
    mine = [bundle[(place + 1) % size] for place in range(size)]
    single = [[[part] for part in parts] for parts in mine]
    rounds = ring(across, held, single, "reduce") + ring(across, held, single, "share")
    clock += rounds * message(data / size / nodes, *net)
    clock += ring(inside, held, [bundle] * nodes, "share") * message(data / size, *link)
    assert complete(held)
    return clock


@pytest.mark.parametrize("ranks", [2, 4, 8, 16, 64])
@pytest.mark.parametrize("size", [64.0, 1e9])
def test_halving_and_doubling_takes_its_rounds(ranks: int, size: float) -> None:
    """Moving the parts round by round takes as long as the closed form."""
    found = law(ranks=ranks, message=size, **LINK)
    assert found["halving"] == pytest.approx(halving_then_doubling(ranks, size), rel=1e-12)
    assert found["doubling"] == pytest.approx(doubling(ranks, size), rel=1e-12)


@pytest.mark.parametrize("ranks", [2, 3, 4, 5, 7, 8, 9, 31, 32, 33, 512])
def test_a_tree_takes_its_rounds_for_any_number_of_ranks(ranks: int) -> None:
    """Reducing and telling along a binomial tree takes two logarithms of rounds, rounded up."""
    found = law(ranks=ranks, message=1e6, **LINK)
    assert found["tree"] == pytest.approx(tree(ranks, 1e6), rel=1e-12)
    assert found["rounds"] == (ranks - 1).bit_length()


@pytest.mark.parametrize(("nodes", "size"), [(1, 4), (2, 2), (3, 4), (4, 8), (5, 1)])
def test_a_hierarchy_takes_its_three_phases(nodes: int, size: int) -> None:
    """Moving parts within nodes, between them and within them again takes the sum of the phases."""
    link, net = (1e-6, 400e9), (5e-6, 50e9)
    found = law(
        ranks=nodes * size, accelerators=size, message=1e8, link_latency=link[0], link_bandwidth=link[1],
        net_latency=net[0], net_bandwidth=net[1],
    )  # fmt: skip
    assert found["hierarchical"] == pytest.approx(hierarchical(nodes, size, 1e8, link, net), rel=1e-12)


@pytest.mark.parametrize(("nodes", "size"), [(1, 4), (2, 2), (3, 4), (2, 8)])
def test_a_layer_over_several_nodes_uses_all_their_links(training: Evaluate, nodes: int, size: int) -> None:
    """A plan's tensor-parallel all-reduce takes the three phases, each part over the network link of its own rank."""
    link, net = (1e-6, 400e9), (5e-6, 50e9)
    found = training(
        **gpt(2, 512, 48, 1000, 128), tensor=nodes * size, accelerators=size, link_latency=link[0], net_latency=net[0],
        link_bandwidth=link[1], net_bandwidth=net[1], link_efficiency=1, batch_size=1,
    )  # fmt: skip
    moved = hierarchical(nodes, size, found["communication.tensor_message"], link, net)
    assert found["communication.tensor_reduce"] == pytest.approx(moved, rel=1e-12)


def test_a_hierarchy_spares_the_network() -> None:
    """With many nodes each network link carries two parts, where one ring would carry the data twice."""
    many = law(
        ranks=8 * 10**6, accelerators=8, message=1e9, link_latency=0, link_bandwidth=math.inf, net_latency=0,
        net_bandwidth=1e9,
    )  # fmt: skip
    assert many["hierarchical"] == pytest.approx(2 * 1e9 / 8 / 1e9, rel=1e-5)


@pytest.mark.parametrize("ranks", [2, 4, 6, 8, 12, 64, 100])
@pytest.mark.parametrize("size", [1e2, 1e5, 1e7, 1e9])
def test_a_library_takes_the_quickest(ranks: int, size: float) -> None:
    """The choice is the least of what can be simulated; halving and doubling need a power of two."""
    runs = [2 * (ranks - 1) * message(size / ranks), tree(ranks, size)]
    if ranks & (ranks - 1) == 0:
        runs += [halving_then_doubling(ranks, size), doubling(ranks, size)]
    assert law(ranks=ranks, message=size, **LINK)["best"] == pytest.approx(min(runs), rel=1e-12)


def crossover(first: Callable[[float], float], second: Callable[[float], float]) -> float:
    """The size at which one of two ways overtakes the other: simulated times are straight lines in the size."""
    near, far = (first(1.0) - second(1.0), first(1e9) - second(1e9))
    assert near < 0 < far
    return 1.0 + (1e9 - 1.0) * near / (near - far)


@pytest.mark.parametrize("ranks", [4, 8, 16, 128])
def test_crossovers_are_where_the_simulations_cross(ranks: int) -> None:
    """The simulated times of two ways meet at the derived message sizes."""
    found = law(ranks=ranks, **LINK)
    short = crossover(lambda size: doubling(ranks, size), lambda size: halving_then_doubling(ranks, size))
    assert found["doubling_crossover"] == pytest.approx(short, rel=1e-6)
    ring_time = lambda size: 2 * (ranks - 1) * message(size / ranks)  # noqa: E731
    assert found["tree_crossover"] == pytest.approx(crossover(lambda size: tree(ranks, size), ring_time), rel=1e-6)


def test_two_ranks_have_no_crossover() -> None:
    """Two ranks trade everything in one round whatever the size, and a ring is never slower than a tree."""
    found = law(ranks=2, **LINK)
    assert found["doubling_crossover"] == math.inf
    assert found["tree_crossover"] == 0


def test_one_message_is_the_floor_of_every_pair() -> None:
    """Point to point, a message costs its latency and its bytes; every all-reduce of two ranks costs at least that."""
    found = law(ranks=2, message=1e6, **LINK)
    assert found["hop"] == pytest.approx(message(1e6))
    assert min(found[name] for name in ("all_reduce", "halving", "doubling", "tree")) == pytest.approx(found["hop"])


def interleaved(stages: int, chunks: int, microbatches: int, forward: float, backward: float) -> float:
    """Run Megatron-LM's interleaved 1F1B schedule event by event and return when the last task ends.

    Every stage runs its tasks in the order of ``forward_backward_pipelining_with_interleaving``: warm-up, then one
    forward and one backward in turn, then the rest backward; chunks change every ``stages`` microbatches.
    """
    tasks = microbatches * chunks

    def task(kind: str, number: int) -> tuple[str, int, int]:
        turn, place = divmod(number, stages * chunks)
        chunk = place // stages
        return kind, chunk if kind == "f" else chunks - 1 - chunk, turn * stages + place % stages

    orders = []
    for stage in range(stages):
        warm = stages - stage - 1 if chunks == 1 else 2 * (stages - stage - 1) + (chunks - 1) * stages
        warm = min(warm, tasks)
        order = [task("f", i) for i in range(warm)]
        for i in range(tasks - warm):
            order += [task("f", warm + i), task("b", i)]
        orders.append(order + [task("b", i) for i in range(tasks - warm, tasks)])
    ended: dict[tuple[str, int, int], float] = {}  # kind, place in the whole model, microbatch
    free, position = [0.0] * stages, [0] * stages
    last = stages * chunks - 1
    while any(position[s] < len(orders[s]) for s in range(stages)):
        progressed = False
        for stage in range(stages):
            if position[stage] == len(orders[stage]):
                continue
            kind, chunk, batch = orders[stage][position[stage]]
            place = chunk * stages + stage
            if kind == "f":
                ready = 0.0 if place == 0 else ended.get(("f", place - 1, batch))
            else:
                ready = ended.get(("f", place, batch) if place == last else ("b", place + 1, batch))
            if ready is None:
                continue
            start = max(free[stage], ready)
            free[stage] = ended[kind, place, batch] = start + (forward if kind == "f" else backward) / chunks
            position[stage] += 1
            progressed = True
        assert progressed, "the schedule deadlocks"
    return max(free)


SCHEDULES = [(2, 1, 4), (4, 1, 8), (2, 2, 4), (4, 2, 8), (4, 3, 16), (8, 2, 8), (8, 4, 32), (1, 2, 4)]


@pytest.mark.parametrize(("stages", "chunks", "microbatches"), SCHEDULES)
@pytest.mark.parametrize("backward", [1.0, 2.0, 3.5])
def test_the_bubble_of_interleaving_is_that_of_the_schedule(
    stages: int, chunks: int, microbatches: int, backward: float
) -> None:
    """Interleaved 1F1B, event by event, loses (p - 1) / v slots, however a slot divides into forward and backward."""
    whole = interleaved(stages, chunks, microbatches, 1.0, backward)
    slot = 1.0 + backward
    found = law(pipeline=stages, interleave=chunks, microbatches=microbatches, slot=slot)
    assert found["ends"] == pytest.approx(whole - microbatches * slot, rel=1e-9, abs=1e-9)
    assert found["bubble_ratio"] == pytest.approx(whole / (microbatches * slot) - 1, rel=1e-9, abs=1e-9)
    assert found["bubble_share"] == pytest.approx(1 - microbatches * slot / whole, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("ranks", [1, 2, 8])
def test_tensor_parallel_data_is_what_narayanan_counts(ranks: int) -> None:
    """Narayanan et al. 2021, section 3.2: 8 b s h (t - 1) / t numbers per layer, device and microbatch."""
    b, s, h, layers, microbatches = 2, 2048, 12288, 12, 6
    found = law(
        tensor=ranks, link_latency=0, link_rate=1e9, local_tokens=b * s, hidden=h, value_bytes=2,
        microbatches=microbatches, stage_layers=layers,
    )  # fmt: skip
    numbers = 8 * b * s * h * (ranks - 1) / ranks
    assert found["step_tensor"] * 1e9 == pytest.approx(2 * numbers * layers * microbatches)


@pytest.mark.parametrize("ranks", [1, 2, 8])
def test_sequence_parallelism_takes_as_long_as_what_it_replaces(ranks: int) -> None:
    """Korthikanti et al. 2022, section 4.2.2: a reduce-scatter and an all-gather are an all-reduce."""
    found = law(ranks=ranks, message=3e6, latency=LATENCY, bandwidth=BANDWIDTH)
    assert found["half_and_half"] == pytest.approx(found["all_reduce"])


@pytest.mark.parametrize(("recompute", "repeated"), [(0, 0), (1, 0), (2, 1)])
@pytest.mark.parametrize("overlap", [0.0, 0.3, 1.0])
def test_gathering_again_hides_behind_the_gradients_of_inputs(
    training: Evaluate, recompute: int, repeated: int, overlap: float
) -> None:
    """Korthikanti et al. 2022, section 4.2.2: two all-gathers on top, overlapped with the input gradients of QKV and 4h."""
    b, s, h, ranks, peak = 2, 2048, 4096, 8, 300e12
    found = training(
        **gpt(4, h, 32, 1000, s), tensor=ranks, accelerators=8, sequence=1, microbatch=b, batch_size=b, recompute=recompute,
        link_bandwidth=1e11, link_efficiency=1, overlap=overlap, peak=peak, efficiency=1,
    )  # fmt: skip
    one = (ranks - 1) * b * s * h * 2 / ranks / 1e11
    products = 2 * b * s * (3 * h * h + 4 * h * h) / ranks / peak
    shown = max(0.0, 2 * one - overlap * products)
    assert shown > 0 or overlap == 1.0
    assert found["communication.tensor_time"] == pytest.approx(4 * ((4 + 2 * repeated) * 2 * one + shown), rel=1e-12)
    if overlap == 0:  # five all-reduces' worth, seven with full recomputation
        assert found["communication.tensor_time"] == pytest.approx(4 * (5 + 2 * repeated) * 2 * one, rel=1e-12)


@pytest.mark.parametrize(("shared", "gathers"), [(0, 1), (1, 2), (8, 2)])
def test_routed_experts_gather_nothing_again(training: Evaluate, shared: int, gathers: int) -> None:
    """Routed experts keep the tokens that were sent to them; attention and shared experts keep a part of theirs."""
    shape = gpt(4, 512, 8, 1000, 128) | {"dense_layers": 0, "experts": 8, "active_experts": 2, "shared_experts": shared}
    found = training(**shape, tensor=4, accelerators=4, sequence=1, link_bandwidth=1e9, link_efficiency=1, overlap=0)
    one = 3 * 128 * 512 * 2 / 4 / 1e9
    assert found["communication.tensor_time"] == pytest.approx(4 * (8 + gathers) * one, rel=1e-12)


@pytest.mark.parametrize(("ranks", "hot"), [(4, 1), (8, 1), (8, 3)])
def test_an_uneven_exchange_waits_for_its_busiest_rank(ranks: int, hot: int) -> None:
    """Round by round, an all-to-all ends when its largest message has arrived."""
    tokens, width, copies = 960, 32, 3
    generator = random.Random(7)
    even = tokens * copies // ranks
    sent = [[even] * ranks for _ in range(ranks)]
    for row in sent:  # the hot ranks get half as much again, the others what is left
        extra = even // 2
        for rank in range(hot):
            row[rank] += extra
        others = list(range(hot, ranks))
        generator.shuffle(others)
        for rank in itertools.islice(itertools.cycle(others), extra * hot):
            row[rank] -= 1
        assert sum(row) == tokens * copies
    clock = sum(
        message(max(sent[rank][(rank + shift) % ranks] for rank in range(ranks)) * width * 2)
        for shift in range(1, ranks)
    )
    imbalance = max(sum(row[rank] for row in sent) for rank in range(ranks)) / (even * ranks)
    found = law(
        expert=ranks, active_experts=6, routed_ranks=copies, local_tokens=tokens, hidden=width, value_bytes=2,
        imbalance=imbalance, link_latency=LATENCY, link_rate=BANDWIDTH,
    )  # fmt: skip
    assert found["layer_experts"] == pytest.approx(4 * clock, rel=1e-12)


def test_routing_to_few_ranks_bounds_the_copies() -> None:
    """DeepSeek-V2 visits 6 experts on at most 3 ranks, so it sends half of what unlimited routing sends."""
    common = dict(
        expert=8,
        active_experts=6,
        local_tokens=4096,
        hidden=5120,
        value_bytes=2,
        imbalance=1,
        link_latency=0,
        link_rate=1e9,
    )
    limited, free = law(routed_ranks=3, **common), law(routed_ranks=8, **common)
    assert limited["layer_experts"] == pytest.approx(free["layer_experts"] / 2)


@pytest.mark.parametrize(("groups", "limit", "active"), [(4, 2, 4), (4, 1, 3), (8, 3, 4), (1, 1, 4), (2, 2, 2)])
@pytest.mark.parametrize("ranks", [1, 2, 4, 8, 16])
def test_a_token_needs_at_most_so_many_copies(
    training: Evaluate, groups: int, limit: int, active: int, ranks: int
) -> None:
    """Of all ways to choose a token's experts from a few groups, the worst needs as many copies as a plan sends."""
    experts, size = 16, 4
    chosen = [
        pick
        for pick in itertools.combinations(range(experts), active)
        if len({expert * groups // experts for expert in pick}) <= limit
    ]
    to_ranks = max(len({expert * ranks // experts for expert in pick}) for pick in chosen)
    nodes = max(1, ranks // size)
    to_nodes = max(len({expert * nodes // experts for expert in pick}) for pick in chosen)
    shape = gpt(2, 512, 8, 1000, 128) | {"dense_layers": 0, "experts": experts, "active_experts": active}
    found = training(
        **shape, expert_groups=groups, routed_groups=limit, expert=ranks, accelerators=size, data=16, link_efficiency=1,
    )  # fmt: skip
    copy = 128 * 512 * 2
    assert found["communication.expert_nodes"] == nodes
    assert found["communication.expert_message"] == to_ranks * copy
    assert found["communication.expert_net_message"] == to_nodes * copy


def test_tokens_of_deepseek_v3_go_to_four_nodes(training: Evaluate) -> None:
    """DeepSeek-V3, sections 2.1.2 and 3.2.2: of 64 expert ranks in 8 nodes a token reaches 8 in at most 4 nodes."""
    shape = gpt(2, 512, 8, 1000, 128) | {"dense_layers": 0, "experts": 256, "active_experts": 8}
    net, link, gamma = (5e-6, 50e9), (1e-6, 160e9), 1.25
    found = training(
        **shape, expert_groups=8, routed_groups=4, expert=64, accelerators=8, data=64, link_efficiency=1, imbalance=gamma,
        link_latency=link[0], link_bandwidth=link[1], net_latency=net[0], net_bandwidth=net[1],
    )  # fmt: skip
    copy = gamma * 128 * 512 * 2
    clock = 7 * message(4 * copy / 8, *net) + 7 * message(8 * copy / 8, *link)
    assert found["communication.expert_exchange"] == pytest.approx(clock, rel=1e-12)


@pytest.mark.parametrize("ranks", [1, 2, 5, 8])
def test_a_ring_of_keys_and_values_visits_everyone(ranks: int) -> None:
    """Handing parts round until every rank has seen all of them costs the volume and the time of the laws."""
    tokens, width = 4096 * ranks, 256
    part = tokens / ranks * width * 2
    seen, holding = [{rank} for rank in range(ranks)], list(range(ranks))
    volume = clock = 0.0
    while any(len(parts) < ranks for parts in seen):
        holding = [holding[(rank - 1) % ranks] for rank in range(ranks)]
        for rank in range(ranks):
            seen[rank].add(holding[rank])
        volume, clock = volume + part, clock + message(part)
    found = law(context=ranks, sequence=tokens, cached_width=width, cache_bytes=2, **LINK)
    assert found["ring_volume"] == volume
    assert found["ring"] == pytest.approx(clock, rel=1e-12)


@pytest.mark.parametrize(("nodes", "size", "tensor"), [(1, 4, 2), (2, 2, 1), (3, 4, 2), (4, 1, 8)])
def test_rings_within_nodes_turn_inside_one_over_nodes(training: Evaluate, nodes: int, size: int, tensor: int) -> None:
    """Parts go round their node, then to the next: all meet all, and a network link carries a rank's own parts alone."""
    ranks, link, net = nodes * size, (1e-6, 400e9), (5e-6, 50e9)
    found = training(
        **gpt(2, 512, 8, 1000, 12 * 128), context=ranks, tensor=tensor, accelerators=size * tensor,
        link_latency=link[0], net_latency=net[0], link_bandwidth=link[1], net_bandwidth=net[1], link_efficiency=1,
    )  # fmt: skip
    part = found["communication.context_message"]
    holding = list(range(ranks))
    seen = [{rank} for rank in range(ranks)]
    clock = 0.0
    for node in range(nodes):
        for _ in range(size - 1):
            holding = [holding[rank - rank % size + (rank - 1) % size] for rank in range(ranks)]
            clock += message(part, *link)
            for rank in range(ranks):
                seen[rank].add(holding[rank])
        if node < nodes - 1:
            holding = [holding[(rank - size) % ranks] for rank in range(ranks)]
            clock += message(part, *net)
            for rank in range(ranks):
                seen[rank].add(holding[rank])
    assert all(len(parts) == ranks for parts in seen)
    assert found["communication.context_ring"] == pytest.approx(clock, rel=1e-12)


def test_a_ring_hides_behind_blocks_of_liu() -> None:
    """Liu et al. 2023, section 3: with two-byte keys and values of full width a block must be F / B tokens long."""
    for peak, bandwidth in [(312e12, 300e9), (275e12, 268e9)]:
        found = law(cached_width=2 * 4096, cache_bytes=2, peak=peak, hidden=4096, bandwidth=bandwidth)
        assert found["hiding_block"] == pytest.approx(peak / bandwidth)
