"""The zoo: lists, entries with sources, one's own entries, and what a model is in numbers."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

import mlsysim
from mlsysim.cli.main import run
from mlsysim.design.assumptions import age
from mlsysim.listing import listing
from mlsysim.registry import Entry, entries, find, standard
from mlsysim.registry.own import read_own
from mlsysim.schemas import schema_of
from mlsysim.symbolic.errors import InputError, UnknownNameError
from tests.conftest import EXAMPLE, ROOT, plan

Captured = pytest.CaptureFixture[str]
OWN = """
sources:
  my-lab: {title: Measurements of our chip, author: Our lab, year: 2026}
hardware:
  - id: my-chip
    name: MyChip
    title: Our chip
    aliases: [Mine]
    from: {source: my-lab, kind: measured, verified: true, how: measured by us}
    facts:
      compute.peak.bf16: 400 TFLOP/s
      memory.capacity: 64 GB
      memory.bandwidth: 2 TB/s
"""
PLAN = """
version: "1.0"
workload: {name: Llama3_8B}
hardware: {name: MyChip}
"""


def rows(capsys: Captured, *words: str) -> list[dict[str, Any]]:
    """The rows that a list prints as JSON."""
    assert run([*words, "--output", "json"]) == 0
    return list(json.loads(capsys.readouterr().out))


def test_a_list_is_filtered_and_sorted(capsys: Captured) -> None:
    """By numbers with units in any unit of the dimension, and by words."""
    where = ["--where", "memory.capacity >= 0.1 TB", "--where", "vendor ~ nvidia"]
    found = rows(capsys, "zoo", "hardware", *where, "--sort", "memory.bandwidth", "--descending")
    names = [row["name"] for row in found]
    expected = [
        e for e in entries("hardware").values() if (e.memory.capacity.number or 0) >= 1e11 and "NVIDIA" in e.vendor
    ]
    assert set(names) == {e.name for e in expected}
    speeds = [find("hardware", name).memory.bandwidth.number for name in names]
    assert speeds == sorted(speeds, reverse=True)
    assert {row["name"] for row in rows(capsys, "zoo", "hardware", "-w", "status = announced")} == {"Rubin"}


def test_conditions_are_read_as_people_write_them(capsys: Captured) -> None:
    """With or without spaces, doubled signs, and by what an entry is made of."""
    same = [
        rows(capsys, "zoo", "hardware", "-w", w)
        for w in ("memory.capacity >= 100 GB", "memory.capacity>=100GB", "memory.capacity => 1e2 GB")
    ]
    assert same[0] == same[1] == same[2] != []
    assert all("h100" in row["accelerator"] for row in rows(capsys, "zoo", "prices", "-w", "accelerator~H100"))
    assert run(["zoo", "hardware", "-w", "vendor = Nobody"]) == 0
    assert "no entry of hardware fits" in capsys.readouterr().err


def test_entries_without_the_value_come_last(capsys: Captured) -> None:
    """In both directions."""
    for words in (["--sort", "power"], ["--sort", "power", "--descending"]):
        powers = [row["power"] for row in rows(capsys, "zoo", "hardware", *words)]
        assert None in powers
        assert None not in powers[: powers.index(None)]


def test_columns_are_chosen(capsys: Captured) -> None:
    """By full name or by what is unambiguous."""
    found = rows(capsys, "zoo", "hardware", "--columns", "vendor,capacity,sram")
    assert set(found[0]) == {"name", "title", "vendor", "capacity", "sram", "verified"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--where", "memory.capacity >= 80 GB/s"], "memory.capacity is an amount of data, '80 GB/s' is a bandwidth"),
        (["--where", "capacity"], "'capacity' is no condition"),
        (["--where", "memry.capacity > 1 GB"], "did you mean 'memory.capacity'"),
        (["--descending"], "nothing to sort by"), (["--columns", ","], "no column is named"),
        (["--sort", "colour"], "unknown fact of hardware 'colour'"),
        (["--columns", "bandwith"], "bandwidth"),
    ],
)  # fmt: skip
def test_a_wrong_filter_is_explained(capsys: Captured, words: list[str], message: str) -> None:
    """Exit code 2, in words."""
    assert run(["zoo", "hardware", *words]) == 2
    assert message in capsys.readouterr().err


def test_lists_are_written_as_csv_and_markdown(capsys: Captured) -> None:
    """With the same rows."""
    expected = rows(capsys, "zoo", "facilities")
    assert run(["zoo", "facilities", "-o", "csv"]) == 0
    read = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["name"] for row in read] == [row["name"] for row in expected]
    assert run(["zoo", "facilities", "-o", "markdown"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(expected) + 2
    assert len({line.count(" | ") for line in lines[2:]}) == 1


def test_an_entry_shows_every_value_and_its_source(capsys: Captured) -> None:
    """As a page, as data and as rows."""
    assert run(["zoo", "show", "nvidia-h100-sxm5-80gb"]) == 0
    page = capsys.readouterr().out
    assert run(["zoo", "show", "H100", "-o", "json"]) == 0
    data = json.loads(capsys.readouterr().out)
    entry = find("hardware", "H100")
    assert set(data["facts"]) == set(entry.facts)
    for name, value in entry.facts.items():
        assert name in page
        assert data["facts"][name]["source"] == value.source.key
        assert value.source.key in data["sources"]
        assert f"[{value.source.key}]" in page


def test_alternatives_name_their_sources(capsys: Captured) -> None:
    """Square brackets are text, not markup."""
    assert run(["zoo", "show", "Quebec"]) == 0
    page = " ".join(capsys.readouterr().out.split())
    for text, source, _ in find("grids", "Quebec").carbon_intensity.alternatives:
        assert f"not {text} [{source}]" in page


def test_systems_are_nodes_and_fleets(capsys: Captured) -> None:
    """In one list."""
    assert {row["category"] for row in rows(capsys, "zoo", "systems")} == {"nodes", "fleets"}


def test_what_is_unverified_is_shown_as_such(capsys: Captured) -> None:
    """In the table of values and beside the source."""
    assert run(["zoo", "show", "Rubin"]) == 0
    page = capsys.readouterr().out
    assert "announced" in page
    assert "not verified: " in page


def test_a_name_of_several_categories_asks_which(capsys: Captured) -> None:
    """AWS is a facility, and a name may stand in two lists."""
    assert run(["zoo", "show", "hardware/H100"]) == 0
    capsys.readouterr()
    assert run(["zoo", "show", "H10"]) == 2
    assert "did you mean" in capsys.readouterr().err


def test_an_entry_is_cited_as_bibtex(capsys: Captured) -> None:
    """Every source of the entry, and no other."""
    assert run(["zoo", "cite", "Llama3_8B"]) == 0
    printed = capsys.readouterr().out
    keys = {value.source.key for value in find("models", "Llama3_8B").facts.values()}
    assert printed.count("@") == len(keys)
    assert all(f"{{{key}," in printed for key in keys)


def test_the_audit_counts_every_value(capsys: Captured) -> None:
    """By category, and all of them together."""
    found = rows(capsys, "zoo", "audit")
    assert found[-1]["values"] == sum(len(e.facts) for row in found[:-1] for e in entries(row["category"]).values())
    assert found[-1]["verified"] + found[-1]["unverified"] == found[-1]["values"]


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a zoo of its own, which the environment does not name."""
    monkeypatch.delenv("MLSYSIM_ZOO", raising=False)
    (tmp_path / "chips").mkdir()
    (tmp_path / "chips" / "mine.yaml").write_text(OWN)
    return tmp_path


