"""Output that cannot be written, readers that have gone, and Ctrl-C at any time; files appear whole or not at all."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from mlsysim.cli.files import write_new
from mlsysim.cli.main import run
from mlsysim.plan.starter import STARTER
from mlsysim.symbolic.errors import InputError
from tests.conftest import EXAMPLE, ROOT, plan

SMALL = plan(workload={"name": "Llama3_8B", "batch_size": 64}, hardware={"name": "H100", "nodes": 2})
GPT2 = ROOT / "tests" / "data" / "hf_configs" / "gpt2.json"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


def in_a_shell(command: str, folder: Path = ROOT) -> tuple[int, str, str]:
    """Run a command, in which @ stands for `python -m`, with redirections: its code, and what it wrote to standard output and error."""
    program = command.replace("@", f"'{sys.executable}' -m ")
    done = subprocess.run(
        ["bash", "-c", program], capture_output=True, text=True, cwd=folder, env=ENVIRONMENT, check=False
    )
    return done.returncode, done.stdout, done.stderr


COMMANDS = [
    "eval Llama3_8B H100", "-o json eval Llama3_8B H100", "-o yaml eval none.yaml", "-o junit check examples/serving.yaml",
    "-o csv zoo grids", "zoo hardware", "--help", "eval --help", "schema", "--version", "derive compute", "zoo cite H100", "init -",
    "zoo import tests/data/hf_configs/gpt2.json", "optimize parallelism examples/llama3_70b_training.yaml --write -",
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("full", [">/dev/full", ">&-"])
def test_output_that_cannot_be_written_is_one_line(command: str, full: str) -> None:
    """Whatever the command and the format: exit code 1, and what the system says."""
    code, _, errors = in_a_shell(f"@mlsysim {command} {full}")
    assert code == 1
    why = "No space left on device" if "full" in full else "Bad file descriptor"
    assert errors == f"mlsysim: error: cannot write the output: {why}\n"


@pytest.mark.parametrize("command", COMMANDS[:6])
@pytest.mark.parametrize("streams", ["<&-", "2>&-", "2>/dev/full"])
def test_streams_that_a_command_does_not_need_may_be_closed(command: str, streams: str) -> None:
    """The answer is the same."""
    assert in_a_shell(f"@mlsysim {command} {streams}")[:2] == in_a_shell(f"@mlsysim {command} 2>/dev/null")[:2]


@pytest.mark.parametrize("streams", ["<&- >&- 2>&-", ">/dev/full 2>/dev/full", ">&- 2>&-"])
def test_without_any_stream_the_exit_code_is_left(streams: str) -> None:
    """1, and of bad input 2."""
    assert in_a_shell(f"@mlsysim -o json eval Llama3_8B H100 {streams}") == (1, "", "")
    assert in_a_shell(f"@mlsysim eval none.yaml {streams}") == (2, "", "")


def test_a_closed_standard_input_is_bad_input() -> None:
    """It is what cannot be read, with its cure."""
    code, output, errors = in_a_shell("@mlsysim eval - <&-")
    assert (code, output) == (2, "")
    assert errors == (
        "standard input: error: cannot be read: Bad file descriptor\n  hint: name a file, or send it through a pipe\n"
    )


def test_errors_about_bad_input_reach_standard_error_though_the_output_is_full() -> None:
    """They are written elsewhere."""
    code, _, errors = in_a_shell("@mlsysim eval none.yaml >/dev/full")
    assert (code, errors.splitlines()[0]) == (2, "none.yaml: error: there is no such file")


@pytest.mark.parametrize(
    "command", ["schema", "zoo hardware", "--help", "-o json eval Llama3_8B H100", "derive compute"]
)
def test_a_reader_that_goes_is_no_mistake(command: str) -> None:
    """As in `mlsysim ... | head -n 1`."""
    code, output, errors = in_a_shell(f"@mlsysim {command} | head -n 1; exit ${{PIPESTATUS[0]}}")
    assert (code, errors) == (0, "")
    assert output.count("\n") == 1


def test_an_example_whose_output_is_full_says_so() -> None:
    """In one line, as the command does; a closed pipe is no mistake."""
    code, _, errors = in_a_shell("@mlsysim.examples.design_loop >/dev/full")
    assert (code, errors) == (1, "mlsysim: error: cannot write the output: No space left on device\n")
    assert in_a_shell("@mlsysim.examples.design_loop | head -n 1 >/dev/null; exit ${PIPESTATUS[0]}") == (0, "", "")


HELLO = json.dumps({
    "jsonrpc": "2.0", "id": 1, "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
})  # fmt: skip


@pytest.mark.parametrize("server", ["mlsysim mcp", "mlsysim.examples.mcp_server"])
@pytest.mark.parametrize(("streams", "code", "errors"), [
    ("<&-", 1, "mlsysim: error: stdin is closed, and an MCP client speaks over it"),
    (">&-", 1, "mlsysim: error: stdout is closed, and an MCP client speaks over it"),
    (">/dev/full", 1, "mlsysim: error: cannot write the output: No space left on device"),
    ("| head -c 0; exit ${PIPESTATUS[1]}", 0, ""),
])  # fmt: skip
def test_a_server_without_a_client_ends_in_words(server: str, streams: str, code: int, errors: str) -> None:
    """Closed streams and full ones, and a client that does not read."""
    found = in_a_shell(f"(echo '{HELLO}'; sleep 0.5) | @{server} {streams}")
    assert found[0] == code
    assert found[2].strip().removeprefix("error: ").removeprefix("mlsysim: error: ") == errors.removeprefix(
        "mlsysim: error: "
    )


# Ctrl-C.

#: A program that gets Ctrl-C at its n-th import, in the midst of it.
AT_AN_IMPORT = """
import os, runpy, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # tests may run in the background, where Ctrl-C is ignored
import mlsysim.cli.program
class Interrupting:
    left = {count}
    def find_spec(self, *_):
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupting())
sys.argv = ["-m"]
import mlsysim.examples
sys.argv = {words!r}
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""
PROGRAMS = [
    ["mlsysim", "eval", "Llama3_8B", "H100"], ["mlsysim", "derive", "compute", "--format", "latex"],
    ["mlsysim", "-o", "json", "check", str(EXAMPLE)],
    ["mlsysim", "optimize", "parallelism", str(EXAMPLE)], ["mlsysim", "mcp"], ["mlsysim.examples.design_loop"],
    ["mlsysim.examples.mcp_server"],
]  # fmt: skip


