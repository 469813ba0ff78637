"""Plans that are written keep their text: only what was decided changes."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import mlsysim
from mlsysim.cli.main import run
from mlsysim.plan import load, loads
from mlsysim.plan.editing import edited, same
from mlsysim.plan.starter import STARTER
from mlsysim.registry.document import parse
from mlsysim.search.writing import plan_text
from tests.conftest import EXAMPLE, ROOT

STYLES = """\
# Every style that a person writes in; this one first.
version: '1.0'
name: "quoted: #1"   # with a comment behind it
empty:
text: |
  # no comment, a line of text
  two lines

folded: >-
    one
    line
workload:

    # four spaces
    name: Llama3_8B
    nested: {a: 1, b: [1, 2], c: {}}     # in brackets

    list:
    - 1
    # between
    - name: x
      value: 'it''s'
    -   deep: {a: 1}
        more: 2      # last
  # less indented, still a comment
wide: {
  first: 1,   # one
  second: "two",
  third: [a,
     b]
}
"json": {"a": 1, "b": "two"}
tight: {a: 1,b: 2}
nothing: []
# at the end
...
# behind the end
"""
ANCHORS = """\
# A value that stands in several places.
one: &shared {a: 1, b: 2}   # here
two: *shared
three: [*shared, &number 5]
four: *number
"""
DOCUMENTS = [
    STYLES, ANCHORS, STARTER, *(path.read_text() for path in sorted((ROOT / "examples").glob("*.yaml"))),
    *(f"# a base\n{path.read_text()}" for path in sorted((ROOT / "tests" / "robustness" / "bases").glob("*.yaml"))),
]  # fmt: skip
WORDS = ("a", "b c", "x: y", "#h", "'q'", '"d"', "1e3", "no", "", "50 ms", "~", "- z", "é", "{x}", "a #b", "two\nlines")


def value(random_: random.Random, depth: int = 0) -> Any:
    """A value of any kind."""
    kind = random_.random()
    if depth > 2 or kind < 0.6:
        return random_.choice([*WORDS, 1, 2.5, True, False, None, -3, 10**6])
    if kind < 0.8:
        return {random_.choice(WORDS[:-1]): value(random_, depth + 1) for _ in range(random_.randint(0, 3))}
    return [value(random_, depth + 1) for _ in range(random_.randint(0, 3))]


def changed(data: Any, random_: random.Random, share: float) -> Any:
    """Data of which a share is changed, taken out or put in."""
    if isinstance(data, dict):
        kept = {k: changed(v, random_, share) for k, v in data.items() if random_.random() > share / 4}
        return {**kept, **({random_.choice(WORDS[:-1]): value(random_)} if random_.random() < share else {})}
    if isinstance(data, list):
        kept_ = [changed(item, random_, share) for item in data if random_.random() > share / 8]
        return [*kept_, *([value(random_)] if random_.random() < share else [])]
    return value(random_) if random_.random() < share else data


def comments(text: str) -> list[str]:
    """The lines that are comments."""
    return [line.strip() for line in text.splitlines() if line.lstrip().startswith("#") and "no comment" not in line]


def check(text: str, data: dict[str, Any]) -> None:
    """An edited document says what it is to say, and keeps everything else."""
    written, before = edited(text, data), parse(text, "x").data
    assert same(parse(written, "x").data, data)
    kept = comments(written)
    rest = iter(kept)
    assert all(comment in rest for comment in comments(text)), "in the same order"
    assert all(comment in text for comment in kept)  # what was behind a value may stand alone where that is gone
    assert ("\r\n" in written) == ("\r\n" in text)
    assert text.endswith("\n") == written.endswith("\n") or [*before][-1] not in data
    starts = {key: mark.line - 1 for (key, *rest), mark in parse(text, "x").keys.items() if not rest}
    lines, order = text.splitlines(keepends=True), sorted(starts.values())
    for key, start in starts.items():
        if key in data and same(before[key], data[key]):
            end = min((other for other in order if other > start), default=start + 1)
            section = "".join(lines[start:end]).rstrip()
            assert section in written or "*" in section, key  # an alias may have lost what it stands for


@given(
    st.sampled_from(DOCUMENTS),
    st.randoms(use_true_random=False),
    st.sampled_from([0.02, 0.1, 0.5]),
    st.booleans(),
    st.booleans(),
)
def test_an_edited_document_says_the_new_and_keeps_the_rest(
    text: str, random_: random.Random, share: float, windows: bool, cut: bool
) -> None:
    """Whatever changes: comments, sections that stay, line endings, the end of the file."""
    text = text.rstrip("\n") if cut else text
    text = text.replace("\n", "\r\n") if windows else text
    data = changed(parse(text, "x").data, random_, share)
    if data:
        check(text, data)


@pytest.mark.parametrize("text", DOCUMENTS)
def test_a_document_that_says_it_already_is_not_touched(text: str) -> None:
    """Not by a character."""
    assert edited(text, parse(text, "x").data) == text


@pytest.mark.parametrize("text", DOCUMENTS)
def test_both_parsers_of_pyyaml_give_the_same_text(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where libyaml is missing, the other one's marks do."""
    data = [changed(parse(text, "x").data, random.Random(seed), 0.3) for seed in range(3)]
    quick = [edited(text, each) for each in data if each]
    monkeypatch.delattr(yaml, "CSafeLoader")
    assert quick == [edited(text, each) for each in data if each]