def test_entries_beside_a_plan_are_found(own: Path) -> None:
    """``zoo.yaml`` in the folder of the plan."""
    (own / "zoo.yaml").write_text(OWN)
    (own / "plan.yaml").write_text(PLAN)
    evaluation = mlsysim.evaluate(own / "plan.yaml")
    assert evaluation["accelerator.peak"] == 400e12
    assert evaluation.design.hardware.memory.capacity.source.author == "Our lab"


@pytest.mark.parametrize("named", ["chips", "chips/mine.yaml"])
def test_a_folder_or_file_is_named_by_the_environment(own: Path, named: str) -> None:
    """And by the option, which is the same."""
    (own / "plan.yaml").write_text(PLAN)
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    for extra, words in (({"MLSYSIM_ZOO": str(own / named)}, []), ({}, ["--zoo", str(own / named)])):
        done = subprocess.run(
            [sys.executable, "-m", "mlsysim", *words, "eval", str(own / "plan.yaml")],
            capture_output=True, text=True, env={**env, **extra}, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert "Our chip" in done.stdout


def filled(folder: Path, many: int, name: str, text: str = "") -> None:
    """A folder with many files."""
    folder.mkdir(parents=True, exist_ok=True)
    for each in range(many):
        (folder / name.format(each)).write_text(text, encoding="utf-8")


#: Folders that hold more than entries would: how they are made, and what is said of them.
TOO_MUCH: dict[str, tuple[Callable[[Path], None], str]] = {
    "names": (lambda own: filled(own / "data", 2_001, "{}.txt"), "this folder holds more than 2,000 files and folders"),
    "files": (lambda own: filled(own, 201, "{}.yaml"), "this folder holds 201 YAML files, more than 200"),
    "bytes": (
        lambda own: filled(own, 6, "{}.yaml", "#" * 900_000),
        "the YAML files of this folder have 5,400,000 bytes, more than 5,000,000",
    ),
    "levels": (lambda own: filled(own / "a" / "b" / "c" / "d", 1, "{}.yaml"), "lies more than 3 levels below"),
    "nothing": (lambda own: filled(own, 1, "{}.txt"), "there is no YAML file in this folder"),
}


@pytest.mark.parametrize("case", TOO_MUCH)
def test_a_folder_that_is_not_one_of_entries_is_refused(case: str, tmp_path: Path) -> None:
    """Before anything in it is read, with its place and what to do."""
    make, said = TOO_MUCH[case]
    make(tmp_path)
    with pytest.raises(InputError) as caught:
        read_own(tmp_path, standard())
    assert said in str(caught.value)
    assert str(caught.value.where).startswith(str(tmp_path))
    assert caught.value.hint


def test_the_root_of_the_file_system_is_refused_at_once(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few folders are opened, and no file of them is read."""
    opened = []
    scan = os.scandir
    monkeypatch.setattr(os, "scandir", lambda folder: (opened.append(folder), scan(folder))[1])
    monkeypatch.setenv("MLSYSIM_ZOO", "")  # which the option sets
    assert run(["--zoo", "/", "zoo", "hardware"]) == 2
    assert "/: error: this folder holds more than 2,000 files and folders" in capsys.readouterr().err
    assert len(opened) < 2_000


def test_entries_may_stand_in_folders_of_a_folder(tmp_path: Path) -> None:
    """Beside files of other kinds; what is hidden, a link to a folder or a pipe is passed over."""
    inner = tmp_path / "a" / "b" / "c"
    inner.mkdir(parents=True)
    (inner / "mine.yml").write_text(OWN, encoding="utf-8")
    (tmp_path / "notes.txt").write_text("not: [entries", encoding="utf-8")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "other.yaml").write_text("not: entries", encoding="utf-8")
    (tmp_path / "again").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe.yaml")
    assert read_own(tmp_path, standard()).named("hardware", "MyChip") == "MyChip"


def test_a_plan_states_its_own_hardware() -> None:
    """The plan is then the source of the values, and they are not verified."""
    section = {"hardware": yaml.safe_load(OWN)["hardware"]}
    del section["hardware"][0]["from"]
    evaluation = mlsysim.evaluate({**yaml.safe_load(PLAN), "zoo": section})
    capacity = evaluation.design.hardware.memory.capacity
    assert capacity.number == 64e9
    assert (capacity.source.key, capacity.verified) == ("plan", False)


def test_ones_own_entry_goes_before_the_registrys() -> None:
    """The same name means one's own."""
    mine = {"hardware": [{"id": "x", "name": "H100", "title": "X", "facts": {
        "compute.peak.bf16": "1 PFLOP/s", "memory.capacity": "1 TB", "memory.bandwidth": "1 TB/s"}}]}  # fmt: skip
    changed = mlsysim.evaluate(plan(workload={"name": "Llama3_8B"}, hardware={"name": "H100"}, zoo=mine))
    assert changed["accelerator.capacity"] == 1e12


WRONG = {
    "unit": ("memory.capacity: 64 GB", "memory.capacity: 64 GB/s", "memory.capacity is an amount of data", "12:24"),
    "fact": ("memory.capacity", "memory.capacty", "did you mean 'memory.capacity'", "12:7"),
    "source": ("source: my-lab", "source: my-lap", "did you mean 'my-lab'", None),
    "category": ("hardware:", "hardwear:", "did you mean 'hardware'", None),
    "key": ("title: Our chip", "titel: Our chip", "did you mean 'title'", "7:5"),
    "year": ("year: 2026", "year: soon", "year", None),
}


NUMBERS = "layers: 2, hidden: 64, heads: 4, kv_heads: 2, head_width: 16, experts: 0, active_experts: 0, dense_layers: 2"


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        (NUMBERS.replace("layers: 2,", "layers: 0,", 1), "layers: 0 is below 1"), (NUMBERS.replace("hidden: 64", "hidden: 1e15"), "is above"),
        (NUMBERS.replace("layers: 2,", "layers: 2.5,", 1), "is not a whole number"), (NUMBERS + ", tied: 2", "tied: 2 is above 1"),
        (NUMBERS.replace("kv_heads: 2", "kv_heads: 8"), "kv_heads 8 is above heads 4"),
        (NUMBERS.replace("kv_heads: 2", "kv_heads: 3"), "4 heads do not share 3"),
        (NUMBERS.replace("dense_layers: 2", "dense_layers: 3"), "dense_layers 3 is above layers 2"),
        (NUMBERS.replace("experts: 0,", "experts: 8,", 1), "a token visits none"),
        (NUMBERS + ", context_length: 0 token/sample", "is below 1"),
    ],
)  # fmt: skip
def test_an_impossible_model_is_refused(facts: str, message: str) -> None:
    """Nothing is computed from it."""
    model = {"id": "x", "name": "X", "title": "X", "kind": "transformer", "facts": yaml.safe_load(f"{{{facts}}}")}
    with pytest.raises(InputError, match=message):
        mlsysim.evaluate(plan(workload={"name": "X"}, hardware={"name": "H100"}, zoo={"models": [model]}))


