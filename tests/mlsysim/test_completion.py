"""Words under Tab in a shell: the command is run as the scripts run it that typer installs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from mlsysim.cli.app import app
from mlsysim.constraints.asserts import metrics
from mlsysim.registry import CATEGORIES, entries, find
from mlsysim.symbolic.kernels import catalogue
from mlsysim.symbolic.printing.page import WALL_FORMATS
from tests.conftest import ROOT

PROGRAM = [sys.executable, "-c", "import sys; from mlsysim.__main__ import main; main(sys.argv[1:])"]


def run(folder: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command, as a shell calls it."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(PROGRAM, capture_output=True, text=True, cwd=folder, env=env, check=False)


def offered(line: str, folder: Path = ROOT, **environment: str) -> list[str]:
    """What bash is offered for the last word of a line."""
    before = line.split(" ")
    done = run(
        folder, _MLSYSIM_COMPLETE="complete_bash", COMP_WORDS=line, COMP_CWORD=str(len(before) - 1), **environment
    )
    assert done.stderr == ""
    return done.stdout.split()


def names(category: str, begin: str = "") -> list[str]:
    """The entries of a category that begin so."""
    return [name for name in entries(category) if name.startswith(begin)]


LINES: list[tuple[str, list[str]]] = [
    ("mlsysim eval Llama3_", names("models", "Llama3_")), ("mlsysim eval Door", ["Doorbell"]),
    ("mlsysim eval Llama3_8B H100", names("hardware", "H100")), ("mlsysim eval Llama3_8B TPUv5", ["TPUv5p"]),
    ("mlsysim eval Llama3_8B h100_n", ["h100_nVL"]), ("mlsysim eval Llama3_8B H100 --region Q", names("grids", "Q")),
    ("mlsysim eval Llama3_8B H100 --phase ", ["training", "inference", "serving"]),
    ("mlsysim eval Llama3_8B H100 --precision bf", ["bf16"]), ("mlsysim eval Doorbell --output j", ["json", "junit"]),
    ("mlsysim eval Doorbell --fail-on ", ["error", "warn", "never"]), ("mlsysim check Lap", ["LaptopChat"]),
    ("mlsysim diff Doorbell Key", ["KeywordSpotter"]), ("mlsysim derive comp", ["compute", "complexity"]),
    ("mlsysim derive compute --format ", list(WALL_FORMATS)), ("mlsysim derive performance.la", ["performance.latency"]),
    ("mlsysim sensitivity Doorbell --metric macro.carb", [m for m in sorted(metrics()) if m.startswith("macro.carb")]),
    ("mlsysim synthesize Doorbell --target itl", ["itl"]), ("mlsysim optimize par", ["parallelism"]),
    ("mlsysim optimize Frontier", ["FrontierTraining"]), ("mlsysim optimize FrontierTraining --par", ["--pareto"]),
    ("mlsysim optimize nodes FrontierTraining --objective ch", ["cheapest"]),
    ("mlsysim optimize nodes FrontierTraining --hardware H100,H20", ["H100,H200", "H100,H20"]),
    ("mlsysim optimize placement FrontierTraining --regions Quebec,Norw", ["Quebec,Norway"]),
    ("mlsysim optimize parallelism FrontierTraining --pareto latency,memory_req", ["latency,memory_required"]),
    ("mlsysim zoo hardware --sort memory.b", ["memory.bus_width", "memory.bandwidth"]),
    ("mlsysim zoo systems --columns ports,access", []), ("mlsysim zoo models --where laye", ["layers"]),
    ("mlsysim zoo show Quebe", ["Quebec"]), ("mlsysim zoo cite H100_N", ["H100_NVL"]), ("mlsysim zoo hardw", ["hardware"]),
    ("mlsysim schema --type reg", ["registry"]), ("mlsysim --out", ["--output"]), ("mlsysim sens", ["sensitivity"]),
    ("mlsysim eval no-such-thing", []), ("mlsysim optimize nowhere.yaml --ob", []), ("mlsysim nothing --x", []),
]  # fmt: skip


@pytest.mark.parametrize(("line", "words"), LINES, ids=lambda value: value if isinstance(value, str) else "")
def test_a_line_is_completed(line: str, words: list[str]) -> None:
    """By names of the registry, metrics, walls, choices, options and commands; nothing is said of what is wrong in it."""
    assert sorted(offered(line)) == sorted(words)


def test_walls_are_offered_by_name_and_by_number() -> None:
    """All of them where nothing was typed."""
    known = [wall["name"] for wall in catalogue().WALLS]
    assert set(known) <= set(offered("mlsysim derive "))
    assert offered("mlsysim derive 2") == ["2", "20", "21", "22"]


def test_what_is_offered_is_accepted() -> None:
    """Every accelerator and model by every beginning in small letters; the command finds what it is offered."""
    for line, category in (("mlsysim eval l", "models"), ("mlsysim eval Llama3_8B t", "hardware")):
        words = [word for word in offered(line) if word != "laptopChat"]
        assert len(words) > 5
        for word in words:
            assert find(category, word)


def test_plans_are_offered_beside_scenarios(tmp_path: Path) -> None:
    """Files of YAML in the folder that was begun; hidden ones only where they are meant."""
    for name in ("mine.yaml", "other.yml", "notes.txt", ".hidden.yaml"):
        (tmp_path / name).write_text("")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "inner.yaml").write_text("")
    assert {"mine.yaml", "other.yml", "Doorbell"} <= set(offered("mlsysim check ", tmp_path))
    assert not {"notes.txt", ".hidden.yaml"} & set(offered("mlsysim check ", tmp_path))
    assert offered("mlsysim check mine", tmp_path) == ["mine.yaml"]
    assert offered("mlsysim optimize oth", tmp_path) == ["other.yml"]
    assert offered("mlsysim eval folder/", tmp_path) == ["folder/inner.yaml"]
    assert offered("mlsysim eval ./mine", tmp_path) == ["./mine.yaml"]


def test_entries_of_ones_own_are_offered(tmp_path: Path) -> None:
    """Where the environment or the line names them; malformed ones leave the registry's."""
    facts = {"memory.capacity": "64 GB"}
    chip = {"id": "my-chip", "name": "MyChip", "title": "Mine", "from": {"source": "own"}, "facts": facts}
    zoo = tmp_path / "mine.yaml"
    zoo.write_text(
        yaml.safe_dump({"sources": {"own": {"title": "x", "author": "x", "year": 2026}}, "hardware": [chip]})
    )
    assert offered("mlsysim eval Llama3_8B MyC", MLSYSIM_ZOO=str(zoo)) == ["MyChip"]
    assert offered(f"mlsysim --zoo {zoo} eval Llama3_8B MyC") == ["MyChip"]
    zoo.write_text("hardware: [3]")
    assert offered("mlsysim eval Llama3_8B H100_N", MLSYSIM_ZOO=str(zoo)) == ["H100_NVL"]


