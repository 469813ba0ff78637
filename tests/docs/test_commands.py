"""The examples of the README and of the documentation: every command runs and prints what is shown, every program runs."""

from __future__ import annotations

import doctest
import json
import re
from pathlib import Path
from typing import Any

import pytest

from docs.generate.blocks import Block, Command, Shell, blocks, commands, every_page, ran, renewed, same, told
from docs.generate.outputs import renew, wrong
from mlsysim.registry import standard
from tests.conftest import ROOT

PAGES = every_page()
README = ROOT / "README.md"


def having(*languages: str) -> list[Path]:
    """The pages that hold blocks of a language."""
    return [page for page in PAGES if any(block.language in languages for block in blocks(page))]


@pytest.mark.parametrize("page", having("console"), ids=told)
def test_every_command_runs_and_prints_what_is_shown(page: Path, tmp_path: Path) -> None:
    """In order, in one folder, each with an exit code that it may have; `python -m docs.generate.outputs --write` renews."""
    problems = []
    for _, command, code, found in ran(page, Shell(tmp_path)):
        problem = wrong(command, code, found)
        if problem:
            problems.append(f"{told(page)}:{command.line}: `{command.text}` {problem}")
    assert not problems, "\n\n".join(problems)


@pytest.mark.parametrize("page", having("python", "pycon"), ids=told)
def test_every_program_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In order, with one set of names; what a prompt shows is what it answers."""
    shell = Shell(tmp_path)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks(page):
        if block.caption:
            shell.write(block)
        if block.language == "python":
            exec(compile("\n" * (block.line - 1) + block.text, told(page), "exec"), names)
        elif block.language == "pycon":
            names = answered(block, names)


def answered(block: Block, names: dict[str, Any]) -> dict[str, Any]:
    """The names after a block of prompts, whose answers must be those shown."""
    case = doctest.DocTestParser().get_doctest(block.text, names, told(block.page), str(block.page), block.line - 1)
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    runner.run(case, out=said.append, clear_globs=False)
    assert runner.summarize(verbose=False).failed == 0, "".join(said)
    return case.globs


def test_the_readme_and_the_pages_have_commands() -> None:
    """The checks above are not empty."""
    found = {page: [c for b in blocks(page) if b.language == "console" for c in commands(b)] for page in PAGES}
    assert sum(command.runs for command in found[README]) >= 8
    assert sum(command.runs for page, shown in found.items() for command in shown if page != README) >= 70
    assert sum(bool(command.shown) for shown in found.values() for command in shown) >= 20


def searches(page: Path) -> list[Command]:
    """The commands of a page that search for a design."""
    shown = [command for block in blocks(page) if block.language == "console" for command in commands(block)]
    return [command for command in shown if command.text.startswith("mlsysim optimize ")]


def space(shell: Shell, command: str) -> int | None:
    """How many designs a search chooses from; None where the number is too large to be counted."""
    one = re.sub(r" --(pareto|write|top) \S+| --explain", "", command)
    return json.loads("\n".join(shell.run(f"{one} --output json")[1]))["o_space"]


@pytest.mark.parametrize("page", [page for page in PAGES if searches(page)], ids=told)
def test_every_search_that_is_shown_is_worth_making(page: Path, tmp_path: Path) -> None:
    """It chooses from more than a thousand designs; where one piece of work may run, from every region that there is."""
    shell = Shell(tmp_path)
    for block in blocks(page):
        if block.caption:
            shell.write(block)
    for command in searches(page):
        found = space(shell, command.text)
        every_region = "optimize placement" in command.text and found == len(standard().entries("grids"))
        assert found is None or found > 1000 or every_region, f"{told(page)}:{command.line}: {found} designs"


@pytest.mark.parametrize("command", [
    "parallelism examples/llama3_405b_training.yaml", "batching examples/chat.yaml", "examples/pools.yaml", "placement examples/placement.yaml",
])  # fmt: skip
def test_every_plan_to_search_with_leaves_enough_open(command: str, tmp_path: Path) -> None:
    """Also where no page shows the search."""
    found = space(Shell(tmp_path), f"mlsysim optimize {command}")
    assert found is None or found > 1000


def test_a_block_is_read_as_it_is_written(tmp_path: Path) -> None:
    """Commands after a dollar, exit codes as comments, output below; a caption names a file."""
    page = tmp_path / "page.md"
    page.write_text(
        "text\n\n```console\n$ mlsysim walls  # exit code 0\na\n\nb\n\n$ ls  # of no matter\n```\n\n"
        "````{code-block} yaml\n:caption: plan.yaml\n:lines: 3\n\nversion: 1\n````\n\n```{note}\nno block\n```\n"
    )
    console, file = blocks(page)
    assert (console.language, console.line, file.language, file.caption) == ("console", 4, "yaml", "plan.yaml")
    assert file.text == "version: 1\n"
    walls, ls = commands(console)
    assert (walls.text, walls.code, walls.shown, walls.runs) == ("mlsysim walls", 0, ["a", "", "b"], True)
    assert (ls.text, ls.code, ls.shown, ls.runs) == ("ls", None, [], False)


@pytest.mark.parametrize(("shown", "found", "expected"), [
    ("a b", "a b", True), ("a b", "a c", False), ("a b", "a b c", False), ("a ... c", "a b b c", True), ("a ...", "a", True),
    ("a ... a", "a", False), ("... b ... d", "a b c d", True), ("... c ... b ...", "a b c d", False), ("...", "", True),
    ("a ... c ... c", "a c", False),
])  # fmt: skip
def test_three_dots_stand_for_any_lines(shown: str, found: str, expected: bool) -> None:
    """None, one or more, between lines that must be there."""
    assert same(shown.split(), found.split()) is expected


def test_how_long_a_search_took_does_not_count() -> None:
    """Only there; a time that the equations give does."""
    line = "  search                    12 designs; proven best, {} s"
    assert same([line.format("0.07")], [line.format("1.4")])
    assert same(
        [line.format("0.07")], [line.removesuffix(" {} s"), " " * 28 + "100.07 s"]
    )  # in two lines on a busy machine
    assert not same(["  latency 0.07 s"], ["  latency 1.4 s"])


def test_what_is_not_true_is_found_and_renewed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Output and exit codes; dots stay where they are, and what is true is left alone."""
    monkeypatch.setattr("docs.generate.blocks.ROOT", tmp_path)
    (tmp_path / "examples").mkdir()
    page = tmp_path / "page.md"
    page.write_text("```console\n$ mlsysim --version\nold\n$ mlsysim zoo\n...\nold\n$ mlsysim nothing\n```\nend\n")
    problems = renew(page, write=True)
    assert [problem.partition(" ")[0] for problem in problems] == ["page.md:2:", "page.md:4:", "page.md:7:"]
    assert "ended with exit code 2, not 0 or 3 or 4 or 5" in problems[2]
    lines = page.read_text().splitlines()
    assert lines[2].startswith("mlsysim ")
    assert lines[4] == "..."
    assert lines[5].startswith(" privacy")
    assert lines[6:] == ["$ mlsysim nothing", "```", "end"]
    assert len(renew(page, write=False)) == 1