@pytest.mark.parametrize(
    ("category", "facts", "message"),
    [
        ("hardware", {"compute.peak.bf16": "0 TFLOP/s"}, "is not above 0"), ("hardware", {"memory.bandwidth": "1e300 GB/s"}, "is above 1e|not a finite number"),
        ("facilities", {"pue": 0.5}, "is below 1"), ("nodes", {"accelerators": 1.5}, "is not a whole number"),
        ("fabrics", {"bandwidth": "0 GB/s"}, "is not above 0"), ("hardware", {"compute.peak.bf16": True}, "no value|no number|plain number|has no unit"),
        ("hardware", {"compute.peak.bf16": [1]}, "is no value"),
    ],
)  # fmt: skip
def test_impossible_facts_are_refused(category: str, facts: dict[str, Any], message: str) -> None:
    """With what the fact is."""
    entry = {"id": "x", "name": "X", "title": "X", "facts": facts}
    with pytest.raises(InputError, match=message):
        mlsysim.evaluate(plan(workload={"name": "Llama3_8B"}, hardware={"name": "H100"}, zoo={category: [entry]}))


@pytest.mark.parametrize("command", [["eval"], ["sensitivity"], ["check"], ["optimize", "parallelism"]])
def test_a_scenario_is_a_plan_for_every_command(command: list[str], capsys: Captured) -> None:
    """By its name, in Python as well."""
    if command != ["check"]:
        assert run([*command, "ChatbotServing"]) == 0
        assert capsys.readouterr().out
    assert mlsysim.check("ChatbotServing")


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_entry_of_ones_own_is_refused_with_its_place(own: Path, case: str, capsys: Captured) -> None:
    """Line and column in the file, the cure, exit code 2."""
    right, wrong, message, place = WRONG[case]
    (own / "zoo.yaml").write_text(OWN.replace(right, wrong))
    (own / "plan.yaml").write_text(PLAN)
    assert run(["eval", str(own / "plan.yaml")]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert f"zoo.yaml:{place or ''}" in said


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"hardware: [\xff]", "is not UTF-8"), (b"- a list", "a mapping from category"), (b"hardware: &a [*a]", "refers to itself"),
        (b"x: &a [1,1]\ny: &b [*a,*a]\nz: &c [*b,*b]", "is no category"), (b"hardware: [1]", "an entry is a mapping"),
        (b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(b"%c: &%c [%s]\n" % (98 + i, 98 + i, b",".join([b"*%c" % (97 + i)] * 9)) for i in range(8)),
         "aliases counted each time"),
        (b"sources: [1]", "sources are a mapping"), (b"", "the document is empty"),
    ],
)  # fmt: skip
def test_hostile_files_are_refused(own: Path, content: bytes, message: str, capsys: Captured) -> None:
    """In words, at once, with exit code 2."""
    (own / "zoo.yaml").write_bytes(content)
    (own / "plan.yaml").write_text(PLAN)
    assert run(["eval", str(own / "plan.yaml")]) == 2
    assert message in capsys.readouterr().err


