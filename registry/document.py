"""Reading YAML that people wrote: plain data, and the line and column of every key and value.

YAML 1.2 scalars (``NO`` is a word, ``1e3`` a number), no tags, no duplicate keys, and budgets for size, depth and nodes,
so that no document can hang or execute anything.
"""

from __future__ import annotations

import codecs
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from mlsysim.registry.malformed import malformed, unseen
from mlsysim.symbolic.errors import InputError
from mlsysim.symbolic.numerals import plain

if TYPE_CHECKING:
    import yaml

MAX_BYTES = 1_000_000
MAX_DEPTH = 40
#: The most characters of a value that a message shows.
LONGEST = 80
#: The name that stands for standard input, or output, instead of a file.
STANDARD_INPUT = STANDARD_OUTPUT = Path("-")
MAX_NODES = 100_000
#: How most documents begin.
PLAN_START = 'start with `version: "1.0"`'

Path_ = tuple[str | int, ...]

_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_WORDS: dict[str, Any] = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
                          "null": None, "Null": None, "NULL": None, "~": None, "": None}  # fmt: skip


@dataclass(frozen=True)
class Mark:
    """A place in a document: one-based line and column."""

    line: int
    column: int


@dataclass(frozen=True)
class Document:
    """The data of a YAML document and where each part of it stands.

    Attributes:
        name: what to call the document in messages.
        data: mappings, lists, strings, numbers, booleans and None.
        lines: the text, for showing the offending one.
        values, keys: where the value, or the key, at a path stands.
        text: as it was read, for editing it.
    """

    name: str
    data: Any
    lines: tuple[str, ...] = ()
    values: dict[Path_, Mark] = field(default_factory=dict)
    keys: dict[Path_, Mark] = field(default_factory=dict)
    text: str = ""

    def where(self, path: Path_, *, key: bool = False) -> str:
        """``name:line:column`` of a path; of the nearest parent where the path itself is missing."""
        mark = self.mark(path, key=key)
        return f"{self.name}:{mark.line}:{mark.column}" if mark else self.name

    def part(self, key: str) -> Document:
        """What stands under a key, as a document of its own whose marks are those of the whole."""
        values, keys = (
            {path[1:]: mark for path, mark in marks.items() if path[:1] == (key,)} for marks in (self.values, self.keys)
        )
        return Document(self.name, self.data[key], self.lines, values, keys)

    def mark(self, path: Path_, *, key: bool = False) -> Mark | None:
        """The place of a path, or of its nearest parent: of its key, or of the item where it is one of a list."""
        of_value = not key or not path or isinstance(path[-1], int)  # neither the whole nor an item has a key
        found = (self.values if of_value else self.keys).get(path)
        while found is None and path:
            path = path[:-1]
            found = self.keys.get(path) or self.values.get(path)
        return found


def written(given: Any) -> str:
    """A value as people write it, shortened.

    >>> written(None), written(True), written("many"), written([1])
    ('nothing', 'true', "'many'", 'a list')
    """
    if isinstance(given, dict | list | tuple):
        return "a mapping" if isinstance(given, dict) else "a list"
    if given is None or isinstance(given, bool):
        return {None: "nothing", True: "true", False: "false"}[given]
    shown = repr(given)
    return shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}..."


def read(path: Path, name: str | None = None, *, start: str = PLAN_START) -> Document:
    """Read a YAML file.

    Args:
        path: where it is.
        name: what to call it in messages; its path where there is none.
        start: how such a document begins, for whoever gave an empty one.

    Raises:
        InputError: the file is missing, a folder, unreadable, too large, not UTF-8 or not YAML.
    """
    shown = name or str(path)
    return parse(read_text(path, shown), shown, start=start)


