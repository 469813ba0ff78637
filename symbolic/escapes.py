r"""Text as each written format takes it, one function a format: a title stays text, whatever it contains.

What cannot be shown (control characters, characters that reorder a line) stands as its escape, such as ``\x1b``, in every
format that has no escapes of its own. Nothing here imports sympy.
"""

from __future__ import annotations

import re
from collections.abc import Callable

#: Spaces that are no space character; ``str.isprintable`` refuses them.
_SPACES = frozenset("\xa0\u1680\u202f\u205f\u3000") | {chr(code) for code in range(0x2000, 0x200B)}
#: The colours that the program itself prints.
_COLOUR = re.compile(r"(\x1b\[(?:0|1|2|31|32|33)m)")

_TEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "[": "{[}", "]": "{]}", "<": r"\textless{}",
    ">": r"\textgreater{}", "|": r"\textbar{}", '"': r"\textquotedbl{}", "\n": " ", "\t": " ",
    "²": r"\textsuperscript{2}", "³": r"\textsuperscript{3}", "λ": r"$\lambda$", "µ": r"\textmu{}", "μ": r"\textmu{}",
    "×": r"$\times$", "·": r"\textperiodcentered{}", "–": "--", "—": "---", "‘": r"\textquoteleft{}", "’": "'",
    "“": r"\textquotedblleft{}", "”": r"\textquotedblright{}", "…": r"\dots{}", "€": r"\texteuro{}", "™": r"\texttrademark{}",
    "®": r"\textregistered{}", "©": r"\textcopyright{}", "°": r"\textdegree{}", "±": r"$\pm$", "≤": r"$\le$", "≥": r"$\ge$",
}  # fmt: skip
#: Letters with accents that every LaTeX with the T1 encoding has.
_LETTERS = frozenset(
    "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿĂă"
    "ĄąĆćČčĎďĐđĘęĚěĞğİıĹĺĽľŁłŃńŇňŐőŒœŔŕŘřŚśŞşŠšŢţŤťŮůŰűŸŹźŻżŽž"
)
#: What BibTeX counts as braces even behind a backslash.
_BIBTEX = {**_TEX, "{": r"\textbraceleft{}", "}": r"\textbraceright{}"}
_MARKDOWN = re.compile(r"[\\`*\[\]<>|~&$]|(?<![^\W_])_|_(?![^\W_])")
#: What begins a block of Markdown at the start of a line.
_BLOCK = re.compile(r"^(?=[#+\-=:])|^(?P<number>\d+)(?=[.)])")
#: What a spreadsheet computes, in half and in full width.
_FORMULA = ("=", "+", "-", "@", "\t", "\n", "＝", "＋", "－", "＠")
_PERCENT = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY = {**_PERCENT, ":": "%3A", ",": "%2C"}


