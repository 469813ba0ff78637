"""Utilisations that papers print, tiles and launches simulated one by one, and limits."""

from __future__ import annotations

import random

import pytest

from mlsysim.symbolic.graph import wall
from tests.physics.conftest import Evaluate, gpt


def law(**values: float) -> dict[str, float]:
    """The wall's laws at some values."""
    return wall("software").wall.evaluate(**values)


def test_palm_reaches_the_utilisation_it_prints() -> None:
    """Chowdhery et al. 2022, section 4.1: 238.3 thousand tokens a second are 45.7 %, and 46.2 % with attention.

    540.35 billion parameters, 118 layers, 48 heads of 256, sequences of 2048, 6144 TPU v4 of 275 TFLOP/s.
    """
    base = dict(
        parameters=540.35e9,
        hidden=48 * 256,
        sequence_length=2048,
        causal=0,
        throughput=238.3e3,
        devices=6144,
        peak=275e12,
    )
    assert law(layers=118, **base)["mfu"] == pytest.approx(0.462, abs=0.0005)
    assert law(layers=0, **base)["mfu"] == pytest.approx(0.457, abs=0.0005)


def test_megatron_turing_reaches_the_utilisation_palm_prints() -> None:
    """The same section: 65.43 thousand tokens a second on 2240 A100 are 29.7 %, and 30.2 % with attention."""
    h, layers, vocabulary = 20480, 105, 51200
    parameters = 12 * layers * h**2 * (1 + 13 / (12 * h) + (vocabulary + 2048) / (12 * layers * h))
    base = dict(
        parameters=parameters, hidden=h, sequence_length=2048, causal=0, throughput=65.43e3, devices=2240, peak=312e12
    )
    assert law(layers=layers, **base)["mfu"] == pytest.approx(0.302, abs=0.0005)
    assert law(layers=0, **base)["mfu"] == pytest.approx(0.297, abs=0.0005)


# Korthikanti et al. 2022, tables 3 and 5: hidden size, layers, accelerators, batch, seconds, MFU.
RUNS = [
    (6144, 48, 8, 4, 1.10, 0.415), (12288, 96, 64, 64, 13.75, 0.514), (20480, 105, 280, 280, 37.83, 0.560),
    (25600, 128, 512, 512, 71.49, 0.563), (20480, 105, 2240, 2240, 39.15, 0.542),
]  # fmt: skip


@pytest.mark.parametrize(("h", "layers", "devices", "batch", "seconds", "printed"), RUNS)
def test_megatron_reaches_the_utilisation_korthikanti_prints(
    h: int, layers: int, devices: int, batch: int, seconds: float, printed: float
) -> None:
    """Iteration times give the model FLOPs utilisation of table 5, within the rounding of both numbers."""
    s, vocabulary = 2048, 51200
    found = law(
        parameters=12 * layers * h**2 + h * vocabulary, layers=layers, hidden=h, sequence_length=s, causal=0,
        throughput=batch * s / seconds, devices=devices, peak=312e12,
    )  # fmt: skip
    equation_of_appendix = 72 * batch * layers * s * h**2 * (1 + s / (6 * h) + vocabulary / (12 * h * layers))
    assert found["mfu"] == pytest.approx(equation_of_appendix / (seconds * devices * 312e12), rel=1e-12)
    assert found["mfu"] == pytest.approx(printed, abs=0.0005 + printed * 0.005 / seconds)


@pytest.mark.parametrize(("h", "layers", "devices", "batch", "seconds", "printed"), RUNS)
def test_a_plan_gives_both_conventions(
    training: Evaluate, h: int, layers: int, devices: int, batch: int, seconds: float, printed: float
) -> None:
    """Their appendix counts all pairs (but no half of a causal model): so does the second metric; the first counts half."""
    s, vocabulary = 2048, 51200
    found = training(
        **{**gpt(layers, h, 128, vocabulary, s), "causal": 1}, batch_size=batch, devices=devices, peak=312e12
    )
    possible = found["performance.latency"] * devices * 312e12
    products = 72 * batch * layers * s * h**2
    assert found["performance.mfu_all_pairs"] * possible == pytest.approx(
        products * (1 + s / (6 * h) + vocabulary / (12 * h * layers)), rel=1e-9
    )
    assert found["performance.mfu"] * possible == pytest.approx(
        products * (1 + s / (12 * h) + vocabulary / (12 * h * layers)), rel=1e-9
    )


def test_hardware_does_a_pass_more_when_it_computes_everything_again() -> None:
    """Full recomputation is four passes for three: hardware utilisation is 4/3 of model utilisation, and 1 without."""
    base = dict(
        parameters=1e9, layers=24, hidden=2048, sequence_length=1024, causal=1, throughput=1e4, devices=8, peak=1e14
    )
    again, kept = law(repeated=1, **base), law(repeated=0, **base)
    assert again["hfu"] / again["mfu"] == pytest.approx(4 / 3)
    assert again["excess"] == pytest.approx(4 / 3)
    assert kept["hfu"] == kept["mfu"] == again["mfu"]


def schedule(m: int, n: int, tile: tuple[int, int], processors: int) -> tuple[int, float]:
    """Cut a product into tiles and hand each to the processor that is free first; tiles, and the time in tiles."""
    tiles = sum(1 for _ in range(0, m, tile[0]) for _ in range(0, n, tile[1]))
    free = [0.0] * processors
    for _ in range(tiles):
        first = min(range(processors), key=free.__getitem__)
        free[first] += 1.0
    return tiles, max(free)