def read_text(path: Path, shown: str, kind: str = "YAML", most: int = MAX_BYTES, smaller: str = "split it") -> str:
    """The text of a file that people wrote, within the budget.

    Args:
        path: where it is.
        shown: what to call it in messages.
        kind: what it should hold.
        most: the most bytes it may have.
        smaller: how to make it smaller.

    Raises:
        InputError: the file is missing, a folder, unreadable, too large or not UTF-8.
    """
    try:
        if path == STANDARD_INPUT:
            content = _standard_input(sys.stdin.buffer, most)
        else:
            with path.open("rb") as file:
                content = file.read(most + 1)  # a device or a pipe has no size, and may never end
        if len(content) > most:
            raise InputError(f"the file is larger than {most:,} bytes", where=shown, hint=smaller)
        return _decoded(content, shown)
    except FileNotFoundError:
        raise InputError("there is no such file", where=shown, hint="check the name and the folder") from None
    except IsADirectoryError:
        hint = f"name a file in {shown.rstrip('/')}/"
        raise InputError(f"this is a folder, a {kind} file is needed", where=shown, hint=hint) from None
    except InputError:
        raise
    except ValueError:  # no system has a name with a null character
        raise InputError("no file can be called so", where=shown, hint="check the name") from None
    except OSError as error:
        hint = "name a file, or send it through a pipe" if path == STANDARD_INPUT else "check its permissions"
        raise InputError(f"cannot be read: {error.strerror}", where=shown, hint=hint) from None


@lru_cache(maxsize=1)
def _standard_input(stream: BinaryIO, most: int) -> bytes:
    """What stands in standard input, which can be read once and may be asked for twice."""
    return stream.read(most + 1)


