"""Whatever is given, there is an answer that fits its schema, or words; never another exception.

Each property is tried on the same few hundred examples every time, and on a thousand others by ``pytest -m slow tests/robustness``:
on ``MLSYSIM_FUZZ`` of them, from the seed ``MLSYSIM_FUZZ_SEED``, where these are set.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

import mlsysim
from mlsysim.cli.main import run
from mlsysim.constraints.asserts import metrics, read_limit
from mlsysim.plan import load, loads
from mlsysim.registry import CATEGORIES
from mlsysim.registry.document import parse
from mlsysim.registry.vocabulary import names
from mlsysim.symbolic.errors import InfeasibleError, InputError, UnprovenError
from mlsysim.symbolic.kernels import catalogue
from tests.robustness.corpus import BAD_INPUT, BASES, FINE, INFEASIBLE, UNPROVEN, VIOLATED
from tests.robustness.drawing import AMOUNTS, WORDS, own_entries, plans, searched, spoiled
from tests.robustness.lines import command_lines
from tests.robustness.outcomes import outcome, told

#: Examples of the slow tests, for each property.
MANY = int(os.environ.get("MLSYSIM_FUZZ", "1000"))
#: What they are drawn from.
SEED = int(os.environ.get("MLSYSIM_FUZZ_SEED", "1"))
#: Pieces of YAML, which text alone rarely makes.
PIECES = st.sampled_from(("version: '1.0'\n", "workload:", " ", "\n", "- ", "{", "}", "[", "]", ": ", ", ", "&a ", "*a", "!!str ", "|\n", "'", '"', "#",
                          "<<: ", "---\n", "...\n", "%YAML 1.2\n", "? ", "\t", "\r\n", "\0", "\ufeff", ".nan", "1e9", "~", "name"))  # fmt: skip
TEXTS = st.text() | st.lists(PIECES | st.text(max_size=4), max_size=25).map("".join)
VARIANTS = sorted(catalogue().VARIANTS)
SIGNED = st.tuples(
    st.sampled_from(sorted(metrics())) | st.sampled_from(("latency", "itl", "tco", "")) | st.text(max_size=8),
    st.sampled_from(("<=", ">=", "<", ">", "=", "=>", "~", "!=", " <= ", "")),
    st.sampled_from(AMOUNTS + WORDS) | st.floats().map(str) | st.text(max_size=8),
).map("".join)  # fmt: skip


def refused(act: Callable[[], Any]) -> None:
    """Let something be done, or be refused in words."""
    try:
        act()
    except InputError as error:
        told(error)


def read_text(text: str) -> None:
    """Any text as YAML, and as a plan."""
    refused(lambda: parse(text, "plan.yaml"))
    outcome(lambda: mlsysim.evaluate(loads(text)))


def read_plan(plan: dict[str, Any]) -> None:
    """Any mapping as a plan."""
    outcome(lambda: mlsysim.evaluate(plan))


def search_plan(plan: dict[str, Any]) -> None:
    """Any mapping as a plan with something to decide."""
    with contextlib.suppress(InfeasibleError, UnprovenError):
        refused(lambda: json.dumps(mlsysim.optimize(plan, time_limit=0.3, workers=1).to_dict(), allow_nan=False))


def read_limits(drawn: tuple[str, str]) -> None:
    """Any text as a limit of any kind of plan."""
    text, variant = drawn
    refused(lambda: read_limit(text, variant))


def conditions() -> st.SearchStrategy[list[str]]:
    """Command lines with a condition on, and an order of, the entries of a category: of facts that it has, and of others."""
    facts = {category: names(category) or ["name"] for category in CATEGORIES}

    def of(category: str) -> st.SearchStrategy[list[str]]:
        fact = st.sampled_from(facts[category]) | st.sampled_from(("name", "vendor", "title", "kind", "memory"))
        signed = st.tuples(
            fact, st.sampled_from(("<=", ">=", "=", "!=", "~", " > ")), st.sampled_from(AMOUNTS + WORDS)
        ).map("".join)
        ordered = fact | st.text(max_size=4)
        return st.tuples(signed | SIGNED, ordered).map(
            lambda drawn: ["zoo", category, "--where", drawn[0], "--sort", drawn[1]]
        )

    return st.sampled_from(sorted(CATEGORIES)).flatmap(of)


def in_json(said: list[str]) -> list[str]:
    """The same command line, which asks for JSON last."""
    return [*said[: said.index("--")], "--output", "json"] if "--" in said else [*said, "--output", "json"]


class Shell:
    """A folder with some plans in it, in which commands are run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.words = {"PLAN": "plan.yaml", "BROKEN": "broken.yaml", "MISSING": "missing.yaml", "FOLDER": "."}
        (folder / "plan.yaml").write_text(BASES["training"])
        (folder / "broken.yaml").write_text(BASES["training"].replace("nodes", "nods"))

    def bytes(self, content: bytes) -> None:
        """Any bytes as a file."""
        (self.folder / "bytes.yaml").write_bytes(content)
        outcome(lambda: mlsysim.evaluate(load(self.folder / "bytes.yaml")))

    def line(self, drawn: list[str]) -> None:
        """Any command line ends with one of the exit codes that the README has, and says why; nothing is written but that."""
        said = [self.words.get(word, word) for word in drawn]
        before = sorted(path.name for path in self.folder.iterdir())
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.folder)
            patch.setenv("MLSYSIM_DEBUG", "1")
            patch.setenv("MLSYSIM_ZOO", "")
            patch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(BASES["tiny"].encode())))
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = run(said)
        assert code in (FINE, BAD_INPUT, VIOLATED, INFEASIBLE, UNPROVEN), err.getvalue()
        assert all(character.isprintable() or character in "\n\t" for character in err.getvalue())
        assert sorted(path.name for path in self.folder.iterdir()) == before
        if code == BAD_INPUT:
            assert err.getvalue() or out.getvalue(), "an error needs words"
        if said[-2:] == ["--output", "json"] and not {"--help", "--version"} & set(said):
            json.loads(out.getvalue())


