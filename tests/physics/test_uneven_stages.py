"""Pipeline stages of unequal length: by hand, by dealing out layers one by one, and against the count of even ones."""

from __future__ import annotations

import math

import pytest

from tests.physics.conftest import Evaluate, gpt


def dealt(layers: int, stages: int, first: int, last: int) -> list[int]:
    """Layers of each stage: an equal share of the layers and those that the ends count as, what lacks taken from the ends."""
    share = math.ceil((layers + first + last) / stages)
    held = [share] * stages
    held[0] -= first
    held[-1] -= last
    takers = [stages - 1, *range(stages - 1)]  # the last stage lacks a layer first, then the first, then those between
    for stage in takers[: stages * share - layers - first - last]:
        held[stage] -= 1
    return held


@pytest.mark.parametrize("layers", [24, 61, 80, 95, 126])
@pytest.mark.parametrize("stages", [2, 3, 4, 7, 16])
@pytest.mark.parametrize(("first", "last"), [(0, 0), (1, 1), (0, 2), (2, 1), (2, 2)])
def test_every_layer_is_placed(training: Evaluate, layers: int, stages: int, first: int, last: int) -> None:
    """The first, the last and the largest stage are those of layers dealt out one by one, and all of them are there."""
    found = training(
        **gpt(layers, 1024, 16, 51200, 2048), pipeline=stages, batch_size=64, first_spared=first, last_spared=last
    )
    held = dealt(layers, stages, first, last)
    assert sum(held) == layers
    assert (found["split.first_layers"], found["split.tail_layers"]) == (held[0], held[-1])
    assert found["split.stage_layers"] == max(held)


@pytest.mark.parametrize(("layers", "stages"), [(24, 1), (24, 2), (24, 4), (80, 8)])
def test_even_stages_are_what_they_were(training: Evaluate, layers: int, stages: int) -> None:
    """Nothing spared and nothing left over: every stage holds L/p layers, the last scores the output."""
    found = training(**gpt(layers, 1024, 16, 51200, 2048), pipeline=stages, batch_size=64)
    held = layers / stages
    assert found["split.first_layers"] == found["split.tail_layers"] == found["split.stage_layers"] == held
    assert found["work.stage"] == pytest.approx(
        2048 * (held * found["work.layer_step"] + 3 * found["work.head"]), rel=1e-14
    )
    assert found["memory.in_flight"] == held * stages


def test_llama_3_s_stages_are_those_of_its_paper(training: Evaluate) -> None:
    """126 layers on 16 stages: eight on each, seven at both ends (Grattafiori et al. 2024, section 3.3.2)."""
    model = gpt(126, 1024, 16, 128256, 2048)
    for spared in ({}, {"first_spared": 1, "last_spared": 1}):
        found = training(**model, pipeline=16, batch_size=64, **spared)
        assert [found[f"split.{name}_layers"] for name in ("first", "stage", "tail")] == [7, 8, 7]
    # Its interleaved schedule has chunks of one layer; those of the embedding and of the output head hold none.
    found = training(**model, pipeline=16, interleave=8, batch_size=64, first_spared=1, last_spared=1)
    assert found["split.chunk_layers"] == found["split.end_lacks"] == 1
    assert found["split.pieces"] == found["split.counted_layers"] == 128


def test_memory_of_each_stage_by_hand(training: Evaluate) -> None:
    """22 layers on four stages, one spared at either end: 5, 6, 6, 5; tables lie at the ends, 1F1B holds 4, 3, 2, 1."""
    hidden, vocabulary, length = 1024, 51200, 2048
    found = training(
        **gpt(22, hidden, 16, vocabulary, length), pipeline=4, batch_size=16, first_spared=1, last_spared=1
    )
    layer = 12 * hidden**2 + 13 * hidden
    first = 5 * layer + (vocabulary + length) * hidden
    between, last = 6 * layer, 5 * layer + vocabulary * hidden + 2 * hidden
    assert [found[f"split.{stage}_shared"] for stage in ("first", "between", "last")] == [first, between, last]
    kept = found["memory.layer_kept"]
    sizes = [16 * first + 5 * 4 * kept, 16 * between + 6 * 3 * kept, 16 * last + 5 * kept + 4 * vocabulary * length]
    needs = [found[f"memory.{stage}_stage"] for stage in ("first", "between", "last")]
    assert needs == pytest.approx(sizes, rel=1e-14)
    assert found["feasibility.memory_required"] == max(needs)
    parts = [
        found[f"memory.{part}"] for part in ("weights", "gradients", "optimizer", "activations", "gathered", "staged")
    ]
    assert sum(parts) == pytest.approx(max(needs), rel=1e-14)