@pytest.mark.parametrize("words", PROGRAMS, ids=lambda words: " ".join(words[:3]))
@pytest.mark.parametrize("count", [2, 30, 90, 150, 210])
def test_ctrl_c_during_imports_is_no_traceback(words: list[str], count: int) -> None:
    """Exit code 130, and at most one line."""
    code = AT_AN_IMPORT.format(count=count, words=words)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env=ENVIRONMENT, stdin=subprocess.DEVNULL,
        check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") <= 1
    assert done.returncode == 130 or "derive" not in words


@pytest.mark.parametrize("delay", [0.0, 0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.5])
@pytest.mark.parametrize("words", PROGRAMS[:2], ids=lambda words: " ".join(words[:3]))
def test_ctrl_c_in_the_first_moments_is_no_traceback(words: list[str], delay: float) -> None:
    """At whatever time after the program has begun: 130 and at most one line, or it was done already."""
    code = f"import signal, sys\nsignal.signal(signal.SIGINT, signal.default_int_handler)\nfrom mlsysim.cli.program import listen\nlisten()\nprint('here', file=sys.stderr, flush=True)\n" \
           f"from mlsysim.__main__ import main\nmain({words[1:]!r})"  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=ENVIRONMENT,
    )
    assert process.stderr is not None
    assert process.stderr.readline() == "here\n"
    time.sleep(delay)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=30)
    assert process.returncode in (0, 130, -signal.SIGINT)  # the last as long as the interpreter itself ends
    assert errors in ("", "mlsysim: error: interrupted before there was an answer\n")
    assert process.returncode == 130 or output


def test_ctrl_c_in_code_that_exec_runs_ends_with_its_code() -> None:
    """As where a class is made of text: Python itself would end by the signal, after the message."""
    code = "from mlsysim.cli.program import program\nprint('said')\nprogram(lambda: exec('raise KeyboardInterrupt'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=ENVIRONMENT, check=False)
    assert (done.returncode, done.stderr) == (130, "")