def properties(folder: Path) -> dict[str, tuple[st.SearchStrategy[Any], Callable[[Any], None], int]]:
    """What is drawn, what is done with it, and how often where there is little time."""
    shell = Shell(folder)
    return {
        "texts": (TEXTS, read_text, 300), "bytes": (st.binary(max_size=60), shell.bytes, 150),
        "plans": (plans(), read_plan, 400),
        "spoiled plans": (spoiled(), read_text, 300),
        "own entries": (own_entries(), read_plan, 300),
        "searches": (searched(), search_plan, 60),
        "limits": (st.tuples(SIGNED, st.sampled_from(VARIANTS)), read_limits, 300), "conditions": (conditions(), shell.line, 60),
        "command lines": (command_lines(), shell.line, 80),
        "command lines in JSON": (command_lines().map(in_json), shell.line, 50),
    }  # fmt: skip


NAMES = ("texts", "bytes", "plans", "spoiled plans", "own entries", "searches", "limits", "conditions", "command lines",
         "command lines in JSON")  # fmt: skip


def test_every_property_is_tried(tmp_path: Path) -> None:
    """None is left out below."""
    assert tuple(properties(tmp_path)) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_anything_is_answered_or_refused_in_words(name: str, tmp_path: Path) -> None:
    """The same examples every time."""
    drawn, act, examples = properties(tmp_path)[name]
    settings(max_examples=examples, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))(
        given(drawn)(act)
    )()


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_anything_at_all_is_answered_or_refused_in_words(name: str, tmp_path: Path) -> None:
    """Many more examples, and others where another seed is given."""
    drawn, act, _ = properties(tmp_path)[name]
    many = settings(
        max_examples=MANY, deadline=None, database=None, print_blob=True, suppress_health_check=list(HealthCheck)
    )
    seed(SEED)(many(given(drawn)(act)))()
