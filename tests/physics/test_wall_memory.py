"""Memory against published tables, closed-form limits and pipeline schedules run event by event."""

from __future__ import annotations

from math import floor, inf

import pytest

from mlsysim.symbolic.graph import wall
from tests.physics.conftest import Evaluate, gpt

hold = wall("memory").wall.evaluate
MIXED_ADAM = {"weight_bytes": 2, "gradient_bytes": 2, "state_bytes": 12}


@pytest.mark.parametrize(("intensity", "expected"), [(1, 3.35e12), (295.3, 9.89e14), (1e4, 9.894e14)])
def test_a_rate_is_bound_by_bandwidth_below_the_ridge_and_by_compute_above(intensity: float, expected: float) -> None:
    """An H100 reaches its bandwidth at one operation a byte, and its 989.4 TFLOP/s from 295 operations a byte."""
    found = hold(peak=9.894e14, bandwidth=3.35e12, efficiency=1, memory_efficiency=1, intensity=intensity)
    assert found["attained"] == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(("work", "moved"), [(1e12, 1e9), (1e9, 1e12), (3e14, 1e12)])
def test_the_rate_is_the_work_over_the_longer_time(work: float, moved: float) -> None:
    """Doing the work on its data at the slower of both takes as long as the attainable rate says."""
    settings = dict(peak=1e15, bandwidth=3e12, efficiency=0.5, memory_efficiency=0.8)
    found = hold(intensity=work / moved, **settings)
    assert work / found["attained"] == pytest.approx(max(work / (1e15 * 0.5), moved / (3e12 * 0.8)), rel=1e-12)
    assert hold(intensity=found["ridge"], **{**settings, "efficiency": 1, "memory_efficiency": 1})["attained"] == (
        pytest.approx(1e15)
    )


# Rajbhandari et al. 2020, table 1, in GB: devices, then stages 1, 2, 3 of models of 7.5, 128 and 1000 billion parameters.
ZERO = """
1    120  120  120   2048 2048 2048 16000 16000 16000
4    52.5 41.3 30    896  704  512  7000  5500  4000
16   35.6 21.6 7.5   608  368  128  4750  2875  1000
64   31.4 16.6 1.88  536  284  32   4187  2218  250
256  30.4 15.4 0.47  518  263  8    4046  2054  62.5
1024 30.1 15.1 0.12  513  257  2    4011  2013  15.6
"""


