"""Wall 13 against published sizes, rates and perplexities, packed arrays and limits."""

from __future__ import annotations

import math

import numpy
import pytest

from mlsysim.symbolic.graph import wall
from mlsysim.symbolic.quantity import Quantity
from mlsysim.symbolic.walls.algorithm.fidelity import wall as fidelity

LAW = wall("fidelity").wall
assert LAW is not None
BIT = 1 / 8


@pytest.mark.parametrize(("bits", "group", "extra"), [(3, 1024, "0.02"), (3, 128, "0.15")])
def test_groups_cost_the_extra_bits_that_gptq_reports(bits: int, group: int, extra: str) -> None:
    """Frantar et al. 2023, section 4: groups of 1024 cost about 0.02 bits a weight, groups of 128 about 0.15."""
    found = LAW.evaluate(base=2, target=bits * BIT, scale=2, zero=bits * BIT, group=group)["compression"]
    assert f"{16 / found - bits:.2f}" == extra


def test_two_bits_in_groups_of_32_are_2_6_bits() -> None:
    """Frantar et al. 2023, section 4: FP16 scale and 2-bit zero point per 32 weights make about 2.6 bits."""
    found = LAW.evaluate(base=2, target=2 * BIT, scale=2, zero=2 * BIT, group=32)["compression"]
    assert f"{16 / found:.1f}" == "2.6"


def test_double_quantisation_costs_the_bits_that_qlora_reports() -> None:
    """Dettmers et al. 2023, section 3: 32-bit constants cost 0.5 bits a weight in blocks of 64, quantised again 0.127."""
    single = LAW.evaluate(base=2, target=4 * BIT, scale=4, zero=0, group=64)["compression"]
    assert 16 / single - 4 == pytest.approx(0.5)
    twice = LAW.evaluate(scale_code=1, second_scale=4, block=256, zero=0, group=64)["shared"]
    assert f"{8 * twice:.3f}" == "0.127"


@pytest.mark.parametrize("group", [32, 128])
def test_packed_weights_take_as_many_bytes(group: int) -> None:
    """Weights that are really rounded and packed, two codes in a byte, are as much smaller as the law says."""
    weights = numpy.random.default_rng(3).normal(size=(64, 1024)).astype(numpy.float16)
    groups = weights.reshape(-1, group).astype(numpy.float32)
    low, high = groups.min(axis=1), groups.max(axis=1)
    scale = ((high - low) / 15).astype(numpy.float16)
    zero = numpy.round(-low / scale).astype(numpy.uint8)
    codes = numpy.clip(numpy.round(groups / scale[:, None]) + zero[:, None], 0, 15).astype(numpy.uint8)
    packed = codes[:, ::2] | codes[:, 1::2] << 4
    size = packed.nbytes + scale.nbytes + zero.nbytes
    found = LAW.evaluate(base=2, target=0.5, scale=2, zero=1, group=group)["compression"]
    assert found == pytest.approx(weights.nbytes / size, rel=1e-12)


@pytest.mark.parametrize("share", [0.25, 0.5, 0.9])
def test_sparse_weights_take_as_many_bytes(share: float) -> None:
    """Kept values and their 16-bit columns, really stored, are as much smaller as the law says, or larger."""
    weights = numpy.random.default_rng(5).normal(size=40000).astype(numpy.float32)
    kept = numpy.argsort(numpy.abs(weights))[int(share * weights.size) :]
    size = weights[kept].nbytes + kept.astype(numpy.uint16).nbytes
    found = LAW.evaluate(base=4, target=4, sparsity=share, index=2)["compression"]
    assert found == pytest.approx(weights.nbytes / size, rel=1e-12)
    assert (found > 1) == (share > LAW.evaluate(base=4, index=2)["sparsity"])


def test_two_of_four_takes_nine_sixteenths_in_half_precision() -> None:
    """Two values of two bytes and two positions of two bits, really packed, replace four values."""
    weights = numpy.random.default_rng(6).normal(size=(4096, 4)).astype(numpy.float16)
    places = numpy.sort(numpy.argsort(numpy.abs(weights), axis=1)[:, 2:], axis=1).astype(numpy.uint8)
    values = numpy.take_along_axis(weights, places.astype(int), axis=1)
    nibbles = places[:, 0] | places[:, 1] << 2
    metadata = nibbles[::2] | nibbles[1::2] << 4
    found = LAW.evaluate(base=2, target=2)["two_of_four"]
    assert found == pytest.approx(weights.nbytes / (values.nbytes + metadata.nbytes), rel=1e-12)
    assert 1 / found == pytest.approx(9 / 16)
    assert LAW.evaluate(base=2, target=2, kept=2, pattern=4)["compression"] == pytest.approx(found)


def test_two_of_four_doubles_the_rate_of_an_a100() -> None:
    """NVIDIA's A100 datasheet: 312 TFLOP/s dense and 624 sparse in FP16, 624 and 1248 TOP/s in INT8."""
    gain = LAW.evaluate(kept=2, pattern=4)["skip"]
    assert gain == LAW.evaluate(kept=2, pattern=4)["skip_two_of_four"]
    assert 312 * gain == 624
    assert 624 * gain == 1248


