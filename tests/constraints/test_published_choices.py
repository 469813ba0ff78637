"""What builders of large models chose, against every split that their constraints leave.

The constraints are those that the papers state; efficiency is the evaluation's documented default, links and overlap are
ideal. For each pair of tensor and pipeline degrees the best of what is left open (microbatch, interleaving) counts.

Where the published pair is not the first, the pair that is has fewer tensor ranks or fewer stages, and the reasons are two.
The search fills memory: its best needs 76 to 80 of 80 GB, and a run needs room for its libraries, its buffers and what its
allocator loses. And the papers follow a rule (takeaways 1 and 2 of Narayanan et al.): tensor parallelism up to the size of a
node first, then as many stages as the model needs to fit, where the equations find that tensor ranks exchange more than
stages do.
"""

from __future__ import annotations

from typing import Any

import numpy
import pytest

from mlsysim.constraints.compiler import Goal
from mlsysim.constraints.search import Problem
from mlsysim.design.binding import bind
from mlsysim.plan import load
from mlsysim.search.parallelism import split_space
from tests.conftest import plan

#: Accelerators of a server. Ranks are counted among the splits that keep a layer inside one, as the published ones do. Over all
#: splits two of them rank lower than they should: see ACROSS.
SERVER = 8
#: Why: collectives over several servers use all network links at once, and nothing yet charges narrow shards and their launches.
ACROSS = (
    "tensor ranks over several servers come out too quick: the efficiency of a product does not depend on its shape"
)
LATENCY = "performance.latency"
DEGREES = ("split.tensor", "split.pipeline")


def ranking(data: dict[str, Any]) -> dict[tuple[int, int], float]:
    """The least time for each tensor and pipeline degree that fits, the quickest first."""
    problem = Problem(split_space(bind(load(data))), Goal.of(LATENCY))
    rows = problem.space.lattice(problem.space.domains)
    costs = problem.costs(rows)
    found: dict[tuple[int, int], float] = {}
    for position in numpy.argsort(costs, kind="stable"):
        if numpy.isfinite(costs[position]):
            tensor, pipeline = (int(rows[name][position]) for name in DEGREES)
            found.setdefault((tensor, pipeline), float(costs[position]))
    return found


def place(found: dict[tuple[int, int], float], published: tuple[int, int]) -> tuple[int, float]:
    """The rank of a published choice, and how much longer than the optimum it takes."""
    assert published in found, "the published split fits"
    return list(found).index(published) + 1, found[published] / min(found.values()) - 1


# Narayanan et al. 2021, table 1: model, tensor, pipeline, A100 of 80 GB, batch; then the rank that it has here at most, and by
# how much it may miss the optimum. Their runs recompute every layer, hold the optimizer state on every replica and know
# neither context nor sequence parallelism; sequences are 2,048 tokens.
MEGATRON = [
    ("Megatron_1_7B", 1, 1, 32, 512, 1, 0.0), ("Megatron_3_6B", 2, 1, 64, 512, 2, 0.03),
    ("Megatron_7_5B", 4, 1, 128, 512, 4, 0.04), ("Megatron_18B", 8, 1, 256, 1024, 7, 0.08),
    ("Megatron_39B", 8, 2, 512, 1536, 3, 0.05), ("Megatron_76B", 8, 4, 1024, 1792, 2, 0.01),
    ("Megatron_145B", 8, 8, 1536, 2304, 4, 0.02), ("Megatron_310B", 8, 16, 1920, 2160, 2, 0.02),
    ("Megatron_530B", 8, 35, 2520, 2520, 3, 0.04), ("Megatron_1T", 8, 64, 3072, 3072, 2, 0.03),
]  # fmt: skip