EDITS: list[tuple[str, dict[str, Any], str]] = [
    ("a: 1  # one\n", {"a": 2}, "a: 2  # one\n"),
    ("a: 'x'\nb: \"y\"\n", {"a": "it's", "b": 'say "z"'}, "a: 'it''s'\nb: \"say \\\"z\\\"\"\n"),
    ("a: 1\n", {"a": "1"}, "a: '1'\n"),
    ("a:\n    b: 1\n", {"a": {"b": 1, "c": {"d": [1, 2]}}}, "a:\n    b: 1\n    c:\n        d: [1, 2]\n"),
    ("a: {b: 1}\n", {"a": {"b": 1, "c": "x, y"}}, "a: {b: 1, c: 'x, y'}\n"),
    ("a: {\n  b: 1,  # one\n}\n", {"a": {"b": 1, "c": 2}}, "a: {\n  b: 1,  # one\n  c: 2,\n}\n"),
    ("a: {\n  b: 1  # one\n}\n", {"a": {"b": 1, "c": 2}}, "a: {\n  b: 1,  # one\n  c: 2\n}\n"),
    ('{"a": {"b": 1}}\n', {"a": {"b": 1, "c": "x"}}, '{"a": {"b": 1, "c": "x"}}\n'),
    ("a: {b: 1, c: 2, d: 3}\n", {"a": {"b": 1}}, "a: {b: 1}\n"),
    ("a: {b: 1, c: 2, d: 3}\n", {"a": {"c": 2, "e": 4}}, "a: {c: 2, e: 4}\n"),
    ("a:\n- b: 1\n  c: 2\n", {"a": [{"c": 2}]}, "a:\n- \n  c: 2\n"),
    ("a:\n  - b: 1\n    c: 2\n  # more?\nz: 1\n", {"a": [{"b": 1, "c": 2}, {"b": 3, "c": 4}], "z": 1},
     "a:\n  - b: 1\n    c: 2\n  # more?\n  - b: 3\n    c: 4\nz: 1\n"),
    ("a:\n  - {b: 1}\n", {"a": [{"b": 1}, {"b": 2}]}, "a:\n  - {b: 1}\n  - {b: 2}\n"),
    ("a: 1\n\nb:\n  c: 1\n\nd:\n  e: 1\n", {"a": 1, "b": {"c": 1}, "x": {"y": 1}, "d": {"e": 1}},
     "a: 1\n\nb:\n  c: 1\n\nd:\n  e: 1\n\nx:\n  y: 1\n"),
    ("a: 1", {"a": 1, "b": 2}, "a: 1\nb: 2"),
    ("a: 1\r\nb:\r\n  # of b\r\n  c: 1\r\n", {"a": 1}, "a: 1\r\n# of b\r\n"),
    ("a:\n", {"a": 5}, "a: 5\n"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "data", "wanted"), EDITS)