def test_the_schema_of_entries_accepts_what_the_registry_has() -> None:
    """The published schema and the form of the files are the same."""
    schema = schema_of("registry")
    jsonschema.Draft202012Validator.check_schema(schema)
    check = jsonschema.Draft202012Validator(schema)
    assert not list(check.iter_errors(yaml.safe_load(OWN)))
    for path in (ROOT / "registry").rglob("*.yaml"):
        category = path.relative_to(ROOT / "registry").parts[0].removesuffix(".yaml")
        data = (
            yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader) if category == "none" else _read(path)
        )
        name = "sources" if category == "sources" else "grids" if category.startswith("grids") else category
        assert not [e.message[:200] for e in check.iter_errors({name: data})], path
    assert list(check.iter_errors({"hardware": [{"id": "x", "name": "X", "title": "X", "facts": {"memory.speed": 1}}]}))


def _read(path: Path) -> Any:
    from mlsysim.registry.document import read

    return read(path).data


def test_an_old_price_warns() -> None:
    """After half a year, with the day and the cure."""
    price = find("prices", "RunPod_Secure_Cloud_H100_on_demand").facts["per_accelerator"]
    assert age(price, date(2026, 11, 22)) == ", read on 2026-11-09"
    assert "days ago: prices change" in age(price, date(2027, 11, 22))
    assert mlsysim.evaluate(EXAMPLE).design.bindings["price.accelerator_hour"].fact is not None


