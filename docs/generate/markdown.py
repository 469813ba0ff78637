"""Markdown and HTML, as the generated pages are written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

#: Signs that Markdown would read as its own.
_SIGNS = str.maketrans({sign: "\\" + sign for sign in "\\*_[]<>|`$"})


def words(text: str) -> str:
    r"""Text that Markdown shows as it stands; what is between backticks is code.

    >>> words("a_b | `c_d`")
    'a\\_b \\| `c_d`'
    """
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return text.translate(_SIGNS)
    return "".join(
        f"`{part}`".replace("|", "\\|") if odd % 2 else part.translate(_SIGNS) for odd, part in enumerate(parts)
    )


def code(text: object) -> str:
    """A name in the font of code."""
    return f"`{text}`".replace("|", "\\|")


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown; its cells are Markdown already."""
    lines = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    lines += ["| " + " | ".join(" ".join(cell.split()) for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def html_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in HTML, for the many rows that Markdown would be slow to read; its cells are HTML already."""
    head = "".join(f"<th>{escape(each)}</th>" for each in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>\n" for row in rows)
    return (
        '<div class="table-wrapper docutils container"><table class="docutils align-default">'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table></div>"
    )


def raw(html: str) -> str:
    """HTML that goes into the page as it is."""
    return f"```{{raw}} html\n{html}\n```\n"


def toctree(names: Iterable[str], depth: int = 1) -> str:
    """A list of pages that follow."""
    return f"```{{toctree}}\n:maxdepth: {depth}\n\n" + "\n".join(names) + "\n```\n"


def page(title: str, *parts: str, label: str = "") -> str:
    """A page: its title, then its parts, each a paragraph of its own."""
    anchor = f"({label})=\n" if label else ""
    return "\n\n".join([f"{anchor}# {title}", *(part.strip("\n") for part in parts if part)]) + "\n"
