"""A YAML document as a tree whose nodes know which characters of the text they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Node:
    """A value of a document.

    Attributes:
        kind: scalar, mapping, list or alias.
        start, end: its characters; of a block, up to the end of its last value.
        flow: whether it stands in brackets.
        style: the quotes of a scalar, or the sign that begins a block of text.
        entries: keys, which lists have none of, and values.
    """

    kind: str
    start: int
    end: int
    flow: bool = False
    style: str = ""
    entries: list[tuple[Node | None, Node]] = field(default_factory=list)


def tree(text: str) -> Node:
    """The root of a document that was read before.

    Args:
        text: YAML without mistakes.
    """
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    open_: list[tuple[Node, list[Node]]] = []
    root = Node("list", 0, 0)
    event: Any
    for event in yaml.parse(text, Loader=loader):
        name = type(event).__name__
        start, end = event.start_mark.index, event.end_mark.index
        if name in ("MappingStartEvent", "SequenceStartEvent"):
            kind = "mapping" if name == "MappingStartEvent" else "list"
            open_.append((Node(kind, start, end, bool(event.flow_style)), []))
            continue
        if name in ("MappingEndEvent", "SequenceEndEvent"):
            root = _closed(*open_.pop(), end)
        elif name in ("ScalarEvent", "AliasEvent"):
            root = _leaf(event, text, start, end)
        else:
            continue
        if open_:
            open_[-1][1].append(root)
    return root


def _leaf(event: Any, text: str, start: int, end: int) -> Node:
    style = getattr(event, "style", None) or ""
    if style in ("|", ">"):  # its mark stands behind the line break
        end = start + len(text[start:end].removesuffix("\n").removesuffix("\r"))
    return Node("alias" if type(event).__name__ == "AliasEvent" else "scalar", start, end, style=style.strip())


def _closed(node: Node, parts: list[Node], end: int) -> Node:
    if node.kind == "mapping":
        node.entries = list(zip(parts[::2], parts[1::2], strict=True))
    else:
        node.entries = [(None, part) for part in parts]
    node.end = end if node.flow or not parts else max(part.end for part in parts[-2:])
    return node