@pytest.mark.parametrize(
    ("name", "billions", "kilobytes"),
    [("Llama3_70B", 70.553706496, 327.68), ("Llama2_7B", 6.738415616, 524.288), ("Mistral_7B", 7.241732096, 131.072),
     ("DeepSeek_V3", 671.0264192, 70.272), ("GPT2_XL", 1.5576112, 307.2)],
)  # fmt: skip
def test_a_model_is_computed_from_its_architecture(name: str, billions: float, kilobytes: float) -> None:
    """Parameters, and keys and values of a token: two vectors for each key-value head of each layer, or one latent."""
    found = mlsysim.profile(name)
    assert found.parameters == round(billions * 1e9)
    assert found.kv_bytes_per_token == pytest.approx(kilobytes * 1e3)
    assert found.weight_bytes == 2 * found.parameters


def test_work_of_a_token_is_twice_the_active_weights() -> None:
    """Without attention to other tokens; a mixture works with fewer weights than it has."""
    for name, published in (("Llama3_70B", 70e9), ("Mixtral_8x7B", 12.9e9), ("Qwen3_235B_A22B", 22e9)):
        found = mlsysim.profile(name)
        assert found.flop_per_token == 2 * found.active_parameters
        assert found.active_parameters == pytest.approx(published, rel=0.03)


