"""Hints followed literally: what a person would type who does exactly what a hint says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from mlsysim.registry.document import Document, parse
from mlsysim.symbolic.errors import MlsysimError
from tests.robustness.fields import Path_, copied

#: Where a hint says what to write: words in front of it, and what follows.
_SUCH_AS = re.compile(r'such as (?:"([^"]+)"|`([^`]+)`|([^\s,"`]+(?: %)?(?: or [^\s,]+(?: %)?)?))')
_WRITE = re.compile(r"write ([^`\"]+?)(?:, without quotes|; .*)?")
_QUOTED = re.compile(r"'([^']+)'")
_BYTES = re.compile(r"write (.+), or (.+) if you mean bits")
_CALLED = re.compile(r"\S+ is ([a-z_.]+)")
_ITEM = re.compile(r"write a list, each item after a dash: `- (.+)`")
_SECTION = re.compile(r"write its keys below it, such as `(.+)`")
_KEY = re.compile(r"write `(\w+): (.+)`")


def suggestions(hint: str) -> list[str]:
    """The values that a hint offers."""
    if hint.startswith("did you mean"):
        return _QUOTED.findall(hint)
    if match := _BYTES.fullmatch(hint):
        return [match[1], match[2]]
    if hint.startswith("write") and "such as" in hint:
        found = ["".join(parts) for parts in _SUCH_AS.findall(hint)]
        return [each for text in found for each in text.split(" or ") if ":" not in each]
    if hint == "write true or false, without quotes":
        return ["true", "false"]
    if hint.startswith("write version: "):
        return ['"1.0"']
    match = _WRITE.fullmatch(hint)
    return match[1].split(" or ") if match and re.match(r"[-+.0-9]", match[1]) else []


def followed(document: Document, problem: MlsysimError) -> Iterator[dict[str, Any]]:
    """The plans that come of a hint, one for each thing that it offers; none where it is no edit of one place."""
    hint, place = problem.hint or "", str(problem.where).split(":")[-2:]
    if not all(part.isdecimal() for part in place):
        return
    key, value = _at(document.keys, place), _at(document.values, place)
    if key is not None and "key" in problem.what:
        for name in _renamed(hint):
            yield _edited(document.data, key, lambda at, last, name=name: at.__setitem__(name, at.pop(last)))
        if match := _KEY.fullmatch(hint):
            read = parse(f"{match[1]}: {match[2]}", "hint").data
            yield _edited(document.data, key, lambda at, last: (at.pop(last), at.update(read)))
    elif value is not None:
        for text in suggestions(hint):
            read = parse(f"v: {text}", "hint").data["v"]
            yield _edited(document.data, value, lambda at, last, read=read: at.__setitem__(last, read))
        if match := _ITEM.fullmatch(hint):
            read = parse(f"v: [{match[1]}]", "hint").data["v"]
            yield _edited(document.data, value, lambda at, last, read=read: at.__setitem__(last, read))
        if match := _SECTION.fullmatch(hint):
            read = parse(match[1], "hint").data
            yield _edited(document.data, value, lambda at, last, read=read: at.__setitem__(last, read))
        if hint.startswith("write `assert:` below it"):
            yield _edited(document.data, value[:1], lambda at, last: at.__setitem__(last, {"assert": at[last]}))
        if hint == "put it in quotes":
            yield _edited(document.data, value, lambda at, last: at.__setitem__(last, str(at[last])))
    if key is not None and (hint.startswith("leave it out") or hint == "keep one of them"):
        yield _edited(document.data, key, lambda at, last: at.pop(last))


def _renamed(hint: str) -> list[str]:
    """The keys that a hint offers instead of one."""
    match = _CALLED.fullmatch(hint)
    return [match[1].rpartition(".")[2]] if match else suggestions(hint) if hint.startswith("did you mean") else []


def _at(marks: dict[Path_, Any], place: list[str]) -> Path_ | None:
    """The innermost path that stands at a place."""
    paths = [path for path, mark in marks.items() if [str(mark.line), str(mark.column)] == place and path]
    return max(paths, key=len, default=None)


def _edited(data: Any, path: Path_, edit: Any) -> dict[str, Any]:
    new = copied(data)
    at: Any = new
    for part in path[:-1]:
        at = at[part]
    edit(at, path[-1])
    return new