def test_an_exit_code_that_is_named_must_be_it() -> None:
    """Also where another would do without a name."""
    assert "not 3" in wrong(Command(1, "", "", 3), 0, [])
    assert wrong(Command(1, "", "", 2), 2, []) == ""
    assert wrong(Command(1, "", "", None), 5, []) == ""
    assert "not 0 or 3" in wrong(Command(1, "", "", None), 1, [])


def test_a_pipe_and_a_file_are_those_of_a_shell(tmp_path: Path) -> None:
    """With the exit code of the command before the pipe, and quoted signs left alone."""
    shell = Shell(tmp_path)
    assert shell.run("mlsysim --output json eval examples/llama3_70b_training.yaml | jq .f_status") == (3, ["PASS"])
    assert shell.run("mlsysim --output json eval Llama3_8B H100 | jq .m_tco_usd") == (1, ["None"])
    assert shell.run("mlsysim check - < examples/serving.yaml")[0] == 0
    assert shell.run("mlsysim mcp") == (0, [])  # a server that nobody asks anything
    assert shell.run('mlsysim synthesize examples/serving.yaml --target "ttft <= 2 s"')[0] in (0, 4)


def test_as_many_lines_stand_round_the_dots_as_did() -> None:
    """What a page leaves out stays left out."""
    assert renewed(["a", "...", "c"], ["b", "x", "y", "d"]) == ["b", "...", "d"]
    assert renewed(["a", "..."], ["b", "x"]) == ["b", "..."]
    assert renewed(["a"], ["b", "c"]) == ["b", "c"]
    assert renewed([], ["b"]) == []