def test_an_edit_looks_as_its_author_would_have_written_it(text: str, data: dict[str, Any], wanted: str) -> None:
    """Quotes, brackets, commas, indentation and blank lines are those of the neighbours."""
    assert edited(text, data) == wanted


def test_a_new_section_stands_where_plans_have_it() -> None:
    """Behind those that usually come before it, with a blank line where others have one."""
    data = {**parse(STARTER, "x").data, "parallelism": {"tensor": 4}}
    order = ["version", "name", "workload", "hardware", "network", "parallelism", "ops", "constraints"]
    written = edited(STARTER, data, order)
    assert "or `pools:`\n\nparallelism:\n  tensor: 4\n\n# network:" in written
    assert written.replace("\nparallelism:\n  tensor: 4\n", "", 1) == STARTER


# What a search writes.

COMMENTED = """\
# Our plan, which the team agreed on.
version: "1.0"
workload:
  name: "Llama3_8B"   # the model
  batch_size: 64
hardware:
  # fixed by procurement
  name: H100
  nodes: 2            # 16 of them
ops: {region: Quebec, duration_days: 14}   # two weeks
constraints:
  assert:
    - {metric: memory_required, max: 78 GB}   # head room
# the end
"""
OFFERING = COMMENTED + "search:\n  # what we allow\n  offload: true\n  precisions: [bf16, fp8]\n"
FLEET = COMMENTED.replace(
    "  name: H100\n  nodes: 2            # 16 of them\n", "  fleet: SuperPOD_SU_H100   # the one we have\n"
)
OWN = COMMENTED.replace('  name: "Llama3_8B"   # the model\n', (
    "  model:              # ours\n    facts: {layers: 4, hidden: 256, heads: 4, kv_heads: 4, head_width: 64, ffn_width: 1024,\n"
    "      ffn_matrices: 3, vocabulary: 1000, norm_vectors: 1, norms: 2, causal: 1, dense_layers: 4, active_experts: 0,\n"
    "      attention_bias: 0, expert_width: 0, experts: 0, ffn_bias: 0, head_norms: 0, kv_rank: 0, latent: 0, nope_width: 0,\n"
    "      output_bias: 0, positions: 0, query_rank: 0, rope_width: 0, router_bias: 0, shared_experts: 0, tied: 0,\n"
    "      value_width: 0, dropout: 0, sequence_length: 128 token/sample}\n"
))  # fmt: skip
LINES = COMMENTED.replace("{metric: memory_required, max: 78 GB}   # head", "memory_required <= 78 GB   # head")
SERVED = (ROOT / "examples" / "serving.yaml").read_text()
SEARCHES: list[tuple[str, str, dict[str, Any]]] = [
    (COMMENTED, "parallelism", {}), (OFFERING, "parallelism", {}), (FLEET, "parallelism", {}), (OWN, "parallelism", {}),
    (COMMENTED, "nodes", {"hardware": ["H100", "H200"], "nodes": [1, 3], "tokens": 1e10, "deadline": "300 days"}),
    (FLEET, "nodes", {"nodes": [2]}), (OWN, "nodes", {"hardware": ["A100"], "nodes": [1]}),
    (COMMENTED, "placement", {"objective": "carbon"}), (SERVED, "batching", {"qps": 3.0}),
    (SERVED.replace("parallelism: {tensor: 8, pipeline: 1, data: 2}\n", ""), "batching", {}),
    (COMMENTED.replace("  nodes: 2            # 16 of them\n", "  accelerators: 8\n"), "parallelism", {}),
    (COMMENTED + "parallelism: {tensor: 2, zero: 1}   # as measured\n", "parallelism", {}),
    (LINES, "parallelism", {}),
    (SERVED.replace('metric: "performance.ttft"\n      max: "2 s"', "ttft <= 2 s   # chat"), "batching", {"sla": ["latency <= 60 s"]}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "problem", "options"), SEARCHES, ids=range(len(SEARCHES)))