def megatron(model: str, devices: int, batch: int) -> dict[str, Any]:
    """The plan of a run of table 1."""
    return plan(
        workload={"name": model, "batch_size": batch, "sequence_length": 2048, "precision": "fp16"},
        hardware={"name": "A100", "nodes": devices // 8},
        parallelism={"context": 1, "zero": 0, "recompute": "full", "sequence": False, "first_spared": 0, "last_spared": 0},
        software={"overlap": 0.0},
    )  # fmt: skip


@pytest.mark.parametrize(("model", "tensor", "pipeline", "devices", "batch", "rank", "miss"), MEGATRON)
def test_megatron_s_choices_are_among_the_best(
    model: str, tensor: int, pipeline: int, devices: int, batch: int, rank: int, miss: float
) -> None:
    """Ten models from 1.7 to 1,008 billion parameters, each within a few percent of the optimum of 13 to 71 pairs.

    The largest miss is the 18 B model, which the paper ran without stages at all: eight tensor ranks spend 1.1 of 9.9 s on
    their exchange, where two ranks on each of two stages spend 0.3 s, but need 76.5 of 80 GB.
    """
    found = ranking(megatron(model, devices, batch))
    assert len(found) >= 13
    _, longer = place(found, (tensor, pipeline))
    assert longer <= miss
    inside = {degrees: cost for degrees, cost in found.items() if degrees[0] <= SERVER}
    here, _ = place(inside, (tensor, pipeline))
    assert here <= rank


@pytest.mark.xfail(strict=True, reason=ACROSS)
def test_megatron_s_largest_choice_is_the_second_best_of_all() -> None:
    """Over all splits that of the 1,008 billion parameters is the third."""
    here, _ = place(ranking(megatron("Megatron_1T", 3072, 3072)), (8, 64))
    assert here <= 2


def llama(nodes: int) -> dict[str, Any]:
    """The plan of Llama 3 405B with what its paper fixes."""
    return plan(
        workload={"name": "Llama3_405B", "batch_size": 2048, "sequence_length": 8192, "precision": "bf16"},
        hardware={"name": "H100", "nodes": nodes},
        parallelism={"context": 1, "zero": 2, "recompute": "selective", "microbatch": 1},
    )


@pytest.mark.parametrize(("nodes", "miss"), [(1024, 0.03), (2048, 0.04)])
def test_llama_3_405b_s_choice_is_the_second_best(nodes: int, miss: float) -> None:
    """Grattafiori et al. 2024, table 4: TP 8, CP 1, PP 16 on 8,192 and 16,384 H100, 16 million tokens a step.

    Gradients and optimizer state are divided, weights are not; one sequence is a microbatch. The paper keeps all activations, but
    its attention never writes its scores: that is what selective recomputation keeps. Eight stages come out 2 to 4 %
    quicker than sixteen, for they leave less bubble, but need 77 of 80 GB where sixteen need 71. This is among the splits that
    keep a layer inside a server.
    """
    here, longer = place(ranking({**llama(nodes), "search": {"vary": {"tensor": [1, 2, 4, SERVER]}}}), (8, 16))
    assert here == 2
    assert longer <= miss


@pytest.mark.xfail(strict=True, reason=ACROSS)
@pytest.mark.parametrize(("nodes", "miss"), [(1024, 0.03), (2048, 0.04)])
def test_llama_3_405b_s_choice_is_the_second_best_of_all(nodes: int, miss: float) -> None:
    """Over all splits it ranks 7th, 22 % behind, on 1,024 nodes, and 14th, 60 % behind, on 2,048: TP 16 x PP 2 is ahead."""
    here, longer = place(ranking(llama(nodes)), (8, 16))
    assert here == 2
    assert longer <= miss


def test_llama_3_405b_cannot_keep_its_scores() -> None:
    """With scores in memory the published split does not fit, so its attention must be a fused one."""
    data = plan(
        workload={"name": "Llama3_405B", "batch_size": 2048, "sequence_length": 8192, "precision": "bf16"},
        hardware={"name": "H100", "nodes": 2048},
        parallelism={"context": 1, "zero": 2, "recompute": "none", "microbatch": 1},
    )
    assert (8, 16) not in ranking(data)