def visible(text: str, keep: str = "\n\t") -> str:
    r"""Text of which every character can be seen: any other stands as its escape.

    Args:
        text: anything.
        keep: control characters that stay.

    >>> visible("a\x1b[31mb\u202e")
    'a\\x1b[31mb\\u202e'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in keep else " " if c in _SPACES else repr(c)[1:-1] for c in text)


def terminal(text: str, *, colour: bool = False) -> str:
    """Text that a terminal shows and does not obey.

    Args:
        text: a page.
        colour: whether the program's own colours stay.
    """
    if text.replace("\n", "").isprintable():
        return text
    parts = _COLOUR.split(text) if colour else [text]
    return "".join(part if position % 2 else visible(part) for position, part in enumerate(parts))


def line(text: str) -> str:
    r"""Text in one line, with a space for each run of line breaks, tabs and spaces.

    >>> line("two\r\n lines")
    'two lines'
    """
    return visible(" ".join(text.split()))


def latex(text: str) -> str:
    r"""Text as LaTeX prints it in a document with ``\usepackage[T1]{fontenc}``; a letter that fonts lack as its number.

    >>> latex(r"100 % \input{x}, 中")
    '100 \\% \\textbackslash{}input\\{x\\}, {[}U+4E2D{]}'
    """
    return _tex(text, _TEX)


def bibtex(text: str) -> str:
    r"""Text as a braced field of BibTeX, in which braces must pair even behind a backslash.

    >>> bibtex("half {open")
    'half \\textbraceleft{}open'
    """
    return _tex(text, _BIBTEX)


def bibtex_names(text: str) -> str:
    r"""Names as a braced field of BibTeX: braces that pair keep a name together, as BibTeX means them.

    >>> bibtex_names("{Qwen Team} and others & co")
    '{Qwen Team} and others \\& co'
    """
    depth = 0
    for character in text:
        depth += (character == "{") - (character == "}")
        if depth < 0:
            return bibtex(text)
    return bibtex(text) if depth else _tex(text, {**_BIBTEX, "{": "{", "}": "}"})


def bibtex_key(text: str) -> str:
    """A key of BibTeX, with a dash for what no key may hold.

    >>> bibtex_key("our lab, 2026}")
    'our-lab-2026-'
    """
    return re.sub(r"[^A-Za-z0-9:._/+-]+", "-", text)


def address(text: str) -> str:
    """A web address as a field of BibTeX takes it: what no address may hold is percent-encoded.

    >>> address("https://a.example/x_1#y}")
    'https://a.example/x_1#y%7D'
    """
    from urllib.parse import quote

    return quote(text.encode("utf-8", "replace"), safe="/:?#[]@!$&'()*+,;=%~")


def _tex(text: str, instead: dict[str, str]) -> str:
    from unicodedata import normalize

    shown = visible(normalize("NFC", text))
    return "".join(
        instead.get(c) or (c if c.isascii() or c in _LETTERS else f"{{[}}U+{ord(c):04X}{{]}}") for c in shown
    )


def html(text: str) -> str:
    r"""Words in an element of HTML, in which no delimiter of KaTeX begins a formula.

    >>> html("<b> & \\(x\\) $$")
    '&lt;b&gt; &amp; \\<wbr>(x\\<wbr>) $<wbr>$'
    """
    from html import escape

    return re.sub(r"\\(?=[()\[\]])|\$(?=\$)", r"\g<0><wbr>", escape(visible(text)))


def csv_cell(value: object) -> object:
    """A cell of CSV: numbers stay numbers, and text that a spreadsheet would compute begins with an apostrophe.

    >>> csv_cell(-5.0), csv_cell("-5"), csv_cell("=1+1"), csv_cell("H100")
    (-5.0, '-5', "'=1+1", 'H100')
    """
    if not isinstance(value, str):
        return value
    shown = xml(value)
    return f"'{shown}" if shown.startswith(_FORMULA) and not _is_number(shown) else shown


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?", text, re.ASCII) is not None


def markdown(text: str) -> str:
    r"""Text in one line of GitHub's Markdown, also as a cell of a table.

    >>> markdown("a | b\nmemory_required <i> _x_")
    'a \\| b memory_required \\<i\\> \\_x\\_'
    """
    shown = _MARKDOWN.sub(r"\\\g<0>", line(text))
    return _BLOCK.sub(lambda found: f"{found['number'] or ''}\\", shown, count=1)


def github_message(text: str) -> str:
    r"""The message of a workflow command.

    >>> github_message("50%\n::error::x")
    '50%25%0A::error::x'
    """
    return _replaced(visible(text, "\r\n\t"), _PERCENT)


def github_property(text: str) -> str:
    """The value of a property of a workflow command.

    >>> github_property("a: b, c")
    'a%3A b%2C c'
    """
    return _replaced(visible(text, "\r\n\t"), _PROPERTY)


def github_line(text: str) -> str:
    r"""A line of a build's log that is no workflow command, of either form.

    >>> github_line("::error::x ##[group]")
    '\\::error::x #\\#[group]'
    """
    shown = line(text).replace("##[", r"#\#[")
    return f"\\{shown}" if shown.startswith("::") else shown


def _replaced(text: str, instead: dict[str, str]) -> str:
    return "".join(instead.get(character, character) for character in text)


def xml(text: str) -> str:
    r"""Text that XML 1.0 can hold, with one kind of line break; who writes the element escapes its signs.

    >>> xml("a\x00b")
    'a\\x00b'
    """
    return visible(text.replace("\r\n", "\n").replace("\r", "\n"))


def json_text(document: str) -> str:
    r"""A JSON document in which what cannot be shown stands as an escape of JSON.

    >>> json_text('{"a": "\x9b\u202e"}')
    '{"a": "\\u009b\\u202e"}'
    """
    return _in_quotes(document, lambda c: "".join(f"\\u{unit:04x}" for unit in _units(c)))


def yaml_text(document: str) -> str:
    r"""A YAML document in which what cannot be shown stands as an escape; it must stand in double quotes.

    >>> yaml_text('a: "\u202e"')
    'a: "\\u202e"'
    """
    return _in_quotes(document, lambda c: f"\\U{ord(c):08x}" if ord(c) > 0xFFFF else f"\\u{ord(c):04x}")


def _in_quotes(document: str, escaped: Callable[[str], str]) -> str:
    if document.replace("\n", "").isprintable():
        return document
    return "".join(c if c.isprintable() or c == "\n" else escaped(c) for c in document)


def _units(character: str) -> tuple[int, ...]:
    """A character in UTF-16."""
    code = ord(character)
    return (code,) if code <= 0xFFFF else (0xD800 + (code - 0x10000 >> 10), 0xDC00 + (code & 0x3FF))
