"""The generated reference: whatever the program has, its pages have."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import docs.generate
import mlsysim
from docs.generate import agents, builds, commands, efficiency, metrics, plan, python, registry, result, walls, write
from docs.generate.blocks import every_page, told
from docs.generate.markdown import table, words
from docs.generate.sources import anchor
from mlsysim.cli.main import run
from mlsysim.cli.options import EXIT_CODES
from mlsysim.schemas import schema_of
from mlsysim.symbolic.kernels import catalogue
from tests.conftest import ROOT


def rows(text: str) -> Iterator[list[str]]:
    """The cells of every row of Markdown's tables."""
    for line in text.splitlines():
        if line.startswith("| "):
            yield [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def section(text: str, heading: str) -> str:
    """What stands below a heading, up to the next of its level."""
    found = re.search(rf"^{re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    assert found, heading
    return found[1]


@pytest.mark.parametrize("name", ["eval", "check", "optimize nodes", "zoo hardware", "zoo import", "schema"])
def test_a_command_is_described_as_its_help_has_it(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Every option that `--help` lists, and no other."""
    assert run([*name.split(), "--help"]) == 0
    helped = capsys.readouterr().out
    listed = set(re.findall(r"--[a-z][a-z-]*", section(commands.pages()["commands"], f"## mlsysim {name}")))
    said = set(re.findall(r"^[│ ]*\*? *(--[a-z-]+)", helped, re.M)) - {"--help"}
    assert said
    assert said <= listed
    assert all(re.search(rf"{option}\b", helped) for option in listed)


def test_defaults_and_choices_of_options_are_those_of_the_program() -> None:
    """As a person would look them up."""
    found = {row[0]: row for row in rows(section(commands.pages()["commands"], "## mlsysim optimize parallelism"))}
    assert found["`--time-limit`"][1:3] == ["seconds", "`60.0`"]
    assert found["`--workers`"][1:3] == ["whole number from 1 to 64", "`2`"]
    assert found["`PLAN`"][2] == "required"
    assert "`json`" in found["`--output`, `-o`"][1]


def fields(schema: Any, rule: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Every field of a schema, as the section it stands in and its name."""
    rule = schema["$defs"][rule["$ref"].rpartition("/")[2]] if "$ref" in rule else rule
    for name, field in rule.get("properties", {}).items():
        yield ".".join(path), name
        for option in field.get("anyOf", [field]):
            yield from fields(schema, option, (*path, name))
            items = option.get("items", {})
            for item in items.get("anyOf", [items]):
                yield from fields(schema, item, (*path, f"{name}[]"))


def test_the_plan_s_page_has_every_field_of_the_schema_and_no_other() -> None:
    """Each in its section, with its meaning."""
    schema, page = schema_of("plan"), plan.pages()["plan"]
    expected: dict[str, set[str]] = {}
    for place, name in fields(schema, schema):
        expected.setdefault(place, set()).add(f"`{name}`")
    headings = re.findall(r"^## (.+)$", page, re.M)
    assert {heading.strip("`") for heading in headings} == {place or "Top level" for place in expected}
    for place, names in expected.items():
        shown = list(rows(section(page, f"## `{place}`" if place else "## Top level")))
        assert {row[0] for row in shown} - {"field", "---"} == names
        assert all(row[3] for row in shown), place


@pytest.mark.parametrize(("rule", "expected"), [
    ({"type": "string"}, "text"), ({"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}]}, "whole number ≥ 1"),
    ({"anyOf": [{"type": "number", "exclusiveMinimum": 0, "maximum": 1e6}, {"type": "string"}]}, "number \\> 0, ≤ 1,000,000 or text with a unit"),
    ({"enum": ["a", "b"], "type": "string"}, "`a` \\| `b`"), ({"const": "1.0"}, "`1.0`"), ({"$ref": "#/$defs/S"}, "section"),
    ({"type": "array", "items": {"$ref": "#/$defs/S"}}, "list of: section"), ({"type": "object"}, "mapping"),
    ({"anyOf": [{"type": "boolean"}, {"enum": ["x"], "type": "string"}]}, "true or false or `x`"),
])  # fmt: skip
def test_what_a_field_takes_is_said_in_words(rule: Any, expected: str) -> None:
    """Of every form that the schema uses."""
    assert plan.takes({"$defs": {"S": {"type": "object", "properties": {"a": {"type": "string"}}}}}, rule) == expected


def test_every_metric_has_its_key_unit_and_phases() -> None:
    """Those that a result has; a phase that lacks the metric is not named."""
    found = {row[0].split("`")[1]: row for row in rows(metrics.pages()["metrics"]) if row[0].startswith("`")}
    keys = {name: rule for name, rule in schema_of("result")["properties"].items() if "x-metric" in rule}
    named = {name: row[0].split("`")[3] for name, row in found.items()}
    assert named == {rule["x-metric"]: name for name, rule in keys.items()}
    meaning = words(catalogue().QUANTITIES["performance.latency"]["meaning"])
    assert found["performance.latency"][1:] == ["ms", meaning, "all"]
    assert found["performance.itl"][3].startswith("inference")
    assert "training" not in found["performance.itl"][3]
    assert "↑" in found["performance.throughput"][0]
    assert "↑" not in found["performance.latency"][0]


def test_a_result_s_page_has_every_key_that_is_no_metric() -> None:
    """And says which are always there."""
    found = {row[0]: row for row in rows(result.pages()["result"])}
    others = {f"`{name}`" for name, rule in schema_of("result")["properties"].items() if "x-metric" not in rule}
    assert others <= set(found)
    assert found["`exit_code`"][2] == "always"
    assert found["`o_gap`"][2] == ""
    shown = re.search(r"```json\n(.*?)```", section(result.pages()["result"], "## Errors"), re.S)
    assert shown
    assert json.loads(shown[1])["error"]["exit_code"] == 2


def test_the_exit_codes_are_those_of_the_program() -> None:
    """The page lists the codes that every command's help does, in their order."""
    page = (ROOT / "docs" / "reference" / "exit-codes.md").read_text(encoding="utf-8")
    helped = [int(code) for code in re.findall(r"\b(\d+) [a-z]", EXIT_CODES)]
    assert len(helped) >= 7
    assert [int(row[0]) for row in rows(page) if row[0].isdigit()] == helped


def test_every_wall_has_a_page_with_its_laws_and_every_step() -> None:
    """Numbered as `derive` numbers them, each formula in MathML, each source in full."""
    from mlsysim.symbolic import graph

    pages = walls.pages()
    for wall in catalogue().WALLS:
        page = pages[f"walls/{wall['name']}"]
        steps = [int(number) for number in re.findall(r'<li id="step-\d+" value="(\d+)">', page)]
        assert steps == list(range(1, len(steps) + 1))
        stated = graph.wall(wall["name"]).wall
        assert stated is not None
        assert len(steps) == len(stated.derivation)
        assert page.count("<math") == page.count("</math>")
        cited = set(re.findall(r'href="#(source-[^"]+)"', page))
        assert cited == set(re.findall(r'<li id="(source-[^"]+)"', page))
        assert f'<a href="{wall["name"]}.html">' in pages["walls/index"]


def test_a_walls_page_names_laws_and_symbols_before_the_derivation() -> None:
    """A law says which step derives it; the list of walls shows the first law of each as a formula."""
    pages = walls.pages()
    for wall in catalogue().WALLS:
        page = pages[f"walls/{wall['name']}"]
        parts = re.findall(r"^## (\w+)", page, re.M)
        assert parts[:2] == ["Laws", "Symbols"]
        assert parts.index("Derivation") > 1
        laws = page[page.index("## Laws") : page.index("## Symbols")]
        derived = dict(re.findall(r'(<math.*?</math>)</div><a href="#step-(\d+)">step \d+</a>', laws))
        assert len(derived) == laws.count("<math") > 0
        for formula, number in derived.items():
            assert f'<li id="step-{number}" value="{number}"><div class="law">{formula}</div>' in page
        assert next(iter(derived)) in pages["walls/index"]
        assert wall["core"] not in pages["walls/index"]


def test_every_entry_of_the_registry_has_its_values_and_their_sources() -> None:
    """As `zoo show` has them; zeros that need no note stand together."""
    pages = registry.pages()
    h100 = mlsysim.hardware.H100
    page = section(pages["registry/hardware"], "## H100")
    for name, value in h100.facts.items():
        assert f"<code>{name}</code></td><td>{value.text}<" in page
        assert f"sources.html#{anchor(value.source.key)}" in page
    from mlsysim.registry import CATEGORIES, standard

    for category in CATEGORIES:
        for entry in standard().entries(category).values():
            assert f"({registry._label(entry)})=" in pages[f"registry/{category}"]
    for key in standard().sources:
        assert f'id="{anchor(key)}"' in pages["registry/sources"]


def test_the_guide_has_a_row_for_each_kind_of_work() -> None:
    """With its range and the middle that is taken."""
    found = {row[0]: row for row in rows(efficiency.pages()["fragments/efficiency-guide"])}
    large = mlsysim.registry.standard().find("software", "training_large")
    fact = large.facts["efficiency"]
    assert found[words(large.title)][1:3] == [f"{fact.low} to {fact.high}", fact.text]
    assert "not verified" in found[words(large.title)][3]


def test_every_public_name_is_described() -> None:
    """By a directive of its own, or in words."""
    page = python.pages()["python"]
    missing = [name for name in mlsysim.__all__ if not name.startswith("__") and f"mlsysim.{name}" not in page]
    assert missing == []


def test_every_tool_for_agents_is_described_with_its_arguments() -> None:
    """As an agent is told of it."""
    from mlsysim.agents.guide import PROMPTS
    from mlsysim.agents.tools import TOOLS

    page = agents.pages()["agents"]
    expected = {tool.name: set(tool.input_schema.get("properties", {})) for tool in TOOLS.values()}
    expected |= {prompt.name: set(prompt.arguments) for prompt in PROMPTS.values()}
    for name, arguments in expected.items():
        found = re.search(rf"^### {name}\n(.*?)(?=^##|\Z)", page, re.M | re.S)
        assert found, name
        assert {row[0].strip("`") for row in rows(found[1])} - {"argument", "---"} == arguments


def test_pages_are_written_once_and_old_ones_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that stays as it is keeps its time, so that little is built again."""
    monkeypatch.setattr(docs.generate, "makers", lambda: [lambda: {"a": "1\n", "b/c": "2\n"}])
    (tmp_path / "old.md").write_text("")
    assert [path.name for path in write(tmp_path)] == ["a.md", "c.md"]
    assert not (tmp_path / "old.md").exists()
    before = (tmp_path / "a.md").stat().st_mtime_ns
    write(tmp_path)
    assert (tmp_path / "a.md").stat().st_mtime_ns == before


@pytest.mark.parametrize(("text", "shown"), [("a|b", "a\\|b"), ("`a|b` c_d", "`a\\|b` c\\_d"), ("1 ` 2", "1 \\` 2"), ("<x> $y$", "\\<x\\> \\$y\\$")])  # fmt: skip
def test_words_are_shown_as_they_are(text: str, shown: str) -> None:
    """Signs of Markdown are not read as such; a table keeps its columns."""
    assert words(text) == shown
    assert len(next(rows(table([words(text), "b"], [])))) == 2


def test_a_test_that_a_page_names_exists() -> None:
    """What is said of accuracy is checked, by the test that is named."""
    named = {
        match
        for page in every_page()
        for match in re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", page.read_text(encoding="utf-8"))
    }
    assert len(named) > 10
    for file, test in named:
        text = (ROOT / file).read_text(encoding="utf-8")
        assert not test or f"def {test}(" in text, (file, test)


@pytest.mark.parametrize("page", every_page(), ids=told)
def test_a_file_that_a_page_shows_is_what_it_says(page: Path) -> None:
    """YAML that can be read, JSON that can be read."""
    from docs.generate.blocks import blocks

    for block in blocks(page):
        if block.language == "yaml":
            assert isinstance(yaml.safe_load(block.text), dict | list), block.line
        if block.language == "json":
            assert json.loads(block.text), block.line


def test_a_build_uses_inputs_and_hooks_that_exist() -> None:
    """In the page as in the files that builds read; the page lists every input."""
    from docs.generate.blocks import blocks

    page = ROOT / "docs" / "how-to" / "check-in-ci.md"
    shown = [yaml.safe_load(block.text) for block in blocks(page) if block.language == "yaml" and not block.caption]
    steps = [step for each in shown for step in each.get("steps", ()) if "mlsysim" in step["uses"]]
    inputs = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))["inputs"]
    assert [set(step["with"]) - set(inputs) for step in steps] == [set()]
    assert {f"`{name}`" for name in inputs} <= {row[0] for row in rows(builds.pages()["fragments/action-inputs"])}
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    used = [hook["id"] for each in shown for repository in each.get("repos", ()) for hook in repository["hooks"]]
    assert used == [hook["id"] for hook in hooks]
    for named in ("mlsys.yaml", "plans/big.mlsys.yaml"):
        assert all(re.search(hook["files"], named) for hook in hooks)