def test_a_profiled_model_has_what_its_publisher_says() -> None:
    """Two operations for each multiply-accumulate, and no cache."""
    found = mlsysim.profile("ResNet50")
    assert (found.parameters, found.flop_per_token, found.kv_bytes_per_token) == (25557032, 2 * 4.089e9, None)
    with pytest.raises(InputError, match="H100 is no model"):
        mlsysim.profile(mlsysim.Hardware.Cloud.H100)


@pytest.mark.parametrize("scenario", list(entries("scenarios").values()), ids=lambda e: e.name)
def test_scenarios_are_ready(scenario: Entry) -> None:
    """Each is possible and keeps its own limits."""
    evaluation = mlsysim.evaluate(scenario)
    assert evaluation.feasible
    assert evaluation.exit_code == 0
    assert scenario.note


def test_layers_have_names_and_completion() -> None:
    """``mlsysim.hardware``, ``models``, ``infra`` and ``systems``."""
    assert mlsysim.hardware.Cloud.H100 is mlsysim.Hardware.Cloud.H100
    assert mlsysim.models.Language.Llama3_8B is mlsysim.Models["meta-llama/Meta-Llama-3-8B"]
    assert mlsysim.infra.Grids.Quebec.carbon_intensity.published
    assert mlsysim.systems.Fleets.Frontier.accelerators.number == 37_632
    assert {"Cloud", "Tiny"} <= set(dir(mlsysim.hardware))
    assert "H100" in dir(mlsysim.Hardware.Cloud)
    with pytest.raises(AttributeError, match="did you mean 'H100'"):
        _ = mlsysim.Hardware.Cloud.H1000


def latency(model: str, hardware: dict[str, Any]) -> float | None:
    """The latency of a model on hardware; None where it does not fit, or where what it needs is not published."""
    try:
        found = mlsysim.evaluate(plan(workload={"name": model}, hardware=hardware))
    except InputError as error:
        if error.hint and "publishe" in str(error):
            return None
        raise
    return found["performance.latency"]


@pytest.mark.parametrize("model", ["Llama32_1B", "DS_CNN"])
@pytest.mark.parametrize("hardware", list(entries("hardware")))
def test_every_accelerator_is_evaluated_or_refused_in_words(model: str, hardware: str) -> None:
    """With a large model and a tiny one."""
    assert 0 < (latency(model, {"name": hardware}) or 1) < 1e6


@pytest.mark.parametrize("model", list(entries("models")))
def test_every_model_is_evaluated_or_refused_in_words(model: str) -> None:
    """On accelerators enough for any."""
    assert 0 < (latency(model, {"name": "H200", "accelerators": 8}) or 1) < 1e6


def test_a_condition_takes_a_word_as_it_is() -> None:
    """A digit before a letter is a number and its unit only where a number is compared."""
    assert [row["name"] for row in listing("models", ["name = Llama3_70B"])] == ["Llama3_70B"]
    assert "H100" in [row["name"] for row in listing("hardware", ["memory.capacity >= 80GB"])]


def test_a_category_is_a_name_and_no_path() -> None:
    """Unknown ones are refused before anything is looked up by them."""
    with pytest.raises(UnknownNameError, match="unknown category"):
        find("../../hardware", "H100")
