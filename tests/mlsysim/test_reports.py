"""What was found, in the formats that other programs read."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
import yaml

import mlsysim
from mlsysim.cli.main import run
from mlsysim.reports import Place, Remark, github, junit, of_error, of_found, sarif
from mlsysim.reports.errors import SCHEMA as ERROR_SCHEMA
from mlsysim.schemas import schema_of
from mlsysim.symbolic.errors import InputError
from tests.conftest import ROOT

PLAN = """\
version: "1.0"
name: "100% <sure>: a | b, c"
workload: {name: Llama3_8B, batch_size: 64}
hardware: {name: H100, nodes: 2}
constraints:
  assert:
    - {metric: latency, max: 1 ms, severity: warn, reason: promised}
    - metric: latency
      max: 2 ms
    - {metric: memory_required, max: 80 GB}
"""
LARGE = 'version: "1.0"\nworkload: {name: Llama3_70B}\nhardware:\n  name: H100\nconstraints: {assert: [{metric: latency, max: 1}]}\n'
BROKEN = 'version: "1.0"\nworkload: {nam: Llama3_8B}\nhardware: {name: H100, nodes: 0}\n'


@pytest.fixture
def shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Checks a plan's text with options; gives the exit code, and what stands on standard output."""
    monkeypatch.chdir(tmp_path)

    def show(text: str, *words: str, command: str = "check") -> tuple[int, str]:
        Path("plans").mkdir(exist_ok=True)
        Path("plans/a plan.yaml").write_text(text)
        code = run([command, "plans/a plan.yaml", *words])
        return code, capsys.readouterr().out

    return show


def parsed(lines: str) -> list[tuple[str, dict[str, str], str]]:
    """Workflow commands, read as the runner reads them: command, properties, message."""
    back = {"%3A": ":", "%2C": ",", "%0D": "\r", "%0A": "\n", "%25": "%"}

    def plain(text: str) -> str:
        return re.sub("%[0-9A-F]{2}", lambda found: back[found[0]], text)

    found = []
    for line in lines.splitlines():
        match = re.fullmatch(r"::(\w+) (.*?)::(.*)", line)
        assert match, line
        properties = dict(each.split("=", 1) for each in match[2].split(","))
        found.append((match[1], {name: plain(value) for name, value in properties.items()}, plain(match[3])))
    return found


def test_annotations_stand_at_the_asserts_own_lines(shown: Any) -> None:
    """A warning and an error, each at its line and column; the one that holds has none."""
    code, out = shown(PLAN, "--output", "github")
    assert code == 3
    (warning, at, said), (error, where, _) = parsed(out)
    assert (warning, at["file"], at["line"], at["col"]) == ("warning", "plans/a plan.yaml", "7", "30")
    assert (error, where["line"], where["col"]) == ("error", "9", "12")
    assert where["title"] == "performance.latency <= 2 ms"
    assert "promised" in said


def test_a_design_that_does_not_fit_is_an_error_at_the_hardware(shown: Any) -> None:
    """With its cure; its asserts are not decided, and not annotated."""
    code, out = shown(LARGE, "--output", "github")
    assert code == 4
    ((command, at, said),) = parsed(out)
    assert (command, at["line"]) == ("error", "3")
    assert "OOM" in said
    assert "accelerators fit" in said


def test_annotations_cannot_be_forged(shown: Any) -> None:
    """What a plan says never starts a line of its own."""
    remark = Remark("input", "a,b:c%", "error", "one\n::warning::two", Place("x,y:z.yaml", 1, 2))
    line = github.render([remark])
    assert "\n" not in line
    assert parsed(line) == [
        ("error", {"file": "x,y:z.yaml", "line": "1", "col": "2", "title": "a,b:c%"}, "one\n::warning::two")
    ]
    code, out = shown(PLAN.replace("2 ms", "99 min").replace("max: 1 ms", "max: 99 min"), "--output", "github")
    assert (code, out.startswith("::"), out.count("\n")) == (0, False, 1)


