"""Text of any length is read in a time that grows with its length: no pattern tries the same characters again and again."""

from __future__ import annotations

import ast
import re
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from pathlib import Path

import pytest

from mlsysim.constraints.asserts import read_limit
from mlsysim.constraints.effort import share
from mlsysim.listing import listing
from mlsysim.search.fleets import numbers
from mlsysim.search.objectives import objective
from mlsysim.symbolic.errors import InputError
from mlsysim.symbolic.units import parse
from tests.conftest import ROOT

#: Characters of a text; at this length a quadratic pattern takes seconds and a linear one a millisecond.
LENGTH = 20_000
#: Seconds of CPU, not of the clock, that one pattern may take for one text.
BUDGET = 0.3
#: Where text of users is read.
ROOMS = ("mlsysim", "constraints", "registry", "symbolic")
BEGIN, REPEATED, END = ("", "a", "1 ", "a = "), (" ", "a", "0", ".", "*", "- ", "1,", "a.", "= ", "{"), ("", "!", "\n")


def modules() -> Iterator[tuple[str, str]]:
    """Every module that uses patterns, by name, with its source."""
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            source = path.read_text(encoding="utf-8")
            if "import re\n" in source:
                parts = path.relative_to(ROOT).with_suffix("").parts
                yield ".".join(parts if room == "mlsysim" else ("mlsysim", *parts)), source


def patterns() -> Iterator[tuple[str, Callable[[str], object]]]:
    """Every pattern as its module applies it: a name, and what reads a text with it."""
    for name, source in modules():
        compiled = {key: value for key, value in vars(import_module(name)).items() if isinstance(value, re.Pattern)}
        for key, pattern in compiled.items():
            for method in sorted(
                set(re.findall(rf"\b{key}\.(match|fullmatch|search|findall|finditer|sub|split)\(", source))
            ):
                yield f"{name}.{key}.{method}", _reader(pattern, method)
        for node in ast.walk(ast.parse(source)):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
                continue
            first = node.args[0]
            of_re = isinstance(node.func.value, ast.Name) and node.func.value.id == "re" and node.func.attr != "compile"
            if of_re and isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield f"{name}:{node.lineno}", _reader(re.compile(first.value), node.func.attr)


def _reader(pattern: re.Pattern[str], method: str) -> Callable[[str], object]:
    if method == "sub":
        return lambda text: pattern.sub("", text)
    found: Callable[[str], object] = getattr(pattern, method)
    return found if method != "finditer" else lambda text: list(pattern.finditer(text))


PATTERNS = dict(patterns())


def cost(read: Callable[[str], object], text: str) -> float:
    """Seconds of CPU for a text."""
    start = time.process_time()
    read(text)
    return time.process_time() - start


def test_patterns_are_found() -> None:
    """Those of objectives and limits among them."""
    assert len(PATTERNS) > 20
    assert "mlsysim.search.objectives._PART.match" in PATTERNS


@pytest.mark.parametrize("name", PATTERNS)
def test_a_pattern_is_linear(name: str) -> None:
    """For long repeats of what it may match, with beginnings and ends that let it fail late."""
    for begin in BEGIN:
        for repeated in REPEATED:
            for end in END:
                text = begin + repeated * (LENGTH // len(repeated)) + end
                took = cost(PATTERNS[name], text)
                assert took < BUDGET, (begin, repeated, end, took)


READERS: dict[str, Callable[[str], object]] = {
    "objective": lambda text: objective(text, "transformer_training"),
    "limit": lambda text: read_limit(text, "transformer_training"),
    "condition": lambda text: listing("hardware", where=[text]),
    "numbers": numbers,
    "share": share,
    "unit": partial(parse, unit="s"),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("repeated", [" ", "1", "a", "latency + ", "1*", "1-", "+ "])
def test_long_text_is_refused_at_once(reader: str, repeated: str) -> None:
    """Half a million characters, within a second of CPU."""
    start = time.process_time()
    with pytest.raises(InputError):
        READERS[reader](repeated * (500_000 // len(repeated)) + "?")
    assert time.process_time() - start < 1.0


def test_a_long_objective_is_refused_in_few_words() -> None:
    """With its length, and how long one may be."""
    with pytest.raises(InputError, match="an objective of 500,000 characters") as caught:
        objective("latency + " * 50_000, "transformer_training")
    assert len(str(caught.value)) < 200
    assert "at most 2,000 characters" in str(caught.value.hint)


def test_patterns_of_the_product_stand_where_they_are_looked_for() -> None:
    """No module compiles a pattern that the search for them does not see."""
    for name, source in modules():
        for match in re.finditer(r"^(\w+) = re\.compile\(", source, re.MULTILINE):
            assert any(key.startswith(f"{name}.{match[1]}.") for key in PATTERNS), (name, match[1], Path(name).name)
