"""Reading YAML that people wrote: plain data, and the line and column of every key and value.

YAML 1.2 scalars (``NO`` is a word, ``1e3`` a number), no tags, no duplicate keys, and budgets for size, depth and nodes,
so that no document can hang or execute anything.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlsysim.symbolic.errors import InputError

if TYPE_CHECKING:
    import yaml

MAX_BYTES = 1_000_000
MAX_DEPTH = 40
#: The name that stands for standard input instead of a file.
STANDARD_INPUT = Path("-")
MAX_NODES = 100_000

Path_ = tuple[str | int, ...]

#: What plain YAML resolves to by itself; any other tag was written on purpose.
_TAGS = ("map", "seq", "str", "int", "float", "bool", "null", "timestamp", "merge", "value")
_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
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
    """

    name: str
    data: Any
    lines: tuple[str, ...] = ()
    values: dict[Path_, Mark] = field(default_factory=dict)
    keys: dict[Path_, Mark] = field(default_factory=dict)

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
        found = (self.keys if key else self.values).get(path)
        while found is None and path:
            path = path[:-1]
            found = self.keys.get(path) or self.values.get(path)
        return found


def read(path: Path, name: str | None = None) -> Document:
    """Read a YAML file.

    Raises:
        InputError: the file is missing, a folder, unreadable, too large, not UTF-8 or not YAML.
    """
    shown = name or str(path)
    return parse(read_text(path, shown), shown)


def read_text(path: Path, shown: str, kind: str = "YAML") -> str:
    """The text of a file that people wrote, within the budget.

    Raises:
        InputError: the file is missing, a folder, unreadable, too large or not UTF-8.
    """
    if path.is_dir():
        raise InputError(f"this is a folder, a {kind} file is needed", where=shown, hint=f"name a file in {shown}/")
    try:
        if path == STANDARD_INPUT:
            content = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with path.open("rb") as file:
                content = file.read(MAX_BYTES + 1)  # a device or a pipe has no size, and may never end
        if len(content) > MAX_BYTES:
            raise InputError(f"the file is larger than {MAX_BYTES:,} bytes", where=shown, hint="split it")
        return content.decode("utf-8-sig")
    except FileNotFoundError:
        raise InputError("there is no such file", where=shown, hint="check the name and the folder") from None
    except UnicodeDecodeError as error:
        raise InputError(f"byte {error.start} is not UTF-8", where=shown, hint="save the file as UTF-8") from None
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=shown, hint="check its permissions") from None


def parse(text: str, name: str) -> Document:
    """Parse YAML text.

    Raises:
        InputError: malformed YAML, a duplicate or unprintable key, a tag, a number that is not finite, or a document
            over budget.
    """
    import yaml  # not needed by commands that read no file

    lines = tuple(text.splitlines())
    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        _check_depth(yaml.parse(text, Loader=loader), name)
        root = yaml.compose(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        problem = (error.problem or "malformed").replace("\n", " ")
        raise InputError(f"not YAML: {problem}", where=where, hint=_yaml_hint(problem)) from None
    except InputError:
        raise
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InputError(
            f"not YAML: {str(error).splitlines()[0]}", where=name, hint="check brackets and quotes"
        ) from None
    if root is None:
        raise InputError("the document is empty", where=name, hint='start with `version: "1.0"`')
    reader = _Reader(name)
    data = reader.build(root, (), 0)
    return Document(name, data, lines, reader.values, reader.keys)


def _check_depth(events: Any, name: str) -> None:
    """Refuse deep nesting while it is still a stream of events; building nodes would recurse."""
    depth = 0
    for event in events:
        kind = type(event).__name__
        depth += kind.endswith("StartEvent") - kind.endswith("EndEvent")
        if depth > MAX_DEPTH + 2:  # the stream and the document count as well
            where = f"{name}:{event.start_mark.line + 1}:{event.start_mark.column + 1}"
            raise InputError(f"nested deeper than {MAX_DEPTH} levels", where=where, hint="flatten it")


def _yaml_hint(problem: str) -> str:
    if "tab" in problem or "\\t" in problem:
        return "indent with spaces, not tabs"
    return "check indentation, colons, brackets and quotes near here"


class _Reader:
    """Turns composed nodes into data while noting where everything stands."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.values: dict[Path_, Mark] = {}
        self.keys: dict[Path_, Mark] = {}
        self.nodes = 0
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
        if node.tag.removeprefix("tag:yaml.org,2002:") not in _TAGS:
            raise self.error(node, f"the tag {node.tag} is not allowed", "remove the tag")
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
            key = key_node.value
            place = (*path, key)
            if place in self.keys:
                raise self.error(
                    key_node, f"duplicate key {key!r}", f"it stands already in line {self.keys[place].line}"
                )
            self.keys[place] = _mark(key_node)
            yield key, self.build(value_node, place, depth + 1)

    def scalar(self, node: Any) -> Any:
        text: str = node.value
        if node.style in ("'", '"', "|", ">"):
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text) and len(text) <= 40:
            return int(text)
        if _FLOAT.fullmatch(text):
            number = float(text)
            if number in (float("inf"), float("-inf")):
                raise self.error(node, f"{text} is too large a number", "check the exponent")
            return number
        if _NOT_FINITE.fullmatch(text):
            raise self.error(node, f"{text} is not a finite number", "give a finite number, or leave the key out")
        return text

    def error(self, node: yaml.Node, what: str, hint: str) -> InputError:
        mark = _mark(node)
        return InputError(what, where=f"{self.name}:{mark.line}:{mark.column}", hint=hint)


def _mark(node: yaml.Node) -> Mark:
    return Mark(node.start_mark.line + 1, node.start_mark.column + 1)