def test_what_a_search_writes_is_the_plan_with_the_choice(text: str, problem: str, options: dict[str, Any]) -> None:
    """It evaluates to the same numbers, and every line that says nothing of the choice is as it was."""
    loaded = loads(text)
    found: Any = mlsysim.optimize(loaded, problem, **options)
    written = plan_text(loaded, found)
    again = mlsysim.evaluate(loads(written))
    assert again.metrics == found.evaluation.metrics
    assert {leaf: b.value for leaf, b in again.design.bindings.items() if leaf != "split.sequence"} == {
        leaf: b.value for leaf, b in found.evaluation.design.bindings.items() if leaf != "split.sequence"
    }
    kept = comments(written)
    rest = iter(kept)
    assert all(comment in rest for comment in comments(text)), "in the same order"
    assert all(comment in text for comment in kept)  # what was behind a value may stand alone where that is gone
    for line in text.splitlines():
        decided = (
            "nodes",
            "name: H100",
            "accelerators",
            "fleet",
            "ops:",
            "slots",
            "chunk",
            "search",
            "offload",
            "precisions",
            "parallelism",
            "allow",
        )
        if not any(word in line for word in (*decided, "requests_per_second", "duration_days")):
            assert line in written.splitlines()


def test_only_what_was_decided_is_written() -> None:
    """Tensor and pipeline parallelism, and the degrees that evaluation would not take by itself."""
    loaded = loads(COMMENTED)
    written = parse(plan_text(loaded, mlsysim.optimize(loaded)), "x").data
    assert set(written) == {*loaded.document.data, "parallelism"}
    degrees = written["parallelism"]
    assert {"tensor", "pipeline"} <= set(degrees)
    assert set(degrees) <= {"tensor", "pipeline", "context", "microbatch", "zero", "recompute", "sequence"}
    for field in set(degrees) - {"tensor", "pipeline"}:
        shorter = {**written, "parallelism": {key: each for key, each in degrees.items() if key != field}}
        assert mlsysim.evaluate(shorter).metrics != mlsysim.evaluate(written).metrics, field


def test_a_plan_without_a_text_is_written_anew() -> None:
    """A scenario, or a mapping in Python."""
    loaded = load("FrontierTraining")
    written = plan_text(loaded, mlsysim.optimize(loaded, "placement", objective="carbon"))
    assert yaml.safe_load(written)["ops"]["region"] != loaded.plan.ops.region


def test_the_jobs_of_a_placement_get_their_sites(tmp_path: Path) -> None:
    """Each in its own line."""
    source, best = ROOT / "examples" / "placement.yaml", tmp_path / "best.yaml"
    assert run(["optimize", "placement", str(source), "--write", str(best)]) == 0
    before, after = source.read_text().splitlines(), best.read_text().splitlines()
    differing = [(one, other) for one, other in zip(before, after, strict=True) if one != other]
    assert len(differing) == 6
    assert all(other.startswith(one.rstrip("}")) and ", site: " in other for one, other in differing)


def test_agents_get_the_text_of_their_plan_back() -> None:
    """With its comments."""
    from mlsysim.agents.tools import call

    answer = call("optimize_plan", {"plan_yaml": COMMENTED}).data
    assert comments(answer["plan_yaml"]) == comments(COMMENTED)
    assert mlsysim.evaluate(loads(answer["plan_yaml"]))["performance.latency"] * 1e3 == pytest.approx(
        answer["result"]["p_latency_ms"]
    )


def test_a_plan_in_a_file_that_is_written_evaluates_to_the_same(tmp_path: Path) -> None:
    """The example of the README, whose assert no split keeps."""
    best = tmp_path / "best.yaml"
    assert run(["optimize", "parallelism", str(EXAMPLE), "--write", str(best)]) == 4
    assert mlsysim.evaluate(best).metrics == mlsysim.optimize(EXAMPLE).evaluation.metrics