def test_junit_counts_every_condition_and_assert(shown: Any) -> None:
    """What is violated fails, a warning passes and says so, what is not decided is skipped; counts add up."""
    code, out = shown(PLAN, "--output", "junit")
    suite = ElementTree.fromstring(out)[0]
    cases = suite.findall("testcase")
    assert code == 3
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == (str(len(cases)), "1", "0")
    assert suite.get("name") == "100% <sure>: a | b, c"
    (failed,) = [each for case in cases if (each := case.find("failure")) is not None]
    assert (failed.text or "").startswith("plans/a plan.yaml:9:12: ")
    (warned,) = [case for case in cases if case.find("system-out") is not None]
    assert "warning: plans/a plan.yaml:7:30" in (warned.findtext("system-out") or "")
    walls = {f.name for f in mlsysim.evaluate(yaml.safe_load(PLAN)).findings if f.kind != "structural"}
    assert {case.get("name") for case in cases if ".feasibility." in (case.get("classname") or "")} == walls
    _, out = shown(LARGE, "--output", "junit")
    suite = ElementTree.fromstring(out)[0]
    assert (suite.get("skipped"), int(suite.get("failures") or 0) >= 1) == ("1", True)


#: What junit-10.xsd of Jenkins' xUnit plugin says of the elements that are written: attributes that are needed, others that may
#: be there, and what may stand inside.
JUNIT: dict[str, tuple[set[str], set[str], set[str]]] = {
    "testsuites": (set(), {"name", "time", "tests", "failures", "errors"}, {"testsuite"}),
    "testsuite": ({"name", "tests", "failures", "errors"},
                  {"group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url", "version"},
                  {"testsuite", "properties", "testcase", "system-out", "system-err"}),
    "testcase": ({"name"}, {"time", "classname", "group"}, {"skipped", "error", "failure", "system-out", "system-err"}),
    "failure": (set(), {"type", "message"}, set()), "error": (set(), {"type", "message"}, set()),
    "skipped": (set(), {"type", "message"}, set()), "system-out": (set(), set(), set()),
}  # fmt: skip
POOLS = """\
version: "1.0"
workload: {name: Llama3_8B, sequence_length: 1024, output_tokens: 256}
serving: {requests_per_second: 1}
hardware: {pools: [{name: H100, accelerators: 1}, {name: H100, accelerators: 2}]}
constraints: {assert: [{metric: latency, max: 1 ms}, {metric: latency, max: 1 ms, severity: warn}]}
"""