def test_nothing_left_out_changes_nothing() -> None:
    """The same format, no scale, no zeros: the ratio is one, by either law."""
    assert LAW.evaluate(base=2, target=2, sparsity=0, index=0, scale=0, zero=0, group=128)["compression"] == 1
    assert LAW.evaluate(sparsity=0)["ideal"] == 1
    assert fidelity.nothing_left_out.verify().holds


def test_free_positions_give_one_over_the_kept_share() -> None:
    """Without an index, sparsity s is a ratio of 1/(1-s)."""
    found = LAW.evaluate(base=2, target=2, sparsity=0.75, index=0)
    assert found["compression"] == found["ideal"] == 4


def test_the_largest_groups_cost_nothing() -> None:
    """The ratio tends to that of the codes."""
    found = LAW.evaluate(base=2, target=0.5, scale=2, zero=0.5, group=1e12)
    assert found["compression"] == pytest.approx(found["codes"]) == pytest.approx(4)


@pytest.mark.parametrize("tokens", [1, 32, 300, 5000])
def test_the_regime_decides_the_speed_up(tokens: int) -> None:
    """Two rooflines worked out by hand, in FP16 and in FP8 with half the bytes, are as far apart as the law says."""
    parameters, cache, peak, target, bandwidth = 8e9, 2e9, 989e12, 1979e12, 3.35e12
    work, data = 2 * parameters * tokens, 2 * parameters + cache
    before = max(work / peak, data / bandwidth)
    after = max(work / target, (parameters + cache) / bandwidth)
    found = LAW.evaluate(
        compute_before=work / peak, memory_before=data / bandwidth, peak=peak, target_peak=target, skip=1,
        weight_share=2 * parameters / data, compression=2,
    )  # fmt: skip
    assert found["gain"] == pytest.approx(before / after)


def test_bytes_are_all_when_only_weights_are_moved() -> None:
    """Bound by bandwidth, r times fewer bytes are r times faster; bound by arithmetic, widened weights gain nothing."""
    found = LAW.evaluate(weight_share=1, compression=3.7, peak=1e12, target_peak=1e12, skip=1)
    assert found["memory_bound"] == found["byte_gain"] == pytest.approx(3.7)
    assert found["compute_bound"] == found["widened"] == 1


def test_no_measured_speed_up_exceeds_the_bytes() -> None:
    """Frantar et al. 2023, table 6: 3-bit decoding is 3.24 times faster on A100 and 4.53 on A6000, below 16/3."""
    ceiling = LAW.evaluate(weight_share=1, compression=16 / 3)["memory_bound"]
    assert max(589 / 130, 230 / 71) < ceiling


# Perplexity on WikiText-2: Frantar et al. 2023, tables 3 (OPT) and 4 (BLOOM).
FULL = [27.65, 22.00, 14.63, 12.47, 10.86, 10.13, 9.56, 9.34, 8.34, 22.42, 17.69, 15.39, 13.48, 11.37, 8.11]
FOUR = [31.12, 24.24, 15.47, 12.87, 11.39, 10.31, 9.63, 9.55, 8.37, 24.03, 19.05, 16.48, 14.20, 11.73, 8.21]
THREE = [53.85, 33.79, 20.97, 16.88, 14.86, 11.61, 10.27, 14.16, 8.68, 32.31, 25.08, 21.11, 17.40, 13.47, 8.64]
# Perplexity on raw WikiText-2: Frantar and Alistarh 2023, table 1 (OPT).
DENSE = [27.66, 22.00, 14.62, 12.47, 10.86, 10.13, 9.56, 9.34, 8.35]
HALF = [36.85, 31.58, 17.46, 13.48, 11.55, 11.17, 9.79, 9.32, 8.21]
PATTERN = [17.18, 14.20, 12.96, 10.90, 10.09, 8.74]


@pytest.mark.parametrize(
    ("loss", "word", "before", "after"),
    [
        (fidelity.loss_four, "four_bit", FULL, FOUR),
        (fidelity.loss_three, "three_bit", FULL, THREE),
        (fidelity.loss_half, "half", DENSE, HALF),
        (fidelity.loss_pattern, "two_of_four", DENSE[3:], PATTERN),
    ],
    ids=["four bits", "three bits", "half", "two of four"],
)
def test_the_range_of_a_loss_is_that_of_the_published_table(
    loss: Quantity, word: str, before: list[float], after: list[float]
) -> None:
    """The law's perplexities at both ends enclose every model of the table, and no narrower hundredth would."""
    rises = [b / a - 1 for a, b in zip(before, after, strict=True)]
    for a, b in zip(before, after, strict=True):
        least = LAW.evaluate(**{"perplexity": a, f"loss_{word}": loss.low})[f"after_{word}"]
        most = LAW.evaluate(**{"perplexity": a, f"loss_{word}": loss.high})[f"after_{word}"]
        assert least <= b <= most
    assert loss.low == pytest.approx(min(rises), abs=0.01)
    assert loss.high == pytest.approx(max(rises), abs=0.01)
    assert math.isfinite(loss.high)