def test_nothing_that_is_offered_can_run(tmp_path: Path) -> None:
    """Names of files and titles are evaluated by zsh: what could mean something there is left out."""
    title = "\\$(touch owned) `touch owned` [/bold] \"'"
    chip = {
        "id": "my-chip",
        "name": "MyChip",
        "title": title,
        "from": {"source": "own"},
        "facts": {"memory.capacity": "64 GB"},
    }
    zoo = tmp_path / "mine.yaml"
    zoo.write_text(
        yaml.safe_dump({"sources": {"own": {"title": "x", "author": "x", "year": 2026}}, "hardware": [chip]})
    )
    (tmp_path / "\\$(touch owned).yaml").write_text("")
    environment = {"_MLSYSIM_COMPLETE": "complete_zsh", "MLSYSIM_ZOO": str(zoo)}
    told = run(tmp_path, **environment, _TYPER_COMPLETE_ARGS="mlsysim eval Llama3_8B MyCh").stdout
    assert "MyChip" in told
    plans = run(tmp_path, **environment, _TYPER_COMPLETE_ARGS="mlsysim check ").stdout
    assert "mine.yaml" in plans
    assert not set("\\$`\x1b") & set(told + plans)


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_are_told_what_a_word_is(shell: str) -> None:
    """The maker's title of an entry stands beside its name."""
    environment = {"_MLSYSIM_COMPLETE": f"complete_{shell}", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    told = run(**environment, _TYPER_COMPLETE_ARGS="mlsysim eval Llama3_8B H100_NV").stdout
    assert "H100_NVL" in told
    assert find("hardware", "H100_NVL").title in told


def test_fish_is_told_whether_to_complete_files() -> None:
    """By the exit code: 1 where no word is offered."""
    for line, code in (("mlsysim eval Llama3", 0), ("mlsysim eval exam", 1)):
        environment = {"_MLSYSIM_COMPLETE": "complete_fish", "_TYPER_COMPLETE_FISH_ACTION": "is-args"}
        assert run(**environment, _TYPER_COMPLETE_ARGS=line).returncode == code


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_completes_with_the_script_that_is_installed(tmp_path: Path) -> None:
    """The function that ``--show-completion`` prints fills COMPREPLY."""
    program = tmp_path / "mlsysim"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m mlsysim "$@"\n')
    program.chmod(0o755)
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": f"{tmp_path}:{os.environ['PATH']}",
           "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}  # fmt: skip
    script = (
        'eval "$(mlsysim --show-completion bash)"\n'
        "COMP_WORDS=(mlsysim eval Llama3_8B H100_N); COMP_CWORD=3\n"
        '_mlsysim_completion mlsysim\necho "${COMPREPLY[@]}"'
    )
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, cwd=ROOT, env=env, check=False)
    assert (done.stdout.split(), done.stderr) == (["H100_NVL"], "")