@pytest.mark.parametrize("seed", range(8))
def test_tiles_and_waves_lose_what_a_schedule_loses(seed: int) -> None:
    """Handing tiles out one by one wastes the shares of the laws."""
    generator = random.Random(seed)
    m, n = generator.randint(1, 3000), generator.randint(1, 3000)
    tile = (generator.choice([64, 128, 256]), generator.choice([64, 128]))
    processors = generator.choice([1, 80, 108, 132])
    tiles, span = schedule(m, n, tile, processors)
    found = law(rows=m, columns=n, tile_rows=tile[0], tile_columns=tile[1], processors=processors, kernel=0.9)
    assert found["tiles"] == tiles
    assert found["tile_share"] == pytest.approx(m * n / (tiles * tile[0] * tile[1]))
    assert found["wave_share"] == pytest.approx(tiles / (span * processors))
    assert found["gemm"] == pytest.approx(0.9 * m * n / (span * processors * tile[0] * tile[1]))


def test_one_row_more_needs_a_second_wave() -> None:
    """On 108 processors with tiles of 256 by 128 a square product of 1792 is 98 tiles in one wave, of 1793 two waves."""
    tile = dict(tile_rows=256, tile_columns=128, processors=108, kernel=1)
    fits, spills = law(rows=1792, columns=1792, **tile), law(rows=1793, columns=1793, **tile)
    assert (fits["tiles"], spills["tiles"]) == (98, 120)
    assert fits["tile_share"] == 1
    assert spills["gemm"] == pytest.approx(fits["gemm"] / 2, rel=2e-3)


def test_a_large_product_loses_nothing() -> None:
    """The shares of tiles and of waves go to one as a product grows."""
    found = law(rows=10**6 + 1, columns=10**6 + 1, tile_rows=256, tile_columns=128, processors=108, kernel=0.8)
    assert found["gemm"] == pytest.approx(0.8, rel=1e-3)


def test_a_program_runs_its_operators_one_by_one() -> None:
    """Summing the times of kernels, each with its launch, gives the share of peak from parts and from shares of time."""
    generator = random.Random(3)
    peak, bandwidth, launch, efficiency = 312e12, 2e12, 5e-6, 0.7
    products = [generator.uniform(1e9, 1e12) for _ in range(40)]
    others = [generator.uniform(1e6, 1e9) for _ in range(120)]
    clock = sum(launch + work / (peak * efficiency) for work in products)
    clock += sum(launch + moved / bandwidth for moved in others)
    found = law(
        products=sum(products), other_moved=sum(others), launches=160, launch=launch, peak=peak, gemm=efficiency,
        bandwidth=bandwidth, memory_efficiency=1,
    )  # fmt: skip
    assert found["program"] == pytest.approx(sum(products) / peak / clock, rel=1e-12)
    shares = law(gemm=efficiency, other_share=sum(others) / bandwidth / clock, launch_share=160 * launch / clock)
    assert shares["program"] == pytest.approx(found["program"], rel=1e-12)


def test_slow_operators_weigh_by_their_slowness() -> None:
    """Two classes run one after the other: their shares of peak combine as Amdahl's law, and bound the whole."""
    peak, bandwidth, fast, intensity, share, work = 312e12, 2e12, 0.75, 2.0, 0.998, 1e15
    clock = share * work / (peak * fast) + (1 - share) * work / intensity / bandwidth
    found = law(peak=peak, bandwidth=bandwidth, gemm=fast, intensity=intensity, product_part=share)
    assert found["classes"] == pytest.approx(work / peak / clock, rel=1e-12)
    free = law(peak=peak, bandwidth=bandwidth, gemm=1e12, intensity=intensity, product_part=share)
    assert free["classes"] == pytest.approx(free["slow"] / (1 - share), rel=1e-6)
    assert law(gemm=fast, slow=0.1, product_part=1)["classes"] == pytest.approx(fast)
    assert law(peak=peak, bandwidth=bandwidth, intensity=1e6)["slow"] == 1


def test_a_kernel_of_the_grain_is_half_launch() -> None:
    """Work of the grain computes exactly as long as its launch takes."""
    found = law(peak=312e12, gemm=0.5, launch=5e-6)
    assert found["grain"] / (312e12 * 0.5) == pytest.approx(5e-6)


def test_efficiency_hardly_matters_in_decode() -> None:
    """With one request on an H100, reading decides from 0.7 % of peak on, and better kernels change nothing."""
    peak, bandwidth, parameters = 989e12, 3.35e12, 8e9

    def step(efficiency: float, batch: int) -> float:
        return max(2 * parameters * batch / (peak * efficiency), 2 * parameters / bandwidth)

    for batch in (1, 8, 32):
        turning = law(peak=peak, bandwidth=bandwidth, weight_bytes=2, decoding=batch)["turning"]
        assert step(turning, batch) == pytest.approx(2 * parameters / bandwidth)
        assert step(1.0, batch) == step(turning * 1.001, batch)
        assert step(turning * 0.9, batch) > step(turning, batch) * 1.05
    assert law(peak=peak, bandwidth=bandwidth, weight_bytes=2, decoding=1)["turning"] < 0.01
