"""Hostile text in every format that is written: an independent reader finds the text again, and nothing but the text."""

from __future__ import annotations

import csv
import io
import json
import re
from html.parser import HTMLParser
from unicodedata import normalize
from xml.etree import ElementTree

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from mlsysim.registry.bibliography import bibtex as entry_of
from mlsysim.reports import Place, Remark, github, junit, sarif
from mlsysim.reports.data import as_json, as_yaml
from mlsysim.reports.markdown import render as as_page
from mlsysim.reports.rows import as_csv, as_markdown
from mlsysim.symbolic import escapes

#: What titles held that did harm, or could.
PIECES = (
    r"\input{secret.txt}", r"\end{document}", "{", "}", "\\", "%", "#", "&", "_", "^^5c", "~", "$", r"\(", "$$", "[", "]", "<script>", "</td>",
    "&lt;", "|", "`", "*", "**", "![x](y)", "[a](b)", "=1+1", "+1", "-1", "@SUM(A1)", "\t", "\r", "\n", "\r\n", "::error::x", "##[error]",
    "%0A", ":", ",", "\x00", "\x1b[31m", "\x1b]0;t\x07", "\x9b31m", "\u202e", "\u2028", "\ufffe", "\ud800", "\x7f", "\xa0", "中", "é", "e\u0301", "λ",
    "😀", "'", '"', "]]>", "--", "- ", "1. ", "# ", "no", "1e3", "- a", "a: b", " #c", "!t", "---", "[red]", ":smile:", "--> ",
)  # fmt: skip
hostile = st.lists(
    st.sampled_from(PIECES) | st.text(max_size=5) | st.sampled_from(("Model", " ", "80 GB", "x_y")), max_size=8
).map("".join)


def obeyed(text: str) -> str:
    """Characters that a terminal does not just show."""
    return "".join(c for c in text if not c.isprintable() and c not in "\n\t")


@given(hostile)
def test_a_terminal_obeys_nothing(text: str) -> None:
    """Not even the program's own colours, where they are off; and every visible character is still there."""
    assert not obeyed(escapes.terminal(text))
    assert not obeyed(re.sub(r"\x1b\[(0|1|2|3[123])m", "", escapes.terminal(text, colour=True)))
    assert not obeyed(escapes.line(text))
    assert len(escapes.line(text).splitlines()) <= 1
    seen = "".join(c for c in text if c.isprintable())
    assert "".join(c for c in escapes.visible(text) if c in seen)[: len(seen)] or not seen


@given(hostile)
def test_a_table_of_csv_holds_the_text_and_no_formula(text: str) -> None:
    """Read back by the standard library: the text, behind an apostrophe where a spreadsheet would compute it."""
    written = as_csv([{text or "x": text, "number": -2.5}])
    assert not obeyed(written)
    head, row = list(csv.reader(io.StringIO(written, newline="")))
    shown = escapes.visible(text.replace("\r\n", "\n").replace("\r", "\n"))
    assert row[1] == "-2.5"
    assert row[0].removeprefix("'") == shown.removeprefix("'")
    assert head[0].removeprefix("'") == (shown or "x").removeprefix("'")
    for cell in (row[0], head[0]):
        assert not cell.startswith(tuple("=+-@\t\r\n＝＋－＠")) or float(cell) is not None


@given(hostile, hostile)
def test_a_cell_of_markdown_is_the_text(text: str, other: str) -> None:
    """A table of two columns and one row, whose cells hold words and nothing else; a heading likewise."""
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(as_markdown([{"a": text, "b": other}]))
    cells = [t for t, before in zip(tokens[1:], tokens, strict=False) if before.type in ("td_open", "th_open")]
    assert [t.type for t in tokens].count("tr_open") == 2
    assert [shown(t) for t in cells] == ["a", "b", escapes.line(text).strip(), escapes.line(other).strip()]
    heading, body, *_ = MarkdownIt().parse(f"### {escapes.markdown(text)}")
    assert heading.type == "heading_open"
    assert shown(body) == escapes.line(text).strip()