@pytest.mark.parametrize("row", [line.split() for line in ZERO.strip().splitlines()], ids=lambda row: row[0])
def test_zero_holds_what_its_authors_print(row: list[str]) -> None:
    """All 54 cells, within a unit of the last printed digit (the paper rounds some and cuts off others)."""
    replicas, cells = int(row[0]), row[1:]
    for position, cell in enumerate(cells):
        parameters, stage = (7.5e9, 128e9, 1e12)[position // 3], position % 3 + 1
        found = hold(parameters=parameters, data=replicas, zero=stage, **MIXED_ADAM)
        unit = 10.0 ** -len(cell.partition(".")[2])
        assert abs(found["states"] / 1e9 - float(cell)) < unit, (replicas, parameters, stage)
        assert found["states"] == pytest.approx(found[("states_first", "states_second", "states_third")[stage - 1]])


def test_adam_in_mixed_precision_holds_sixteen_bytes_a_parameter() -> None:
    """Rajbhandari et al. 2020, section 3.1: GPT-2 with 1.5 billion parameters needs at least 24 GB."""
    found = hold(parameters=1.5e9, data=64, zero=0, **MIXED_ADAM)
    assert found["states"] == found["states_whole"] == found["states_mixed"] == 24e9


def test_no_stage_saves_anything_on_one_device_and_each_saves_more_on_many() -> None:
    """One replica holds everything at every stage; on many each stage holds less than the one before."""
    alone = {hold(parameters=1e9, data=1, zero=z, **MIXED_ADAM)["states"] for z in range(4)}
    assert alone == {16e9}
    many = [hold(parameters=1e9, data=2**20, zero=z, **MIXED_ADAM)["states"] for z in range(4)]
    assert many == pytest.approx([16e9, 4e9, 2e9, 16e9 / 2**20], rel=1e-4)


# Hu et al. 2021, tables 4 and 15: adapted matrices of each of GPT-3's 96 layers, rank, millions of trained parameters. (The
# table's last row, four matrices of rank 64, prints twice the cut-off 301.9.)
LORA = [
    (1, 2, 4.7), (2, 1, 4.7), (2, 2, 9.4), (4, 1, 9.4), (2, 4, 18.8), (4, 2, 18.8), (2, 8, 37.7), (4, 4, 37.7), (2, 64, 301.9)
]  # fmt: skip


@pytest.mark.parametrize(("matrices", "rank", "millions"), LORA)
def test_adapters_have_the_parameters_that_lora_prints(matrices: int, rank: int, millions: float) -> None:
    """Every configuration of GPT-3 175B, cut off where the paper cuts off."""
    found = hold(adapted=96 * matrices, rank=rank, width_in=12288, width_out=12288)
    assert floor(found["trained"] / 1e5) / 10 == millions


def test_adapters_save_up_to_two_thirds() -> None:
    """Hu et al. 2021, section 4.2: with Adam up to 2/3 is saved, as frozen weights carry no optimizer state."""
    half_precision_adam = dict(weight_bytes=2, gradient_bytes=0, state_bytes=4)
    assert 1 - hold(**half_precision_adam)["lora_least"] == pytest.approx(2 / 3)
    found = hold(parameters=175e9, adapted=192, rank=4, width_in=12288, width_out=12288, **half_precision_adam)
    assert found["lora_states"] / 1e9 == pytest.approx(350, abs=0.5)
    assert found["lora_share"] == pytest.approx(1 / 3, rel=1e-3)
    assert found["lora_share"] > found["lora_least"]


def test_adapters_as_large_as_the_model_train_it_and_keep_it_frozen_too() -> None:
    """The states of all parameters, and the frozen weights besides, counted one by one."""
    found = hold(parameters=1000, trained=1000, **MIXED_ADAM)
    held = sum([2] * 1000) + sum(2 + 2 + 12 for _ in range(1000))
    assert found["lora_states"] == held
    assert hold(parameters=1000, trained=0, **MIXED_ADAM)["lora_states"] == 2000


# Korthikanti et al. 2022, table 3: attention heads, hidden size, tensor-parallel size; sequences of 2048.
MODELS = [(64, 6144, 8), (96, 12288, 8), (128, 20480, 8), (160, 25600, 8)]


@pytest.mark.parametrize(("a", "h", "t"), MODELS)
def test_activations_of_a_layer_are_those_of_korthikanti_table_2(training: Evaluate, a: int, h: int, t: int) -> None:
    """To the last byte, specialised and from the general count, which the plan's graph applies."""
    s, b = 2048, 4
    sbh = s * b * h
    found = hold(microbatch=b, sequence_length=s, hidden=h, heads=a, tensor=t)
    assert found["kept_tensor"] == pytest.approx(sbh * (10 + 24 / t + 5 * a * s / (h * t)), rel=1e-14)
    assert found["kept_sequence"] == pytest.approx(sbh / t * (34 + 5 * a * s / h), rel=1e-14)
    assert found["kept_alone"] == pytest.approx(sbh * (34 + 5 * a * s / h), rel=1e-14)
    assert found["kept_alone_selective"] == 34 * sbh
    assert found["kept_alone_full"] == 2 * sbh
    for divided in (0, 1):
        published = found["kept_sequence" if divided else "kept_tensor"]
        split = dict(microbatch=b, tensor=t, sequence=divided, context=2)
        general = hold(**split, sequence_length=s, hidden=h, heads=a, kv_heads=a, latent=0, query_key_width=h / a,
                       mix_width=h / a, ffn_width=4 * h, ffn_matrices=2, sparse_share=0, active_experts=0, shared_experts=0,
                       expert_width=0, dropout=1, value_bytes=2, score_bytes=2, recompute=0)  # fmt: skip
        plan = training(**gpt(8, h, a, 51200, s), **split, batch_size=b)
        for kept in (general["kept"], general["kept_chosen"], plan["memory.layer_kept"]):
            assert kept == pytest.approx(published / 2, rel=1e-12)


@pytest.mark.parametrize(("a", "h", "saved"), [(96, 12288, 0.70), (128, 20480, 0.65)])
def test_computing_scores_again_saves_what_korthikanti_prints(a: int, h: int, saved: float) -> None:
    """Section 5: selective recomputation saves 70 % of the activations of GPT-3 and 65 % of those of MT-NLG."""
    found = hold(microbatch=1, sequence_length=2048, hidden=h, heads=a)
    assert 1 - found["kept_alone_selective"] / found["kept_alone"] == pytest.approx(saved, abs=0.005)


def held_by_the_first_stage(stages: int, chunks: int, microbatches: int) -> int:
    """Run Megatron-LM's schedule task by task and return the most chunks that the first stage held at once."""
    total = microbatches * chunks

    def task(position: int, forward: bool) -> tuple[str, int, int]:
        group, inside = divmod(position, stages * chunks)
        chunk = inside // stages
        return ("f" if forward else "b", chunk if forward else chunks - 1 - chunk, group * stages + inside % stages)

    orders = []
    for stage in range(stages):
        warm = stages - stage - 1 if chunks == 1 else 2 * (stages - stage - 1) + (chunks - 1) * stages
        warm = min(warm, total)
        order = [task(i, True) for i in range(warm)]
        for i in range(total - warm):
            order += [task(warm + i, True), task(i, False)]
        orders.append(order + [task(i, False) for i in range(total - warm, total)])

    done: dict[tuple[int, str, int, int], float] = {}
    free, position, held, most = [0.0] * stages, [0] * stages, 0, 0

    def ready(stage: int, kind: str, chunk: int, microbatch: int) -> float:
        if kind == "f":
            if stage == chunk == 0:
                return 0.0
            before = (stage - 1, "f", chunk) if stage else (stages - 1, "f", chunk - 1)
        elif stage < stages - 1:
            before = (stage + 1, "b", chunk)
        else:
            before = (0, "b", chunk + 1) if chunk < chunks - 1 else (stage, "f", chunk)
        return done.get((*before, microbatch), inf)

    while any(position[stage] < len(orders[stage]) for stage in range(stages)):
        stage = min(
            (s for s in range(stages) if position[s] < len(orders[s])),
            key=lambda s: max(free[s], ready(s, *orders[s][position[s]])),
        )
        kind, chunk, microbatch = orders[stage][position[stage]]
        start = max(free[stage], ready(stage, kind, chunk, microbatch))
        assert start < inf, "the schedule deadlocks"
        free[stage] = done[stage, kind, chunk, microbatch] = start + (1 if kind == "f" else 2)
        position[stage] += 1
        if stage == 0:
            held += 1 if kind == "f" else -1
            most = max(most, held)
    return most


@pytest.mark.parametrize(("stages", "chunks"), [(2, 2), (4, 2), (4, 3), (8, 4)])
def test_interleaving_holds_the_chunks_of_the_schedule(stages: int, chunks: int) -> None:
    """Run task by task, the first stage holds as many layers at once as the law says, with and without interleaving."""
    layers = stages * chunks * 2
    found = hold(layers=layers, pipeline=stages, interleave=chunks)
    interleaved = held_by_the_first_stage(stages, chunks, 4 * stages) * layers / (stages * chunks)
    plain = held_by_the_first_stage(stages, 1, 4 * stages) * layers / stages
    assert found["layers_interleaved"] == pytest.approx(interleaved, rel=1e-12)
    assert found["layers_plain"] == pytest.approx(plain, rel=1e-12)
    assert found["interleaving"] == pytest.approx(interleaved / plain, rel=1e-12)


def test_interleaving_costs_nothing_in_very_many_chunks() -> None:
    """The factor falls to one, and is 1 + 7/16 for eight stages of two chunks."""
    assert hold(layers=64, pipeline=8, interleave=2)["interleaving"] == pytest.approx(1 + 7 / 16)
    assert hold(layers=64, pipeline=8, interleave=10**9)["interleaving"] == pytest.approx(1, rel=1e-8)
