"""Lists of the registry: their order, their units and their width."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from itertools import pairwise
from typing import Any

import pytest

from mlsysim.cli.main import run
from mlsysim.listing import TOGETHER, listing
from mlsysim.page import WIDEST
from mlsysim.registry import CATEGORIES, entries, find
from mlsysim.registry.categories import ORDER, ordered_by
from mlsysim.symbolic.units import factor
from tests.conftest import ROOT

Captured = pytest.CaptureFixture[str]
LISTS = [*CATEGORIES, *TOGETHER]
_CELL = re.compile(r"([-+]?[\d.]+(?:e[-+]?\d+)?) ([A-Za-zµ]\S*)")


def number(category: str, name: str, fact: str) -> float:
    """A fact in coherent units; infinite where it is not stated, so that it comes last."""
    value = find(category, name).facts.get(fact)
    return float("inf") if value is None or value.number is None else value.number


def test_accelerators_stand_by_family_then_year_then_memory() -> None:
    """And by name where all of that is the same."""
    names = [row["name"] for row in listing("hardware")]
    keys = [
        (
            find("hardware", n).family,
            number("hardware", n, "launch_year"),
            number("hardware", n, "memory.capacity"),
            n.casefold(),
        )
        for n in names
    ]
    assert keys == sorted(keys)
    assert names.index("V100") < names.index("A100") < names.index("H100") < names.index("B200")


def test_models_stand_by_family_then_parameters() -> None:
    """Of transformers as published, of profiled models as stated."""
    names = [row["name"] for row in listing("models")]
    families = [find("models", name).family for name in names]
    assert families == sorted(families)
    sizes = {n: min(number("models", n, "published.parameters"), number("models", n, "parameters")) for n in names}
    for before, after in pairwise(names):
        if find("models", before).family == find("models", after).family:
            assert sizes[before] <= sizes[after]
    order = [name for name in names if name.startswith("Llama3_")]
    assert order == ["Llama3_8B", "Llama3_70B", "Llama3_405B"]


def test_nodes_stand_by_the_family_and_year_of_their_accelerators() -> None:
    """A fact of what an entry is made of."""
    years: dict[str, list[float]] = {}
    for row in listing("nodes"):
        node = find("nodes", row["name"])
        chip = find("hardware", node.links["accelerator"])
        years.setdefault(chip.family, []).append(number("hardware", chip.name, "launch_year"))
    assert list(years) == sorted(years)
    assert all(each == sorted(each) for each in years.values())


@pytest.mark.parametrize("category", CATEGORIES)
def test_every_list_has_an_order_that_its_help_states(category: str, capsys: Captured) -> None:
    """Whatever the order of the files; what is sorted by hand keeps to that order where it is equal."""
    names = [row["name"] for row in listing(category)]
    assert sorted(names) == sorted(entries(category))
    if category not in ORDER:
        assert names == sorted(names, key=str.casefold)
    assert run(["zoo", category, "--help"]) == 0
    page = " ".join(capsys.readouterr().out.split())
    assert f"Ordered by {ordered_by(category)}, unless --sort says otherwise" in page


def test_sorting_wins_over_the_order() -> None:
    """Largest first where that is asked; what is equal keeps the order of the list."""
    rows = listing("hardware", sort="memory.bandwidth", descending=True)
    speeds = [number("hardware", row["name"], "memory.bandwidth") for row in rows]
    stated = [speed for speed in speeds if speed != float("inf")]
    assert stated == sorted(stated, reverse=True)
    assert speeds[len(stated) :] == [float("inf")] * (len(speeds) - len(stated))


def test_parameters_of_every_model_are_listed_and_sorted_by() -> None:
    """One column for those of transformers and of profiled models."""
    rows = {row["name"]: row["parameters"] for row in listing("models", sort="parameters")}
    assert rows["ResNet50"] == "25557032 param"
    assert rows["Llama3_8B"] == "8030261248 param"
    order = [name for name in rows if name in ("ResNet50", "Llama3_8B", "MobileNetV1", "GPT2_XL")]
    assert order == ["MobileNetV1", "ResNet50", "GPT2_XL", "Llama3_8B"]
    assert "ResNet50" in [
        row["name"] for row in listing("models", ["parameters < 26e6 param", "parameters > 25e6 param"])
    ]


@pytest.mark.parametrize("category", LISTS)
def test_a_column_is_in_one_unit(category: str) -> None:
    """That most entries state; what was stated in another is converted to five digits."""
    rows = listing(category)
    for heading in rows[0]:
        cells = {
            row["name"]: _CELL.fullmatch(str(row.get(heading))) for row in rows if heading not in ("title", "note")
        }
        units = {found[2] for found in cells.values() if found}
        assert len(units) <= 1, (heading, units)


@pytest.mark.parametrize(("category", "heading", "fact"), [
    ("hardware", "bf16", "compute.peak.bf16"), ("hardware", "int8", "compute.peak.int8"), ("hardware", "memory", "memory.capacity"),
    ("hardware", "bandwidth", "memory.bandwidth"), ("storage", "read", "bandwidth"), ("storage", "latency", "latency"),
    ("datasets", "size", "size"), ("nodes", "power", "power.maximum"), ("fleets", "power", "power"),
])  # fmt: skip
def test_what_was_converted_is_the_published_value(category: str, heading: str, fact: str) -> None:
    """Against pint; a value in the column's own unit keeps its words."""
    for row in listing(category):
        value = find(category, row["name"]).facts.get(fact)
        if row[heading] is not None and value is not None and value.number is not None:
            size, _, unit = row[heading].partition(" ")
            assert float(size) * factor(unit) == pytest.approx(value.number, rel=5e-5)
            assert value.text == row[heading] or value.text.partition(" ")[2] != unit