def test_a_command_that_ignores_ctrl_c_goes_on_doing_so() -> None:
    """As a shell starts it in the background of a script."""
    code = "import signal, os\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nfrom mlsysim.__main__ import main\n" \
           "os.kill(os.getpid(), signal.SIGINT)\nmain(['--version'])"  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=ENVIRONMENT, check=False)
    assert (done.returncode, done.stderr) == (0, "")


# Files.


def test_a_dangling_link_is_refused_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By everything that writes, before any work is done; the cure works."""
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump(SMALL))
    link = tmp_path / "link.yaml"
    link.symlink_to(tmp_path / "nowhere" / "best.yaml")
    for words in (
        ["init", str(link)], ["zoo", "import", str(GPT2), "--write", str(link)],
        ["optimize", str(tmp_path / "plan.yaml"), "--write", str(link)],
    ):  # fmt: skip
        assert run(words) == 2
        shown = capsys.readouterr()
        assert shown.out == ""
        assert f"this is a link to {tmp_path / 'nowhere' / 'best.yaml'}, which does not exist" in shown.err
        assert "wrote" not in shown.err
    link.unlink()
    assert run(["init", str(link)]) == 0
    assert link.read_text() == STARTER


def test_a_link_to_a_folder_is_followed(tmp_path: Path) -> None:
    """And a new file has the mode that any other has."""
    (tmp_path / "real").mkdir()
    (tmp_path / "way").symlink_to(tmp_path / "real")
    assert run(["init", str(tmp_path / "way" / "a.yaml")]) == 0
    (tmp_path / "other").touch()
    written = tmp_path / "real" / "a.yaml"
    assert stat.S_IMODE(written.stat().st_mode) == stat.S_IMODE((tmp_path / "other").stat().st_mode)
    assert [each.name for each in (tmp_path / "real").iterdir()] == ["a.yaml"]


@pytest.mark.parametrize(("name", "message"), [
    ("there.yaml", "this file exists"), ("", "this is a folder"), ("none/a.yaml", "its folder does not exist"),
    ("x" * 300, "File name too long"), ("a\0b", "no file can be called so"), ("there.yaml/a", "its folder does not exist"),
])  # fmt: skip
def test_where_no_new_file_can_be_is_refused(name: str, message: str, tmp_path: Path) -> None:
    """What exists stays as it was."""
    (tmp_path / "there.yaml").write_text("mine")
    with pytest.raises(InputError, match=message):
        write_new(tmp_path / name, "new")
    assert (tmp_path / "there.yaml").read_text() == "mine"
    assert len([*tmp_path.iterdir()]) == 1


def test_a_file_that_appears_meanwhile_is_not_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With hard links and without."""
    path = tmp_path / "a.yaml"

    def sync(number: int) -> None:
        path.write_text("theirs")

    monkeypatch.setattr(os, "fsync", sync)
    for linked in (True, False):
        if not linked:
            monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(PermissionError(1, "no links here")))
        with pytest.raises(InputError, match="this file exists"):
            write_new(path, "mine")
        assert path.read_text() == "theirs"
        assert [*tmp_path.iterdir()] == [path]
        path.unlink()


def test_a_folder_without_hard_links_is_written_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By renaming."""
    monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(PermissionError(1, "no links here")))
    write_new(tmp_path / "a.yaml", "mine")
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("a.yaml", "mine")]


def limited(words: list[str], folder: Path, size: int | None) -> subprocess.CompletedProcess[str]:
    """Run a command that may write files up to a size."""

    def limit() -> None:
        if size is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return subprocess.run(
        [sys.executable, "-B", "-m", "mlsysim", *words], capture_output=True, text=True, cwd=folder, env=ENVIRONMENT,
        preexec_fn=limit, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("words", [
    ["init", "a.yaml"], ["zoo", "import", str(GPT2), "--write", "a.yaml"], ["optimize", "plan.yaml", "--write", "a.yaml"],
])  # fmt: skip
def test_a_full_disk_leaves_nothing_behind(words: list[str], tmp_path: Path) -> None:
    """One line and exit code 1; the same command works when there is room."""
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump(SMALL))
    done = limited(words, tmp_path, 40)
    assert done.returncode == 1
    assert done.stderr == "a.yaml: error: cannot be written: File too large\n"
    assert [each.name for each in tmp_path.iterdir()] == ["plan.yaml"]
    done = limited(words, tmp_path, None)
    assert (done.returncode, done.stderr) == (0, "wrote a.yaml\n")
    assert {each.name for each in tmp_path.iterdir()} == {"plan.yaml", "a.yaml"}


def test_a_dash_is_standard_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As it is standard input where a plan is read: what is written can be piped into the next command."""
    monkeypatch.chdir(tmp_path)
    Path("plan.yaml").write_text(yaml.safe_dump(SMALL))
    assert run(["init", "-"]) == 0
    assert capsys.readouterr() == (STARTER, "")
    assert run(["zoo", "import", str(GPT2)]) == 0
    entry = capsys.readouterr().out
    assert run(["zoo", "import", str(GPT2), "--write", "-"]) == 0
    assert capsys.readouterr() == (entry, "")
    assert run(["optimize", "plan.yaml", "--write", "-"]) == 0
    shown = capsys.readouterr()
    assert yaml.safe_load(shown.out)["parallelism"]
    assert shown.err == ""
    assert run(["optimize", "plan.yaml", "--write", "-", "--output", "json"]) == 2
    assert "standard output holds the answer" in json.loads(capsys.readouterr().out)["error"]["message"]
    assert [each.name for each in tmp_path.iterdir()] == ["plan.yaml"]


