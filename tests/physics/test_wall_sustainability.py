"""Energy, emissions and water against published runs and a meter read hour by hour."""

from __future__ import annotations

import random

import pytest

from mlsysim.symbolic.graph import wall

HOUR, DAY, YEAR, KWH = 3600.0, 86400.0, 365 * 86400.0, 3.6e6


def law(**values: float) -> dict[str, float]:
    """The wall's laws at some values."""
    return wall("sustainability").wall.evaluate(**values)


def test_gpt3_takes_the_energy_and_emits_what_patterson_prints() -> None:
    """Patterson et al. 2021, table 4: 10000 V100 of 330 W for 14.8 days, PUE 1.10, 429 g/kWh: 1287 MWh and 552 t."""
    found = law(
        devices=10000, power=3.3e6, duration=14.8 * DAY, pue=1.10, carbon_intensity=429 / KWH, embodied=0, lifetime=YEAR
    )
    assert found["energy"] / KWH == pytest.approx(1287e3, rel=0.003)  # the days are printed to three digits
    assert found["operational_carbon"] == pytest.approx(552e6, rel=0.003)
    assert found["carbon"] == found["operational_carbon"]
    assert found["embodied_share"] == 0


# Li et al. 2023, table 1: region, PUE, on-site and off-site litres per kWh.
REGIONS = [
    ("U.S. average", 1.170, 0.550, 3.142), ("Arizona", 1.180, 1.630, 4.959), ("Texas", 1.280, 0.250, 1.287),
    ("Virginia", 1.140, 0.140, 2.385), ("Washington", 1.150, 0.950, 9.501), ("Ireland", 1.190, 0.020, 1.476),
]  # fmt: skip


def test_gpt3_drinks_what_li_prints() -> None:
    """Li et al. 2023: 1287 MWh in an average U.S. data centre take 0.7 million litres on site and 5.4 million in all."""
    _, pue, on_site, off_site = REGIONS[0]
    base = dict(power=1e6, duration=1287 * HOUR, pue=pue)
    found = law(**base, wue=on_site / KWH, water_intensity=off_site / KWH)
    assert found["water"] == pytest.approx(5.4e6, abs=0.05e6)
    assert law(**base, wue=on_site / KWH, water_intensity=0)["water"] == pytest.approx(0.7e6, abs=0.05e6)


@pytest.mark.parametrize(("region", "pue", "on_site", "off_site"), REGIONS)
def test_a_request_drinks_on_site_and_at_the_power_plant(
    region: str, pue: float, on_site: float, off_site: float
) -> None:
    """A request of 4 Wh drinks e (WUE + PUE EWIF): 16.9 millilitres in the U.S. average, as printed."""
    found = law(power=4, duration=HOUR, pue=pue, wue=on_site / KWH, water_intensity=off_site / KWH)["water"]
    assert found == pytest.approx(0.004 * on_site + 0.004 * pue * off_site)
    if region == "U.S. average":
        assert found == pytest.approx(16.904e-3, abs=1e-6)


def test_energy_is_what_a_meter_reads() -> None:
    """Reading the meter every hour of a fleet that is busy or idle gives the mean power and the energy."""
    generator = random.Random(18)
    hours, devices = 500, 8
    busy = [[generator.random() < 0.6 for _ in range(devices)] for _ in range(hours)]
    meter = sum(700.0 if state else 90.0 for hour in busy for state in hour) * HOUR
    share = sum(map(sum, busy)) / hours / devices
    found = law(devices=devices, power_idle=90, power_max=700, busy=share, goodput=1, duration=hours * HOUR, pue=1.25)
    assert found["it_energy"] == pytest.approx(meter)
    assert found["energy"] == pytest.approx(1.25 * meter)


def test_power_has_its_ends() -> None:
    """An idle fleet draws its idle power, a busy one its maximum."""
    base = dict(devices=16, power_idle=90, power_max=700, goodput=1)
    assert law(busy=0, **base)["power"] == 16 * 90
    assert law(busy=1, **base)["power"] == 16 * 700


def test_making_is_spread_over_a_life_and_taxed_with_the_rest() -> None:
    """Over a whole life the share of making is all of it; tax is a price on both emissions."""
    base = dict(devices=8, power=8 * 700, pue=1.2, embodied=164e3, lifetime=6 * YEAR)
    life = law(**base, duration=6 * YEAR, carbon_intensity=400 / KWH, carbon_tax=50e-6)
    assert life["embodied_carbon"] == pytest.approx(8 * 164e3)
    by_hand = 8 * 0.7 * 6 * 365 * 24 * 1.2 * 400 + 8 * 164e3
    assert life["carbon"] == pytest.approx(by_hand)
    assert life["levy"] == pytest.approx(by_hand * 50e-6)
    assert life["embodied_share"] == pytest.approx(8 * 164e3 / by_hand)
    half = law(**base, duration=3 * YEAR, carbon_intensity=400 / KWH)
    assert half["embodied_share"] == pytest.approx(life["embodied_share"])
    assert law(**base, duration=YEAR, carbon_intensity=0)["embodied_share"] == 1