def _decoded(content: bytes, shown: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        before = content[: error.start].decode("utf-8-sig").split("\n")
        where = shown if wide else f"{shown}:{len(before)}:{len(before[-1]) + 1}"
        what = "this is UTF-16 or UTF-32, not UTF-8" if wide else f"byte {error.start} is not UTF-8"
        raise InputError(what, where=where, hint="save the file as UTF-8") from None


def parse(text: str, name: str, *, start: str = PLAN_START) -> Document:
    """Parse YAML text; ``name`` and ``start`` as for :func:`read`.

    Raises:
        InputError: malformed YAML, a duplicate or unprintable key, a tag, a number that is not finite, or a document
            over budget.
    """
    import yaml  # not needed by commands that read no file

    if text.lstrip().startswith("```"):
        raise InputError(
            "the text stands in a code fence", where=f"{name}:1:1", hint="leave out the lines of backticks"
        )

    lines = tuple(text.splitlines())
    hidden = unseen(text)
    if hidden:
        before = text[: hidden[0]].splitlines(keepends=True) or [""]
        ended = before[-1].endswith(("\n", "\r"))
        mark = Mark(len(before) + ended, 1 if ended else len(before[-1]) + 1)
        raise _unseen(hidden[1], f"{name}:{mark.line}:{mark.column}", "not YAML: ")
    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        _check_events(yaml.parse(text, Loader=loader), name)
        root = yaml.compose(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        raise malformed(error, text, name) from None
    except InputError:
        raise
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InputError(
            f"not YAML: {str(error).splitlines()[0]}", where=name, hint="check brackets and quotes"
        ) from None
    if root is None:
        raise InputError("the document is empty", where=name, hint=start)
    reader = _Reader(name)
    data = reader.build(root, (), 0)
    return Document(name, data, lines, reader.values, reader.keys, text)


def _check_events(events: Any, name: str) -> None:
    """Refuse tags, and what is over budget, while it is still a stream of events; building nodes takes memory and recurses."""
    depth = nodes = 0
    for event in events:
        kind = type(event).__name__
        if kind.endswith("EndEvent"):
            depth -= 1
            continue
        nodes += 1
        depth += kind.endswith("StartEvent")
        tag = getattr(event, "tag", None)
        # The stream and the document count as well.
        if tag is not None or depth > MAX_DEPTH + 2 or nodes > MAX_NODES:
            raise _over(tag, depth, f"{name}:{event.start_mark.line + 1}:{event.start_mark.column + 1}")


def _over(tag: str | None, depth: int, where: str) -> InputError:
    if tag is not None:
        shown = tag.replace("tag:yaml.org,2002:", "!!")
        return InputError(f"the tag {shown} is not allowed", where=where, hint="remove the tag")
    if depth > MAX_DEPTH + 2:
        return InputError(f"nested deeper than {MAX_DEPTH} levels", where=where, hint="flatten it")
    return InputError(f"more than {MAX_NODES:,} values", where=where, hint="split it")


def _unseen(character: str, where: str, kind: str = "") -> InputError:
    return InputError(f"{kind}the control character {character}", where=where, hint="remove it; nobody can see it")


class _Reader:
    """Turns composed nodes into data while noting where everything stands."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.values: dict[Path_, Mark] = {}
        self.keys: dict[Path_, Mark] = {}
        self.nodes = self.size = 0
        self.open: set[int] = set()

    def build(self, node: Any, path: Path_, depth: int) -> Any:
        """The data of a node; an alias stands for its node again, but not within itself."""
        if id(node) in self.open:
            raise self.error(node, "an alias refers to itself", "write the value out")
        self.open.add(id(node))
        try:
            return self._build(node, path, depth)
        finally:
            self.open.discard(id(node))

    def _build(self, node: Any, path: Path_, depth: int) -> Any:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise self.error(node, f"more than {MAX_NODES:,} values, aliases counted each time", "remove aliases")
        if depth > MAX_DEPTH:
            raise self.error(node, f"nested deeper than {MAX_DEPTH} levels", "flatten it")
        self.values[path] = _mark(node)
        if node.id == "mapping":
            return dict(self.pairs(node, path, depth))
        if node.id == "sequence":
            return [self.build(item, (*path, i), depth + 1) for i, item in enumerate(node.value)]
        return self.scalar(node)

    def pairs(self, node: Any, path: Path_, depth: int) -> Iterator[tuple[str, Any]]:
        for key_node, value_node in node.value:
            if key_node.id != "scalar":
                raise self.error(key_node, "a key must be a word", "write `key: value`")
            key = self.text(key_node)
            if key == "<<" and not key_node.style:
                raise self.error(key_node, "merge keys (`<<`) are not read", "write its keys out")
            if "\n" in key:
                raise self.error(key_node, "a key of several lines", "write it in one")
            place = (*path, key)
            if place in self.keys:
                raise self.error(
                    key_node, f"duplicate key {key!r}", f"it stands already in line {self.keys[place].line}"
                )
            self.keys[place] = _mark(key_node)
            yield key, self.build(value_node, place, depth + 1)

    def scalar(self, node: Any) -> Any:
        text = self.text(node)
        if node.style in ("'", '"', "|", ">"):
            return text
        if text in _WORDS:
            return _WORDS[text]
        number = plain(text) if text.strip() == text else None
        if isinstance(number, float) and not isfinite(number):
            raise self.error(node, f"{text} is too large a number", "check the exponent")
        if isinstance(number, float) and text.lstrip("+-").isdigit():
            raise self.error(node, f"{text} is too large a number", "check its digits")
        if number is not None:
            return number
        if _NOT_FINITE.fullmatch(text):
            raise self.error(node, f"{text} is not a finite number", "give a finite number, or leave the key out")
        return text

    def text(self, node: Any) -> str:
        """What a node says; escapes may have made characters of it that nobody can see, and aliases much of little."""
        self.size += len(node.value)
        if self.size > MAX_BYTES:
            raise self.error(node, f"more than {MAX_BYTES:,} characters, aliases counted each time", "remove aliases")
        hidden = unseen(node.value)
        if hidden:
            raise _unseen(hidden[1], f"{self.name}:{_mark(node).line}:{_mark(node).column}")
        return str(node.value)

    def error(self, node: yaml.Node, what: str, hint: str) -> InputError:
        mark = _mark(node)
        return InputError(what, where=f"{self.name}:{mark.line}:{mark.column}", hint=hint)


def _mark(node: yaml.Node) -> Mark:
    return Mark(node.start_mark.line + 1, node.start_mark.column + 1)
