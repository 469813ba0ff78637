"""Editing the text of a plan: what changes is changed in place, and every other character stays.

The places come from the marks of PyYAML. Comments, order, quotes, indentation and line endings stay; a new key stands at the
end of its section, written as the keys beside it are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from mlsysim.plan.nodes import Node, tree
from mlsysim.registry.document import parse
from mlsysim.reports.data import as_yaml
from mlsysim.symbolic.errors import InputError

#: Characters to be replaced, from and to, and what stands there instead.
Edit = tuple[int, int, str]


def edited(text: str, data: Mapping[str, Any], order: Sequence[str] = ()) -> str:
    r"""The text of a document, changed so that it says something else.

    Args:
        text: YAML that was read before, a mapping.
        data: what it is to say.
        order: how the keys of the document usually follow each other; a new one stands behind those that come before it.

    >>> edited("a: 1  # one\nb: {c: 'x'}\n", {"a": 2, "b": {"c": "y", "d": 3}})
    "a: 2  # one\nb: {c: 'y', d: 3}\n"
    """
    for source, inside in product((text, _without_aliases(text)), (True, False)):
        try:
            found = _Editor(source, order, inside).edited(data)
            if same(parse(found, "").data, data):
                return found if text.endswith("\n") else found.rstrip("\r\n")
        except InputError:
            continue
    return as_yaml(dict(data))  # what cannot be edited is written anew


def same(one: Any, other: Any) -> bool:
    """Whether two data are equal; no truth value is a number."""
    if isinstance(one, dict) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _without_aliases(text: str) -> str:
    """A document with every alias written out."""
    edits: list[Edit] = []

    def visit(node: Node, data: Any) -> None:
        if node.kind == "alias":
            edits.append((node.start, node.end, _flow(data)))
        for position, (_, value) in enumerate(node.entries):
            visit(value, list(data.values())[position] if isinstance(data, dict) else data[position])

    visit(tree(text), parse(text, "").data)
    return _applied(text, edits)


def _applied(text: str, edits: Sequence[Edit]) -> str:
    for start, end, instead in sorted(edits, key=lambda edit: edit[:2])[::-1]:  # of one place, the last first
        text = text[:start] + instead + text[end:]
    return text


def _flow(value: Any) -> str:
    """A value in one line, as it may stand in brackets."""
    return as_yaml([value], flow=True, width=1_000_000).strip()[1:-1].strip()


class _Editor:
    """One document on its way to say something else; ``inside`` says whether brackets are edited, or written anew."""

    def __init__(self, text: str, order: Sequence[str], inside: bool) -> None:
        self.text, self.order, self.inside = text, order, inside
        self.root, self.data = tree(text), parse(text, "").data
        self.newline = "\r\n" if "\r\n" in text else "\n"
        self.step = min((s for s in self._steps(self.root) if s > 0), default=2)
        self.edits: list[Edit] = []

    def edited(self, data: Mapping[str, Any]) -> str:
        self.mapping(self.root, self.data, data, self.order)
        return _applied(self.text, self.edits)

    # What changes.

    def mapping(self, node: Node, old: Mapping[str, Any], new: Mapping[str, Any], order: Sequence[str] = ()) -> None:
        """Change the values of a mapping, and take out and put in keys."""
        added = {key: value for key, value in new.items() if key not in old}
        kept = [
            name in new and self.value(value, old[name], new[name])
            for (_, value), name in zip(node.entries, old, strict=True)
        ]
        added |= {name: new[name] for name, stays in zip(old, kept, strict=True) if name in new and not stays}
        for position, stays in enumerate(kept):
            if not stays:
                self.take_out(node, position, kept)
        if added and node.flow:
            double = any(key is not None and key.style == '"' for key, _ in node.entries)
            last = max((position for position, stays in enumerate(kept) if stays), default=-1)
            self.into_flow(node, [_pair(key, value, double) for key, value in added.items()], last)
        elif added:
            self.put_in(node, added, order, list(old))

    def value(self, node: Node, old: Any, new: Any) -> bool:
        """Change a value in place; whether that can be done."""
        if same(old, new):
            return True
        if node.kind == "alias" or (node.kind == "scalar" and node.style not in ("|", ">") and not _block(new)):
            space = " " if node.start == node.end else ""
            self.edits.append((node.start, node.end, space + self.scalar(node, new)))
            return True
        if node.flow and not self.inside:
            self.edits.append((node.start, node.end, _flow(new)))
            return True
        if node.kind == "mapping" and isinstance(new, dict) and (new or node.flow):
            self.mapping(node, old, new)
            return True
        if node.kind == "list" and isinstance(new, list) and len(new) >= len(old) > 0:
            done = len(self.edits)
            if not all(self.value(part, *pair) for (_, part), *pair in zip(node.entries, old, new, strict=False)):
                del self.edits[done:]
                return False
            self.append(node, new[len(old) :])
            return True
        return False

    def scalar(self, node: Node, new: Any) -> str:
        """A value in the quotes of the one that it replaces."""
        if isinstance(new, str) and new.isprintable():
            if node.style == '"':
                return json.dumps(new, ensure_ascii=False)
            if node.style == "'":
                return f"""'{new.replace("'", "''")}'"""
        return _flow(new)

    def take_out(self, node: Node, position: int, kept: Sequence[bool]) -> None:
        """Take a key and its value out; lines that are comments stay, indented as the key was."""
        key, value = node.entries[position]
        assert key is not None
        if node.flow:
            self.edits.append(self.out_of_flow(node, position, kept))
            return
        begin, end = self.line_start(key.start), self.line_end(value.end)
        if self.text[begin : key.start].strip():  # behind the dash of a list
            self.edits.append((key.start, value.end, ""))
            return
        lead = self.text[begin : key.start]
        lines = [line.lstrip(" ") for line in self.text[begin:end].splitlines(keepends=True)]
        self.edits.append((begin, end, "".join(lead + line for line in lines if line.startswith("#"))))

    def out_of_flow(self, node: Node, position: int, kept: Sequence[bool]) -> Edit:
        """What goes with an entry in brackets: the comma behind it, or before it where nothing stays behind it."""
        key, value = node.entries[position]
        assert key is not None
        if any(kept[:position]) and not any(kept[position:]):
            before = node.entries[position - 1][1].end
            if "\n" not in self.text[before : value.end]:
                return before, value.end, ""
        after = self.text[value.end : node.end - 1]
        comma = len(after) - len(after.lstrip()) + 1 if after.lstrip().startswith(",") else 0
        blank = len(after[comma:]) - len(after[comma:].lstrip(" ")) if comma else 0
        return key.start, value.end + comma + blank, ""

    def put_in(self, node: Node, added: Mapping[str, Any], order: Sequence[str], old: list[str]) -> None:
        """Put keys into a mapping that is a block."""
        first = node.entries[0][0]
        assert first is not None
        indent = first.start - self.line_start(first.start)
        for key, value in added.items():
            place = self.behind(node, key, order, old)
            lines = list(self.block(key, value, indent))
            if indent == 0 and self.spaced(node):
                lines.insert(0, "")
            self.insert_lines(place, lines)

    def append(self, node: Node, items: Sequence[Any]) -> None:
        """Put items at the end of a list that has some."""
        if not items:
            return
        last = node.entries[-1][1]
        if node.flow:
            self.into_flow(node, [_flow(item) for item in items], -1 + len(node.entries))
            return
        indent = node.start - self.line_start(node.start)
        flat = last.flow or last.kind != "mapping"
        lines = [line for item in items for line in self.item(item, indent, flat)]
        self.insert_lines(self.section_end(last.end, max(indent, 1)), lines)

    # Where it stands.

    def into_flow(self, node: Node, entries: Sequence[str], last: int) -> None:
        """Put entries at the end of what stands in brackets, below the last one where that has a line of its own.

        Args:
            node: the brackets.
            entries: as they are written.
            last: the place of the last entry that stays, -1 where none does.
        """
        if last < 0:
            self.edits.append((node.end - 1, node.end - 1, ", ".join(entries)))
            return
        key, value = node.entries[last]
        rest = self.text[value.end : node.end - 1]
        if "\n" not in rest:
            self.edits.append((value.end, value.end, "".join(f", {entry}" for entry in entries)))
            return
        begun = (key or value).start
        lead = self.newline + " " * (begun - self.line_start(begun))
        ended = rest.lstrip().startswith(",")
        if not ended:
            self.edits.append((value.end, value.end, ","))
        place = self.line_end(value.end, newline=False)
        self.edits.append(
            (place, place, "".join(f"{lead}{entry}," for entry in entries).removesuffix("" if ended else ","))
        )

    def behind(self, node: Node, key: str, order: Sequence[str], old: list[str]) -> int:
        """The place behind the last key that usually comes before one, comments of its section included."""
        before = set(order[: order.index(key)]) if key in order else set(old)
        positions = [position for position, name in enumerate(old) if name in before]
        key_node, value = node.entries[positions[-1] if positions else -1]
        assert key_node is not None
        indent = key_node.start - self.line_start(key_node.start)
        return self.section_end(max(key_node.end, value.end), max(indent, 1))

    def section_end(self, end: int, indent: int) -> int:
        """The start of the line behind a value, and behind the comments below it that are indented as far."""
        place = self.line_end(end)
        while place < len(self.text):
            line = self.text[place : self.line_end(place)]
            if not line.lstrip(" ").startswith("#") or len(line) - len(line.lstrip(" ")) < indent:
                break
            place = self.line_end(place)
        return place

    def insert_lines(self, place: int, lines: Sequence[str]) -> None:
        if place == len(self.text) and self.text and not self.text.endswith("\n"):
            self.edits.append((place, place, "".join(f"{self.newline}{line}" for line in lines)))
        else:
            self.edits.append((place, place, "".join(f"{line}{self.newline}" for line in lines)))

    def spaced(self, node: Node) -> bool:
        """Whether a blank line stands before the sections of a document."""
        starts = [self.line_start(key.start) for key, value in node.entries[1:] if key and value.kind == "mapping"]
        blank = [self.text[self.line_start(max(0, start - 1)) : start].strip() == "" for start in starts]
        return sum(blank) * 2 > len(blank)

    def line_start(self, place: int) -> int:
        return self.text.rfind("\n", 0, place) + 1

    def line_end(self, place: int, *, newline: bool = True) -> int:
        """The end of the line that a place stands in, with or without its line break."""
        end = self.text.find("\n", place)
        if end < 0:
            return len(self.text)
        if newline:
            return end + 1
        return end - (self.text[end - 1 : end] == "\r")

    def _steps(self, node: Node, outer: int = 0) -> Iterator[int]:
        """By how much blocks are indented within blocks."""
        for key, value in node.entries:
            if key is None or value.kind != "mapping" or value.flow or not value.entries or node.flow:
                yield from self._steps(value, outer)
                continue
            first = value.entries[0][0]
            assert first is not None
            inner = first.start - self.line_start(first.start)
            yield inner - (key.start - self.line_start(key.start))
            yield from self._steps(value, inner)

    # How it is written.

    def block(self, key: str, value: Any, indent: int) -> Iterator[str]:
        """The lines of a key and its value."""
        head = f"{' ' * indent}{_flow(key)}:"
        if not _block(value):
            yield f"{head} {_flow(value)}"
            return
        yield head
        inner = indent + self.step
        if isinstance(value, dict):
            for name, part in value.items():
                yield from self.block(name, part, inner)
        else:
            for item in value:
                yield from self.item(item, inner, flat=False)

    def item(self, item: Any, indent: int, flat: bool) -> Iterator[str]:
        """The lines of an item of a list."""
        if flat or not isinstance(item, dict) or not item:
            yield f"{' ' * indent}- {_flow(item)}"
            return
        lines = [line for name, part in item.items() for line in self.block(name, part, indent + 2)]
        yield f"{' ' * indent}- {lines[0].lstrip(' ')}"
        yield from lines[1:]


def _block(value: Any) -> bool:
    """Whether a value takes lines of its own: a mapping, or a list of mappings."""
    return bool(value) and (isinstance(value, dict) or (isinstance(value, list) and isinstance(value[0], dict)))


def _pair(key: str, value: Any, double: bool) -> str:
    """A key and its value as they stand in brackets; in double quotes as in JSON."""
    if double:
        return f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}"
    return f"{_flow(key)}: {_flow(value)}"