@pytest.mark.parametrize("stages", [2, 4, 8])
def test_the_stages_hold_the_whole_model(training: Evaluate, stages: int) -> None:
    """The parameters of all stages are the model's and, of a tied head, its copy."""
    found = training(**gpt(24, 1024, 16, 51200, 2048), pipeline=stages, batch_size=64)
    held = found["split.first_shared"] + (stages - 2) * found["split.between_shared"] + found["split.last_shared"]
    assert held == pytest.approx(found["model.parameters"] + found["model.head"], rel=1e-14)


def in_flight(stage: int, stages: int, chunks: int, microbatches: int) -> list[int]:
    """The most microbatches that each chunk of a stage holds at once, by running its interleaved schedule step by step."""

    def chunk(step: int) -> int:
        return step % (stages * chunks) // stages

    total = microbatches * chunks
    warm = min(total, (stages - stage - 1) * 2 + (chunks - 1) * stages)
    order = ["F"] * warm + ["F", "B"] * (total - warm) + ["B"] * warm
    held, most = [0] * chunks, [0] * chunks
    peak, done = 0, {"F": 0, "B": 0}
    for kind in order:
        where = chunk(done[kind]) if kind == "F" else chunks - 1 - chunk(done[kind])
        held[where] += 1 if kind == "F" else -1
        done[kind] += 1
        if sum(held) > peak:
            peak, most = sum(held), list(held)
    return most


@pytest.mark.parametrize(("stages", "chunks"), [(4, 2), (4, 5), (8, 3), (3, 2)])
def test_interleaved_ends_hold_what_the_schedule_leaves_them(training: Evaluate, stages: int, chunks: int) -> None:
    """Chunks of two layers; the first lacks one layer, the last another: counted by running Megatron's schedule."""
    layers = 2 * stages * chunks - 2
    found = training(
        **gpt(layers, 1024, 16, 51200, 2048), pipeline=stages, interleave=chunks, batch_size=4 * stages, first_spared=1, last_spared=1
    )  # fmt: skip
    first, last = in_flight(0, stages, chunks, 4 * stages), in_flight(stages - 1, stages, chunks, 4 * stages)
    assert found["memory.in_flight"] == pytest.approx(2 * sum(first) - first[0])
    assert found["memory.in_flight_last"] == pytest.approx(2 * sum(last) - last[-1])
    assert found["memory.in_flight_between"] == pytest.approx(2 * sum(in_flight(1, stages, chunks, 4 * stages)))


def one_forward_one_backward(stage: int, stages: int, microbatches: int) -> int:
    """The most microbatches that a stage holds at once."""
    warm = min(microbatches, stages - stage - 1)
    order = "F" * warm + "FB" * (microbatches - warm) + "B" * warm
    return max(order[: end + 1].count("F") - order[:end].count("B") for end in range(len(order)))


@pytest.mark.parametrize("microbatches", [1, 2, 3, 4, 9])
@pytest.mark.parametrize("stages", [2, 4])
def test_a_stage_holds_no_more_microbatches_than_there_are(training: Evaluate, stages: int, microbatches: int) -> None:
    """Counted by running 1F1B on the first, second and last stage."""
    found = training(**gpt(3 * stages, 1024, 16, 51200, 2048), pipeline=stages, batch_size=microbatches)
    for name, stage in (("in_flight", 0), ("in_flight_between", 1), ("in_flight_last", stages - 1)):
        assert found[f"memory.{name}"] == 3 * one_forward_one_backward(stage, stages, microbatches)


@pytest.mark.parametrize(
    ("vocabulary", "microbatches", "spared", "zero"),
    [(100, 8, 0, 0), (100, 8, 2, 0), (400_000, 8, 0, 0), (400_000, 1, 2, 0), (20_000, 1, 1, 0), (100, 8, 1, 3)],
)
def test_the_parts_of_the_neediest_stage_are_what_is_needed(
    training: Evaluate, vocabulary: int, microbatches: int, spared: int, zero: int
) -> None:
    """Nothing is counted twice or left out, whichever stage needs most: the first, one between, or the last."""
    found = training(
        **gpt(22, 1024, 16, vocabulary, 2048), pipeline=4, batch_size=2 * microbatches, first_spared=spared, last_spared=spared,
        data=2, devices=8, zero=zero,
    )  # fmt: skip
    needs = [found[f"memory.{stage}_stage"] for stage in ("first", "between", "last")]
    assert found["feasibility.memory_required"] == max(needs)
    parts = ("weights", "gradients", "optimizer", "activations", "gathered", "staged")
    assert sum(found[f"memory.{part}"] for part in parts) == pytest.approx(max(needs), rel=1e-14)
