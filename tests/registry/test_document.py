"""YAML as people write it: values as YAML 1.2 means them, places of everything, and no way to hang or execute."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlsysim.registry.document import MAX_DEPTH, Mark, parse, read
from mlsysim.symbolic.errors import InputError


def test_scalars_mean_what_yaml_1_2_says() -> None:
    """NO is a word, 1e3 a number, and quotes keep a word a word."""
    text = 'a: NO\nb: 1e3\nc: "1.0"\nd: true\ne: yes\nf: 0x10\ng: 1_000\nh: ~\ni: -3\nj: 12:30\nk: 010\n'
    assert parse(text, "x").data == {
        "a": "NO", "b": 1000.0, "c": "1.0", "d": True, "e": "yes", "f": "0x10", "g": "1_000", "h": None, "i": -3,
        "j": "12:30", "k": 10,
    }  # fmt: skip


def test_every_value_and_key_has_a_place() -> None:
    """One-based lines and columns; a missing key has its parent's place."""
    document = parse("a:\n  b: [1, 22]\n", "x.yaml")
    assert document.mark(("a", "b", 1)) == Mark(2, 10)
    assert document.mark(("a", "b"), key=True) == Mark(2, 3)
    assert document.where(("a", "c")) == "x.yaml:1:1"


BILLION_LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join('*' + chr(97 + i) for _ in range(10))}]\n" for i in range(9)
)
HOSTILE = {
    "empty": ("", "the document is empty"),
    "duplicate key": ("a: 1\nb: 2\na: 3\n", "x:3:1: error: duplicate key 'a'"),
    "tab": ("a:\n\tb: 1\n", "not YAML"),
    "bracket": ("a: [1, 2\nb: 3\n", "not YAML"),
    "tag that runs code": ("a: !!python/object/apply:os.system ['echo']\n", "is not allowed"),
    "own tag": ("a: !x 1\n", "is not allowed"),
    "nan": ("a: .nan\n", "x:1:4: error: .nan is not a finite number"),
    "infinity": ("a: -.inf\n", "not a finite number"),
    "too large": ("a: 1e999\n", "too large a number"),
    "alias bomb": (BILLION_LAUGHS, "values, aliases counted each time"),
    "depth": ("[" * (MAX_DEPTH + 5) + "]" * (MAX_DEPTH + 5), "nested deeper"),
    "a megabyte of brackets": ("[" * 900_000, "error"),
    "key that is a list": ("? [1]\n: 2\n", "a key must be a word"),
    "two documents": ("a: 1\n---\nb: 2\n", "not YAML"),
    "control character": ("a: \x00\n", "not YAML"),
    "recursive alias": ("a: &a [*a]\n", "error"),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_what_is_no_plain_yaml_is_refused_in_words(case: str) -> None:
    """Where, what and the cure; never a traceback, never a hang."""
    text, message = HOSTILE[case]
    with pytest.raises(InputError) as caught:
        parse(text, "x")
    assert message in str(caught.value)
    assert str(caught.value).startswith("x")


def test_files_that_cannot_be_read_are_refused_in_words(tmp_path: Path) -> None:
    """Missing, a folder, too large, not UTF-8."""
    with pytest.raises(InputError, match="there is no such file"):
        read(tmp_path / "no.yaml")
    with pytest.raises(InputError, match="this is a folder"):
        read(tmp_path)
    (tmp_path / "big.yaml").write_bytes(b"#" * 1_000_001)
    with pytest.raises(InputError, match="larger than"):
        read(tmp_path / "big.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"a: \xe9\n")
    with pytest.raises(InputError, match="not UTF-8"):
        read(tmp_path / "latin.yaml")