@pytest.mark.parametrize("text", [PLAN, LARGE, BROKEN, POOLS, POOLS.replace("8B", "405B")])
def test_junit_keeps_the_schema_that_it_names(text: str, shown: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Elements and attributes as the schema has them, counts that add up, and no two tests of one class and name."""
    shown(text)
    run(["check", "plans/a plan.yaml", "plans/a plan.yaml", "--output", "junit"])
    root = ElementTree.fromstring(capsys.readouterr().out)
    for element in root.iter():
        needed, others, inside = JUNIT[element.tag]
        assert needed <= set(element.attrib) <= needed | others, element.tag
        assert {child.tag for child in element} <= inside
        assert not (element.text or "").strip() or element.tag in ("failure", "error", "skipped", "system-out")
    cases = [(case.get("classname"), case.get("name")) for case in root.iter("testcase")]
    assert len(cases) == len(set(cases)) == int(root.get("tests") or 0)
    for name in ("failure", "error"):
        assert int(root.get(f"{name}s") or 0) == len([*root.iter(name)])
        assert all(int(suite.get(f"{name}s") or 0) == len([*suite.iter(name)]) for suite in root)
    assert all(int(suite.get("skipped") or 0) == len([*suite.iter("skipped")]) for suite in root)


NAMES = ["1.2.3", "1_2_3", "1_2.3", "12345678", "true", "null", "1e5", "50 GB", "a|b", "=1+1", "1.2.3"]


@pytest.mark.parametrize("text", [PLAN, BROKEN])
def test_names_of_plans_are_text_in_every_format(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of files called like numbers, versions and words of YAML, and of a folder; no two tests of JUnit are one."""
    monkeypatch.chdir(tmp_path)
    for name in NAMES:
        Path(name).write_text(text)
    printed = {}
    for format in ("text", "json", "yaml", "csv", "markdown", "github", "junit", "sarif"):
        assert run(["check", ".", *NAMES, "--output", format]) == 2
        shown = capsys.readouterr()
        printed[format] = shown.out
        assert "internal error" not in shown.out + shown.err
    assert [each["plan"] for each in json.loads(printed["json"])["plans"]] == [".", *NAMES]
    assert [each["plan"] for each in yaml.safe_load(printed["yaml"])["plans"]] == [".", *NAMES]
    rows = [row["plan"].removeprefix("'") for row in csv.DictReader(io.StringIO(printed["csv"]))]
    assert list(dict.fromkeys(rows)) == list(dict.fromkeys([".", *NAMES]))
    assert "12345678" in printed["markdown"]
    assert "12,345,678" not in "".join(printed.values())
    cases = [(c.get("classname"), c.get("name")) for c in ElementTree.fromstring(printed["junit"]).iter("testcase")]
    assert len(cases) == len(set(cases)) > len(NAMES)


def test_an_assert_that_pools_break_names_each(shown: Any) -> None:
    """Both broke it in the same words."""
    two = POOLS.replace("accelerators: 2", "accelerators: 1")
    for format in ("text", "github", "junit"):
        _, out = shown(two, "--output", format)
        for pool in ("H100 (pool 1)", "H100 (pool 2)"):
            assert f"performance.latency of {pool} is" in " ".join(out.split())


def test_pools_of_one_kind_are_told_apart(shown: Any) -> None:
    """In every format, by their number."""
    _, out = shown(POOLS.replace("8B", "405B"), "--output", "github")
    assert {at["title"].partition(":")[0] for _, at, _ in parsed(out)} >= {"H100 (pool 1)", "H100 (pool 2)"}


def test_junit_holds_only_what_xml_can() -> None:
    """Control characters stand as their escapes."""
    text = junit.render([("n\x01", [Remark("assert/x", "a\x00\x1bb\ufffe", "error", "c\x07\U0001f600")])])
    assert ElementTree.fromstring(text)[0][0].get("name") == r"a\x00\x1bb\ufffe"


#: The parts of SARIF 2.1.0 that are written, after section 3 of the standard and its schema, which allows no other properties.
SARIF: dict[str, Any] = {
    "type": "object", "required": ["version", "runs"], "additionalProperties": False,
    "properties": {"$schema": {"type": "string"}, "version": {"const": "2.1.0"}, "runs": {"type": "array", "minItems": 1, "items": {
        "type": "object", "required": ["tool", "results"], "additionalProperties": False,
        "properties": {
            "tool": {"type": "object", "required": ["driver"], "additionalProperties": False, "properties": {"driver": {
                "type": "object", "required": ["name"], "additionalProperties": False, "properties": {
                    "name": {"type": "string"}, "version": {"type": "string", "pattern": "."},
                    "rules": {"type": "array", "uniqueItems": True, "items": {
                        "type": "object", "required": ["id"], "additionalProperties": False, "properties": {
                            "id": {"type": "string"}, "shortDescription": {"type": "object", "required": ["text"]}}}}}}}},
            "invocations": {"type": "array", "uniqueItems": False, "items": {
                "type": "object", "required": ["executionSuccessful"], "additionalProperties": False,
                "properties": {"executionSuccessful": {"type": "boolean"}, "exitCode": {"type": "integer"}}}},
            "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
            "results": {"type": "array", "items": {
                "type": "object", "required": ["message", "ruleId"], "additionalProperties": False, "properties": {
                    "ruleId": {"type": "string"}, "ruleIndex": {"type": "integer", "minimum": 0},
                    "level": {"enum": ["none", "note", "warning", "error"]},
                    "message": {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}},
                    "locations": {"type": "array", "items": {"type": "object", "properties": {"physicalLocation": {
                        "type": "object", "required": ["artifactLocation"], "additionalProperties": False, "properties": {
                            "artifactLocation": {"type": "object", "properties": {"uri": {"type": "string", "pattern": "^[^ ]*$"}}},
                            "region": {"type": "object", "properties": {
                                "startLine": {"type": "integer", "minimum": 1},
                                "startColumn": {"type": "integer", "minimum": 1}}}}}}}}}}},
        }}}},
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "levels"), [(PLAN, ["warning", "error"]), (LARGE, ["error"]), (BROKEN, ["error"] * 2)]
)
def test_sarif_lists_what_does_not_hold(text: str, levels: list[str], shown: Any) -> None:
    """With addresses relative to the folder, at lines from 1, each with a rule that the run describes."""
    code, out = shown(text, "--output", "sarif")
    document = json.loads(out)
    jsonschema.validate(document, SARIF)
    (found,) = document["runs"]
    assert [result["level"] for result in found["results"]] == levels
    assert found["invocations"][0]["exitCode"] == code
    rules = [rule["id"] for rule in found["tool"]["driver"]["rules"]]
    for result in found["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "plans/a%20plan.yaml"


def test_addresses_in_sarif_are_relative_below_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And whole elsewhere."""
    monkeypatch.chdir(tmp_path)
    assert sarif.uri(str(tmp_path / "a" / "b c.yaml")) == "a/b%20c.yaml"
    assert sarif.uri("/elsewhere/x.yaml") == "file:///elsewhere/x.yaml"


@pytest.mark.parametrize("format", ["github", "junit", "sarif", "json", "yaml"])
def test_bad_input_is_reported_in_the_format_that_was_asked_for(format: str, shown: Any) -> None:
    """Both mistakes, at their places, on standard output."""
    code, out = shown(BROKEN, "--output", format)
    assert code == 2
    assert out.count("unknown key") >= 1
    assert out.count("0 is below 1") >= 1
    if format in ("json", "yaml"):
        jsonschema.validate(yaml.safe_load(out), ERROR_SCHEMA)


@pytest.mark.parametrize("command", ["check", "eval"])
def test_data_is_the_same_in_json_and_yaml(command: str, shown: Any) -> None:
    """In the same order, valid against the published schema, and without aliases."""
    as_json, as_yaml = (shown(PLAN, "--output", format, command=command)[1] for format in ("json", "yaml"))
    data = json.loads(as_json)
    assert list(data.items()) == list(yaml.safe_load(as_yaml).items())
    assert "&id" not in as_yaml
    jsonschema.validate(data, schema_of("result"))


def test_tables_have_every_metric_with_its_unit(shown: Any) -> None:
    """CSV in full digits; Markdown for people."""
    _, text = shown(PLAN, "--output", "csv", command="eval")
    rows = {row["key"]: row for row in csv.DictReader(io.StringIO(text))}
    data = json.loads(shown(PLAN, "--output", "json", command="eval")[1])
    for key, value in data.items():
        if isinstance(value, float):
            assert float(rows[key]["value"]) == value
    assert rows["p_latency_ms"]["unit"] == "ms"
    _, page = shown(PLAN, "--output", "markdown", command="eval")
    assert page.startswith(r"### 100% \<sure\>: a \| b, c" + "\n\n**FAIL** fits")
    assert re.search(r"^\| p_latency_ms \| [\d.,]+ \| ms \|$", page, re.MULTILINE)
    assert "Left open by the plan" in page


def test_every_answer_can_be_a_table(shown: Any) -> None:
    """Rankings, requirements, fronts and differences by their own rows."""
    chosen = PLAN.replace("1 ms", "99 min").replace("2 ms", "99 min")
    cases = [
        ("sensitivity", (), {"input", "wall"}), ("synthesize", ("--target", "latency <= 10 s"), {"input", "required", "unit"}),
        ("diff", ("plans/a plan.yaml",), set()),
    ]  # fmt: skip
    for command, words, heads in cases:
        code, text = shown(chosen, *words, "--output", "csv", command=command)
        assert code == 0
        assert heads <= set(next(csv.reader(io.StringIO(text)), []))


@pytest.mark.parametrize("format", ["github", "junit", "sarif"])
@pytest.mark.parametrize(
    "words", [["zoo"], ["walls"], ["optimize", "FrontierTraining"], ["diff", "Doorbell", "Doorbell"]]
)
def test_builds_read_what_eval_and_check_find(
    words: list[str], format: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Any other command refuses their formats, before it works, and says so in them."""
    assert run([*words, "--output", format]) == 2
    assert "it is a format of `eval` and `check`" in capsys.readouterr().out


@pytest.mark.parametrize(("kind", "words"), [
    ("comparison", ["diff", "a.yaml", "b.yaml"]), ("ranking", ["sensitivity", "a.yaml"]),
    ("requirements", ["synthesize", "b.yaml", "--target", "latency <= 10 s"]), ("error", ["eval", "none.yaml"]),
    ("front", ["optimize", "b.yaml", "--pareto", "latency,memory_required"]), ("result", ["optimize", "b.yaml", "--top", "2"]),
])  # fmt: skip
def test_every_answer_keeps_its_published_schema(
    kind: str, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same that `mlsysim schema --type` prints; no number is not finite."""
    monkeypatch.chdir(tmp_path)
    Path("a.yaml").write_text(PLAN)
    Path("b.yaml").write_text(PLAN.replace("1 ms", "99 min").replace("2 ms", "99 min"))
    run([*words, "--output", "json"])
    data = json.loads(capsys.readouterr().out, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert run(["schema", "--type", kind]) == 0
    published = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator.check_schema(published)
    jsonschema.validate(data, published)


def test_remarks_name_their_wall_or_metric() -> None:
    """A rule is the same from run to run, whatever the numbers."""
    rules = {remark.rule for remark in of_found(mlsysim.evaluate(yaml.safe_load(PLAN)))}
    assert {"feasibility/memory", "assert/performance.latency", "assert/feasibility.memory_required"} <= rules
    (remark,) = of_error(InputError("it is wrong", where="C:a.yaml:3:4", hint="mend it"))
    assert (remark.rule, remark.place, remark.text) == ("input", Place("C:a.yaml", 3, 4), "it is wrong (hint: mend it)")


def on_a_terminal(*words: str, columns: int, **environment: str) -> str:
    """What a command prints on a terminal of a width."""
    controller, terminal = pty.openpty()
    env = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": str(columns), "TERM": "xterm", **environment}
    child = subprocess.Popen(
        [sys.executable, "-m", "mlsysim", *words], stdout=terminal, stderr=terminal, env=env, cwd=ROOT
    )
    os.close(terminal)
    shown = b""
    while True:
        try:
            part = os.read(controller, 65536)
        except OSError:
            break
        if not part:
            break
        shown += part
    child.wait()
    os.close(controller)
    return shown.decode()


def test_colour_is_for_terminals_whose_owner_wants_it() -> None:
    """NO_COLOR and pipes get plain text; the words are the same."""
    words = ("eval", "examples/llama3_70b_training.yaml")
    coloured = on_a_terminal(*words, columns=100)
    plain = on_a_terminal(*words, columns=100, NO_COLOR="1")
    assert "\x1b[" in coloured
    assert "\x1b[" not in plain
    assert re.sub(r"\x1b\[\d+m", "", coloured) == plain


@pytest.mark.parametrize("command", ["eval", "check"])
def test_text_fits_a_narrow_terminal(command: str) -> None:
    """And says the same words as on a wide one."""
    narrow, wide = (
        on_a_terminal(command, "examples/pools.yaml", columns=columns, NO_COLOR="1") for columns in (50, 200)
    )
    assert max(map(len, narrow.splitlines())) <= 50
    assert 50 < max(map(len, wide.splitlines())) <= 88
    assert narrow.split() == wide.split()