def test_facts_that_are_asked_for_are_in_one_unit_as_well(capsys: Captured) -> None:
    """And in formats for programs."""
    assert run(["zoo", "hardware", "--columns", "memory.capacity,compute.peak.bf16", "--output", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    for fact in ("memory.capacity", "compute.peak.bf16"):
        assert len({row[fact].partition(" ")[2] for row in rows if row[fact]}) == 1


def piped(*words: str, **environment: str) -> str:
    """What a pipe is sent."""
    env = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    done = subprocess.run(
        [sys.executable, "-m", "mlsysim", *words], capture_output=True, text=True, cwd=ROOT, check=True,
        env={**env, "PYTHONPATH": str(ROOT), **environment},
    )  # fmt: skip
    return done.stdout


TABLES = [["zoo", each] for each in ("hardware", "models", "prices", "systems", "scenarios")] + [
    ["zoo"],
    ["walls"],
    ["metrics"],
]


@pytest.mark.parametrize("words", TABLES, ids=" ".join)
def test_a_piped_table_is_as_wide_as_a_page_or_as_columns_says(words: list[str]) -> None:
    """Whole columns are left out, and named; no number is cut, and no line ends in spaces."""
    for width in (None, 60, 80, 140):
        page = piped(*words, **({} if width is None else {"COLUMNS": str(width)}))
        assert max(map(len, page.splitlines())) <= (width or WIDEST)
        assert all(line == line.rstrip() for line in page.splitlines())
        assert "…" not in page


def test_the_page_of_an_entry_keeps_what_its_values_are_and_where_they_come_from() -> None:
    """Its table fits a page, with the notes below it."""
    page = piped("zoo", "show", "H100")
    rows = page.partition("──\n")[2].partition("\n\n")[0].splitlines()
    assert len(rows) > 25
    assert max(map(len, rows)) <= WIDEST
    assert "nvidia-h100-whitepaper" in page
    assert "\ncompute.units: multiprocessors\n" in page
    assert "left out for want of width: kind;" in page


def test_what_is_left_out_is_named_with_its_cure() -> None:
    """Each column stands in the table or below it, and a wider page shows all."""
    narrow, wide = piped("zoo", "hardware", COLUMNS="70"), piped("zoo", "hardware", COLUMNS="200")
    headings = [row for row in listing("hardware")[0] if row != "name"]
    below = narrow.partition("left out for want of width: ")[2]
    assert below
    assert "COLUMNS" in below
    for heading in headings:
        assert (heading in " ".join(narrow.splitlines()[:5])) != (heading in below)
        assert heading in " ".join(wide.splitlines()[:5])
    assert "left out" not in wide
    assert "RTX_PRO_6000_Blackwell" in narrow


def test_a_unit_that_a_column_shares_stands_in_its_heading() -> None:
    """And a column of several keeps them in its cells."""
    page = piped("zoo", "hardware", COLUMNS="120").splitlines()
    heading, units = page[3].split(), page[2].split()
    assert "name" in heading or "name" in units
    assert {"TFLOP/s", "TOP/s", "GB", "GB/s", "W"} <= {*heading, *units}
    assert any(line.split()[:1] == ["H100"] and "989.4" in line for line in page)
    assert re.search(r"memory.capacity +80 GB ", piped("zoo", "show", "H100"))


def test_json_keeps_the_unit_with_the_value(capsys: Captured) -> None:
    """A program reads each value alone."""
    assert run(["zoo", "hardware", "--output", "json"]) == 0
    rows: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    assert next(row for row in rows if row["name"] == "MI325X")["bf16"] == "1307.4 TFLOP/s"
