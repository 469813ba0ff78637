"""Units at the borders."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim.symbolic.errors import UnitError
from mlsysim.symbolic.units import dimension, factor, parse


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("50 ms", "s", 0.05), ("17 s", "ms", 17), ("80 GB", "byte", 8e10), ("80 GiB", "byte", 80 * 2**30),
        ("400 Gb/s", "GB/s", 5e10), ("1 MAC", "flop", 2), ("3.6 kWh", "J", 12.96e6), ("1 d", "s", 86400),
        ("5 USD/h", "USD/s", 5 / 3600), ("1 TOP/s", "flop/s", 1e12), ("1 tCO2e", "gCO2e", 1e6), ("2 min", "s", 120),
    ],
)  # fmt: skip
def test_values_are_read_in_coherent_units(text: str, unit: str, expected: float) -> None:
    """A number with a unit becomes a float in the coherent unit of its dimension."""
    assert parse(text, unit) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize(
    "text", ["50 GB", "nan s", "inf s", "5", "abc", "5 fu", "", "5 s s s", "1 byte/s", "5 __class__"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    """A missing, unknown or wrong unit and a number that is not finite are refused in words."""
    with pytest.raises(UnitError, match="this value"):
        parse(text, "s")


def test_what_peers_mix_are_dimensions_of_their_own() -> None:
    """Bytes, tokens, parameters, money, work, samples and requests differ from each other and from a number."""
    units = ["byte", "token", "param", "USD", "flop", "sample", "request", "gCO2e", "L", "s", "J", "1"]
    assert len({dimension(unit) for unit in units}) == len(units)
    assert dimension("GB/s") != dimension("GHz")
    assert dimension("Gb") == dimension("byte")  # not a gilbert


@given(st.floats(min_value=1e-12, max_value=1e12), st.sampled_from(["ms", "s", "min", "h", "d", "us"]))
def test_reading_and_scaling_agree(value: float, unit: str) -> None:
    """A value read in a unit is its number times the unit's factor."""
    assert parse(f"{value!r} {unit}", "s") == pytest.approx(value * factor(unit))