#: Options and arguments that take what nobody can list: numbers with units, conditions, files of any kind.
FREE = {
    "tokens",
    "deadline",
    "budget",
    "carbon_cap",
    "carbon_tax",
    "nodes",
    "write",
    "config",
    "zoo",
    "file",
    "name",
    "part",
    "values",
}
#: Numbers that may have a unit.
AMOUNTS = {"accelerators", "batch_size", "duration_days", "efficiency", "gap", "output_tokens", "percentile", "qps", "seed",
           "sequence_length", "time_limit", "top", "workers"}  # fmt: skip


def commands(command: Any, path: tuple[str, ...] = ()) -> list[tuple[str, Any]]:
    """Every parameter of every command, with the command's name."""
    found = [(" ".join(path), parameter) for parameter in command.params]
    for name, inner in getattr(command, "commands", {}).items():
        found += commands(inner, (*path, name))
    return found


def test_every_word_that_the_program_knows_is_offered() -> None:
    """A parameter is a flag, a number, a choice, free text, or has words of its own."""
    unknown = [
        (command, parameter.name) for command, parameter in commands(typer.main.get_command(app))
        if not (getattr(parameter, "is_flag", False) or hasattr(parameter.type, "choices") or parameter._custom_shell_complete
                or parameter.type.name.startswith(("int", "float", "bool")) or parameter.name in FREE | AMOUNTS)
    ]  # fmt: skip
    assert [each for each in unknown if "completion" not in each[1]] == []


HEAVY = ("sympy", "pydantic", "ortools", "numpy", "pint")


@pytest.mark.parametrize("line", ["mlsysim eval ", "mlsysim eval Llama3_8B ", "mlsysim derive ", "mlsysim zoo show ",
                                  "mlsysim optimize nodes Doorbell --objective ", "mlsysim zoo hardware --sort "])  # fmt: skip
def test_completion_is_quick(line: str) -> None:
    """Nothing that takes time to load is loaded."""
    assert len(offered(line)) > 10
    code = (
        "import sys\nfrom mlsysim.cli.main import run\nrun([])\n"
        f"print([m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr)"
    )
    env = {**os.environ, "_MLSYSIM_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env=env, check=True)
    assert done.stderr.strip() == "[]"


def test_every_category_can_be_shown() -> None:
    """Entries of all are offered to ``zoo show``."""
    words = set(offered("mlsysim zoo show "))
    assert all(set(entries(category)) <= words for category in CATEGORIES)