# What titles can do.

EVIL = {
    "name": "Evil", "title": r"Mine \input{secret.txt} \end{document} } 50% #1 _x^2 & [a]", "vendor": "=1+1",
    "facts": {"compute.peak.bf16": "400 TFLOP/s", "memory.capacity": "64 GB", "memory.bandwidth": "2 TB/s"},
}  # fmt: skip


def test_a_title_orders_nothing_in_latex(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It stands in the chain as it is written; the document ends where it ends."""
    import mlsysim

    found = mlsysim.derive("latency", plan=hostile(), format="latex")
    assert r"\input" not in found.replace(r"\textbackslash{}input", "")
    assert found.count(r"\end{document}") == 1
    assert r"\textbackslash{}input\{secret.txt\}" in found


def hostile() -> dict[str, object]:
    """A plan whose accelerator has a hostile title."""
    from typing import Any

    base: dict[str, Any] = plan(
        workload={"name": "Llama3_8B"}, hardware={"name": "Evil"}, zoo={"hardware": [{"id": "evil", **EVIL}]}
    )
    return base


def test_a_terminal_gets_text_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No markup, no emoji, no escape: of titles in tables and pages, and of names of files."""
    monkeypatch.chdir(tmp_path)
    title = "[red]Mine[/red] :smile: <b> \u200b"
    (tmp_path / "zoo.yaml").write_text(yaml.safe_dump({
        "sources": {"us": {"title": title, "author": "us", "year": 2026}},
        "hardware": [{"id": "evil", **EVIL, "title": title, "from": {"source": "us"}}],
    }))  # fmt: skip
    monkeypatch.setenv("MLSYSIM_ZOO", "zoo.yaml")
    for words in (
        ["zoo", "show", "Evil"],
        ["zoo", "hardware", "--where", "name = Evil"],
        ["eval", "Llama3_8B", "Evil"],
    ):
        assert run(words) == 0
        shown = capsys.readouterr().out
        assert "[red]Mine[/red] :smile: <b> \\u200b" in shown
        assert shown.replace("\n", "").isprintable()
    assert run(["eval", "a\x1b[31m\u202e.yaml"]) == 2
    assert capsys.readouterr().err.replace("\n", "").isprintable()
    assert run(["init", "a\u202eb.yaml"]) == 0
    assert capsys.readouterr().err == "wrote a\\u202eb.yaml\n"


def test_a_spreadsheet_computes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of what a zoo of one's own says; numbers stay numbers."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "zoo.yaml").write_text(yaml.safe_dump({
        "sources": {"us": {"title": "t", "author": "us", "year": 2026}},
        "hardware": [{"id": "evil", **EVIL, "from": {"source": "us"}}],
    }))  # fmt: skip
    monkeypatch.setenv("MLSYSIM_ZOO", "zoo.yaml")
    assert run(["zoo", "hardware", "--columns", "name,vendor", "--where", "name = Evil", "-o", "csv"]) == 0
    assert "'=1+1" in capsys.readouterr().out
    assert run(["sensitivity", str(EXAMPLE), "-o", "csv"]) == 0
    assert re.search(r",-\d", capsys.readouterr().out)
