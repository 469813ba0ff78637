"""What is wrong with a text that is no plain YAML, in words: the reader's complaints, and characters that no text needs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlsysim.symbolic.errors import InputError

if TYPE_CHECKING:
    import yaml

#: Characters that a terminal obeys, that reorder what is shown, or that end lines where only some programs see one.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)
#: What cannot begin a word, and what it would have begun.
_RESERVED = {"@": "an at sign", "`": "a backtick", "%": "a percent sign"}
#: Part of a complaint, of either parser of PyYAML: what is wrong, and the cure.
_SAID = (
    ("violates indentation", "a tab where spaces are needed", "indent with spaces, not tabs"),
    ("mapping values are not allowed", "a colon where none can stand",
     "put the value in quotes, or indent the line like its neighbours"),
    ("could not find expected ':'", "this line is no `key: value`",
     "put a colon and a space behind the key, and indent what belongs to it"),
    ("escape", "an unknown escape in double quotes", "write \\\\ for a backslash, or use single quotes"),
    ("quoted scalar", "this quote is not closed", "close it"),
    ("flow sequence", "the list that begins in line {line}, column {column} is not closed here",
     "close its bracket, or put a comma between its items"),
    ("flow mapping", "the mapping that begins in line {line}, column {column} is not closed here",
     "close its brace, or put a comma between its items"),
    ("node content", "a comma or bracket where a value is needed", "give a value, or take it out"),
    ("another document", "a second document", "write one plan in each file, without `---` between"),
    ("<document start>", "text behind the end of the document", "write one plan in each file, and close what is open"),
    ("YAML document", "another version of YAML", "leave the %YAML line out"),
    ("directive", "an unknown directive", "leave the line out"),
    ("tag handle", "an exclamation mark begins a tag, and tags are not allowed", "put the word in quotes"),
    ("undefined alias", "an alias of nothing", "put the value in quotes, or write it out"),
    ("block scalar", "text behind the sign that begins a block of text", "begin the text in the next line"),
    ("block mapping", "this does not fit the section that begins in line {line}",
     "indent it like its neighbours, and put what is one value in one pair of quotes"),
    ("block collection", "this does not fit the list that begins in line {line}", "indent its items alike, each after a dash"),
    ("block sequence", "this does not fit the list that begins in line {line}", "indent its items alike, each after a dash"),
)  # fmt: skip
#: Complaints that are about the place where something began.
_BEGUN = ("could not find expected ':'", "end of stream")


def unseen(text: str) -> tuple[int, str] | None:
    r"""Where a text has a character that nobody can see, and its name; None where it has none.

    >>> unseen("plain"), unseen("a\x1b[2J")
    (None, (1, '\\x1b'))
    """
    found = _UNSEEN.search(text)
    return (found.start(), repr(found.group())[1:-1]) if found else None


def malformed(error: yaml.MarkedYAMLError, text: str, name: str) -> InputError:
    """What a parser could not read, in words.

    Args:
        error: the parser's complaint.
        text: what it was to read.
        name: what to call the document.
    """
    problem, context = error.problem or "malformed", error.context or ""
    began = error.context_mark or error.problem_mark
    mark = began if any(part in problem for part in _BEGUN) else error.problem_mark or began
    where = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
    if "cannot start any token" in problem and mark:
        what, hint = _begun_with(text.splitlines()[mark.line][mark.column])
        return InputError(f"not YAML: {what}", where=where, hint=hint)
    for part, what, hint in _SAID:
        if part in problem or part in context:
            place = {"line": began.line + 1, "column": began.column + 1} if began else {"line": "?", "column": "?"}
            return InputError(f"not YAML: {what.format(**place)}", where=where, hint=hint)
    hint = "check indentation, colons, brackets and quotes near here"
    return InputError(f"not YAML: {problem}", where=where, hint=hint)


def _begun_with(sign: str) -> tuple[str, str]:
    if sign == "\t":
        return "a tab where spaces are needed", "indent with spaces, not tabs"
    return f"{_RESERVED.get(sign, repr(sign))} cannot begin a word", "put the word in quotes"
