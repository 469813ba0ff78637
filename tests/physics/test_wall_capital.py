"""Costs against a published bill, a ledger kept hour by hour, and a search for the break-even."""

from __future__ import annotations

import math

import pytest

from mlsysim.symbolic.graph import wall

HOUR, YEAR, KWH = 3600.0, 365 * 86400.0, 3.6e6
#: Power is in the rent and emissions are not taxed, however much there is of both.
IN_THE_RENT = {"electricity_price": 0.0, "energy": 1.0, "carbon_tax": 0.0, "carbon": 1.0}


def law(**values: float) -> dict[str, float]:
    """The wall's laws at some values."""
    return wall("capital").wall.evaluate(**values)


def test_deepseek_pays_what_it_prints() -> None:
    """DeepSeek-AI 2024, table 1: 2788 thousand H800 hours at two dollars are 5.576 million dollars."""
    found = law(devices=2048, accelerator_hour=2 / HOUR, duration=2788e3 / 2048 * HOUR, **IN_THE_RENT)
    assert found["tco"] == pytest.approx(5.576e6)


def test_a_training_run_costs_what_deepseek_prints() -> None:
    """The same table: 180 thousand hours a trillion tokens make 5.328 million dollars for 14.8 trillion."""
    throughput = 1e12 / (180e3 / 2048 * HOUR)
    found = law(
        devices=2048, accelerator_hour=2 / HOUR, duration=1e6, **IN_THE_RENT, throughput=throughput, goodput=1,
        run_tokens=14.8e12, query_tokens=1000,
    )  # fmt: skip
    assert found["run_cost"] == pytest.approx(5.328e6)
    assert found["token_cost"] == pytest.approx(180e3 * 2 / 1e12)
    assert found["query_cost"] == pytest.approx(1000 * found["token_cost"])
    assert found["cost_per_million_tokens"] == pytest.approx(0.36)
    lossy = law(
        devices=2048, accelerator_hour=2 / HOUR, duration=1e6, **IN_THE_RENT, throughput=throughput,
        goodput=0.8, run_tokens=14.8e12,
    )  # fmt: skip
    assert lossy["run_cost"] == pytest.approx(found["run_cost"] / 0.8)


def test_electricity_outside_the_rent_is_a_meter_times_its_price() -> None:
    """A fleet of 700 kW at a PUE of 1.2 for a day, at 0.08 USD/kWh, beside a rent of 16 accelerators at two dollars."""
    found = law(devices=16, accelerator_hour=2 / HOUR, duration=24 * HOUR, pue=1.2, power=7e5, energy=24 * 700 * 1.2 * KWH,
                electricity_price=0.08 / KWH, carbon_tax=150e-6, carbon=5e6)  # fmt: skip
    assert found["electricity"] == pytest.approx(24 * 700 * 1.2 * 0.08)
    assert found["tco"] == pytest.approx(16 * 2 * 24 + 24 * 700 * 1.2 * 0.08 + 5 * 150)


FLEET = {
    "devices": 16.0, "accelerator": 25000.0, "server": 9000.0, "network": 4000.0, "facility": 10.0,
    "facility_life": 15 * YEAR, "lifetime": 5 * YEAR, "upkeep_rate": 0.05 / YEAR, "electricity_price": 0.08 / KWH,
    "pue": 1.2, "power_max": 1000.0, "power_idle": 250.0,
}  # fmt: skip


def ledger(hours: int, use: list[bool]) -> dict[str, float]:
    """Book every hour of a fleet: what wore out, what maintenance cost and what the meter counted."""
    books = {"hardware": 0.0, "building": 0.0, "upkeep": 0.0, "electricity": 0.0}
    bought = FLEET["devices"] * (FLEET["accelerator"] + FLEET["server"] + FLEET["network"])
    built = FLEET["devices"] * FLEET["power_max"] * FLEET["facility"]
    for hour in range(hours):
        watts = FLEET["devices"] * (FLEET["power_max"] if use[hour] else FLEET["power_idle"])
        books["hardware"] += bought * HOUR / FLEET["lifetime"]
        books["building"] += built * HOUR / FLEET["facility_life"]
        books["upkeep"] += bought * FLEET["upkeep_rate"] * HOUR
        books["electricity"] += watts * HOUR * FLEET["pue"] * FLEET["electricity_price"]
    return books


@pytest.mark.parametrize("busy_hours", [0, 100, 720])
def test_owning_costs_what_a_ledger_books(busy_hours: int) -> None:
    """Depreciation, building, maintenance and electricity booked hour by hour add up to the law."""
    hours = 720
    books = ledger(hours, [hour < busy_hours for hour in range(hours)])
    mean = FLEET["power_idle"] + (FLEET["power_max"] - FLEET["power_idle"]) * busy_hours / hours
    found = law(**FLEET, duration=hours * HOUR, power=FLEET["devices"] * mean, carbon_tax=1e-4, carbon=5e6)
    for account, amount in books.items():
        assert found[account] == pytest.approx(amount), account
    assert found["owned"] == pytest.approx(sum(books.values()))
    assert found["owned_taxed"] == pytest.approx(sum(books.values()) + 500)


def test_a_life_pays_for_the_hardware_once() -> None:
    """Held for its whole life, hardware costs exactly its price."""
    found = law(**FLEET, duration=FLEET["lifetime"], power=1000)
    assert found["hardware"] == pytest.approx(16 * 38000)


def search(price: float) -> float:
    """The share of 1000 hours above which the ledger of an owner is below the bill of a renter, tried one by one."""
    fixed = sum(amount for account, amount in ledger(1000, [False] * 1000).items()) / FLEET["devices"]
    added = (FLEET["power_max"] - FLEET["power_idle"]) * HOUR * FLEET["pue"] * FLEET["electricity_price"]
    for busy in range(1001):
        if price * busy >= fixed + added * busy:
            return busy / 1000
    return math.inf


@pytest.mark.parametrize("price", [1.3, 2.0, 4.0, 12.0])
def test_the_break_even_is_where_a_search_finds_it(price: float) -> None:
    """Trying every share of use finds the derived one, and owner and renter pay the same there."""
    found = law(**FLEET, accelerator_hour=price / HOUR)
    assert found["break_even"] == pytest.approx(search(price), abs=1e-3)
    back = law(**FLEET, used=found["break_even"])
    assert back["even_price"] == pytest.approx(price / HOUR)


def test_owning_never_pays_below_the_price_of_electricity() -> None:
    """Where rent is less than the electricity that use adds, no share of use breaks even."""
    added = (1000 - 250) / 1000 * 1.2 * 0.08
    assert law(**FLEET, accelerator_hour=0.99 * added / HOUR)["break_even"] == math.inf
    assert law(**{**FLEET, "electricity_price": 0}, accelerator_hour=2 / HOUR)["break_even"] == pytest.approx(
        law(**FLEET)["standing"] / (2 / HOUR)
    )