def shown(token: object) -> str:
    """What an inline token shows; it holds nothing but text."""
    parts = getattr(token, "children", None) or []
    assert {part.type for part in parts} <= {"text", "text_special"}
    return "".join(part.content for part in parts)


class Words(HTMLParser):
    """The words of a page, and its elements."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.tags = "", set[str]()

    def handle_data(self, data: str) -> None:
        self.words += data

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)


@given(hostile)
def test_a_web_page_shows_the_text(text: str) -> None:
    """No element and no formula begins in it."""
    reader = Words()
    reader.feed(f"<p>{escapes.html(text)}</p>")
    reader.close()
    assert reader.words == escapes.visible(text)
    assert reader.tags <= {"p", "wbr"}
    assert not re.search(r"\\[(\[]|\$\$", escapes.html(text))


@given(hostile)
def test_data_reads_back_the_same(text: str) -> None:
    """JSON and YAML lose nothing, whoever reads them, and show nothing that cannot be seen."""
    data = {"a": text, "b": [text, 1, None, True], text: {"c": text}}
    assert json.loads(as_json(data)) == data
    assert not obeyed(as_json(data))
    for flow in (False, True):
        assert not obeyed(as_yaml(data, flow=flow))
        if not any("\ud800" <= c <= "\udfff" for c in text):
            assert yaml.safe_load(as_yaml(data, flow=flow)) == data


@given(st.text(alphabet="0123456789.eE+-_:x infaINFA~noyesNOYtrueTRUEl", max_size=8))
def test_words_that_look_like_numbers_stay_words(text: str) -> None:
    """By YAML 1.1, as PyYAML reads it, and by YAML 1.2, as plans are read."""
    from mlsysim.registry.document import parse

    assert yaml.safe_load(as_yaml({"a": text})) == parse(as_yaml({"a": text}), "x").data == {"a": text}


@given(hostile, hostile)
def test_no_text_gives_a_build_an_order(text: str, title: str) -> None:
    """One command in one line, whose parts decode to the text; a line that is none stays none."""
    (command,) = github.render([Remark("input", title, "error", text, Place(title, 1, 2))]).split("\n")
    properties, _, message = command.removeprefix("::error ").partition("::")
    told = dict(part.split("=", 1) for part in properties.split(","))
    assert set(told) == {"file", "line", "col", "title"}
    assert decoded(told["title"]) == escapes.visible(title, "\r\n\t")
    assert decoded(message) == escapes.visible(text, "\r\n\t")
    for line in github.render([], f"{text}\n{title}").splitlines():
        assert not line.lstrip().startswith("::")
        assert "##[" not in line


def decoded(text: str) -> str:
    """As the runner decodes it."""
    for code, character in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        text = text.replace(code, character)
    return text


@given(hostile, hostile)
def test_reports_for_machines_hold_the_text(text: str, title: str) -> None:
    """XML that parses, SARIF that is JSON."""
    remark = Remark("assert/macro.tco", title, "error", text, Place("a.yaml", 1, 2))
    suite = ElementTree.fromstring(junit.render([(title, [remark, remark])]))[0]
    assert (suite.get("name") or "").startswith(escapes.line(title))
    failure = suite[0][0]
    assert failure.get("message") == escapes.line(text)
    assert failure.text == f"a.yaml:1:2: {escapes.xml(text)}"
    (result, _) = json.loads(sarif.render([remark, remark], 3))["runs"][0]["results"]
    assert result["message"]["text"] == f"{title}: {text}"
    assert not obeyed(sarif.render([remark], 3) + junit.render([(title, [remark])]))


#: The control words that escaped text may use, and what each prints.
WORDS_OF_TEX = {
    "textbackslash": "\\", "textasciitilde": "~", "textasciicircum": "^", "textless": "<", "textgreater": ">", "textbar": "|",
    "textquotedbl": '"', "textbraceleft": "{", "textbraceright": "}", "textmu": "µ", "textperiodcentered": "·",
    "textquoteleft": "‘", "textquotedblleft": "“", "textquotedblright": "”", "dots": "…", "texteuro": "€", "texttrademark": "™",
    "textregistered": "®", "textcopyright": "©", "textdegree": "°", "lambda": "λ", "times": "×", "pm": "±", "le": "≤", "ge": "≥",
    "textsuperscript": "^",
}  # fmt: skip
TOKEN = re.compile(r"\\(?P<word>[A-Za-z]+)|\\(?P<sign>.)|(?P<group>[{}])|(?P<other>.)", re.S)


def printed(tex: str) -> str:
    """What LaTeX prints of a text; fails at a control sequence that text cannot need, and at a sign with a meaning."""
    depth, math, words = 0, False, ""
    for token in TOKEN.finditer(tex):
        if token["word"]:
            assert token["word"] in WORDS_OF_TEX, token[0]
            words += WORDS_OF_TEX[token["word"]]
        elif token["sign"]:
            assert token["sign"] in "{}$&#%_", token[0]
            words += token["sign"]
        elif token["group"]:
            depth += 1 if token["group"] == "{" else -1
            assert depth >= 0
        elif token["other"] == "$":
            math = not math
        else:
            assert token["other"] not in "#%&_^~", token[0]
            words += token["other"]
    assert (depth, math) == (0, False)
    return words


@given(hostile)
def test_latex_prints_the_text(text: str) -> None:
    """Nothing in it is a command, a comment or a group of its own, in BibTeX as well."""
    for escaped in (escapes.latex(text), escapes.bibtex(text)):
        plain = escapes.visible(normalize("NFC", text)).replace("\n", " ").replace("\t", " ")
        spelt = "".join(f"[U+{ord(c):04X}]" if f"U+{ord(c):04X}" in escapes.latex(c) else c for c in plain)
        swaps = {"—": "---", "–": "--", "’": "'", "²": "^2", "³": "^3", "μ": "µ"}
        assert printed(escaped) == "".join(swaps.get(c, c) for c in spelt)


@given(st.fixed_dictionaries(dict.fromkeys(("title", "author", "venue", "url"), hostile)), hostile)
def test_an_entry_of_bibtex_keeps_its_braces(about: dict[str, str], key: str) -> None:
    """BibTeX counts braces even behind a backslash: what is in a field never ends it."""
    written = entry_of(key, {**about, "type": "article", "year": 2026})
    assert re.match(r"@article\{[\w:./+-]*,\n", written, re.ASCII)
    fields, depth, start = [], 0, 0
    for place, character in enumerate(written):
        depth += (character == "{") - (character == "}")
        assert depth >= 0
        if depth == 1 and character == "{":
            start = place
        if depth == 1 and character == "}":
            fields.append(written[start:place])
    assert depth == 0
    assert written.endswith(",\n}\n")
    names = [line.split(" = {")[0].strip() for line in written.splitlines()[1:-1]]
    assert set(names) <= {"title", "author", "year", "journal", "url"}
    assert len(names) == len(set(names))


@pytest.mark.parametrize(("names", "kept"), [
    ("{Qwen Team} and others", True), ("{half", False), ("} {", False), ("Rényi, Alfréd and {A {B} C}", True),
])  # fmt: skip
def test_names_keep_the_braces_that_pair(names: str, kept: bool) -> None:
    """As BibTeX means them; others are printed."""
    assert ("textbrace" not in escapes.bibtex_names(names)) == kept


@given(hostile)
def test_a_page_of_markdown_names_everything_as_text(text: str) -> None:
    """No name of a plan, a model or an accelerator begins a block, a link or an element."""
    data = {
        "name": text or "x", "f_summary": text, "hardware": text, "accelerators": 2, "model": text, "phase": "training",
        "precision": "bf16", "m_skipped": text, "assumptions": [text],
    }  # fmt: skip
    remark = Remark("assert/macro.tco", text, "error", text, Place("a.yaml", 1, 2))
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(as_page(data, [remark]))
    kinds = {t.type for t in tokens} | {part.type for t in tokens for part in t.children or ()}
    assert not kinds & {
        "html_block",
        "html_inline",
        "link_open",
        "image",
        "code_inline",
        "fence",
        "code_block",
        "em_open",
        "s_open",
    }
    assert [t.tag for t in tokens if t.type == "heading_open"] == ["h3"]
