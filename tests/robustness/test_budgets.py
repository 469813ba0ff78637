"""Hostile input costs little: the operating system ends whatever takes more time or memory than a plan may."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlsysim.registry.document import MAX_BYTES
from tests.robustness.corpus import BAD_INPUT, BASES, bomb

#: Seconds of processor time, on a machine half as fast as usual, and bytes of memory.
SECONDS, MEMORY = 4, 500_000_000
PLAN = BASES["tiny"]
#: What is left of the budget of bytes beside the plan.
ROOM = MAX_BYTES - 1_000
#: How an entry of one's own begins.
OWN = "zoo: {hardware: [{id: c, name: C, title: C, facts: {"


def filled(unit: str, room: int = ROOM) -> str:
    """As many of a text as fit."""
    return unit * (room // len(unit))


def numbered(unit: str) -> str:
    """As many of a text with a number in it as fit."""

    def lines() -> Iterator[str]:
        size = count = 0
        while size < ROOM - 100:
            line = unit.format(count)
            size, count = size + len(line), count + 1
            yield line

    return "".join(lines())


#: Texts that are refused, by what they would exhaust; those of one kind are read by one process.
HOSTILE = {
    "repetition": [filled(each) for each in (
        "[", "]", "{", "}", "{a: ", "- ", "? ", ": ", '"', "'", "!", "&", "*", "%", "|\n", "\r", "#\n", "---\n", " ", "\t", "\0", ",", "a",
    )],
    "depth": ["".join(" " * depth + "a:\n" for depth in range(1_400)), "[" * 50 + "]" * 50, "{a: " * 50 + "}" * 50],
    "aliases": [
        bomb(9), bomb(14), "a: &a [*a]\n", f"a: &a {'x' * (ROOM // 2)}\nb: [{'*a, ' * 20_000}]\n",
        f"a: &a {'1' * (ROOM // 2)}.x\nb: [{'*a, ' * 20_000}]\n", f'a: &a "{"x" * (ROOM // 2)}"\nb: [{"*a, " * 20_000}]\n',
    ],
    "length": [
        f'"{filled("a")}"', f'"{filled(chr(92) + "x41")}"', filled("\U0001f999", ROOM // 4), PLAN.replace("Llama3_8B", filled("L")),
        PLAN + f"? {filled('a')}\n: 1\n", PLAN + f"name: {filled('n')}\n", PLAN.replace("Llama3_8B", f"Llama3_8B, batch_size: {filled('9')}"),
        PLAN.replace("Llama3_8B", "Llama3_8B, batch_size: " + "9" * 5_000), PLAN.replace("Llama3_8B", f"Llama3_8B, efficiency: 1e{filled('9')}"),
        PLAN.replace("Llama3_8B", f"Llama3_8B, efficiency: 2.{filled('9')}"),
    ],
    "amounts": [PLAN + f"ops: {{duration_days: 1, carbon_tax: '3 {unit}'}}\n" for unit in (
        filled("a"), filled("a*") + "!", "s" + "^4*s" * 200_000, filled(" ") + "x", filled("1/"), filled("9") + "s", "s^" + "9" * 5_000,
    )],
    "values": [numbered("k{0}: &a{0} 1\n"), numbered("k{}: 1\n"), PLAN + numbered("k{}: 1\n"), f"a: [{filled('1,')}]"],
    "keys": [PLAN + "".join(f"k{n}: 1\n" for n in range(48_000))],
    "asserts": [PLAN + f"constraints: {{assert: [{'{metric: latency, max: 1}, ' * 16_000}]}}\n"],
    "empty asserts": [PLAN + f"constraints: {{assert: [{'{}, ' * 40_000}]}}\n"],
    "keys of asserts": [PLAN + f"constraints: {{assert: [{'{a: 1, b: 1, c: 1}, ' * 12_000}]}}\n"],
    "sites": [PLAN + f"placement: {{sites: [{'{region: Norway}, ' * 30_000}]}}\n"],
    "pools": [PLAN.replace("name: H100", f"pools: [{'{name: H100}, ' * 30_000}]")],
    "numbers for entries": [PLAN + f"zoo: {{hardware: [{'1, ' * 90_000}]}}\n"],
    "entries": [PLAN + "zoo: {hardware: [" + ", ".join(f"{{id: c{n}, name: C{n}, title: C}}" for n in range(12_000)) + ", 3]}\n"],
    "facts": [PLAN + OWN + ", ".join(f"memory.capacity{n}: 1 a{n}" for n in range(30_000)) + "}}]}\n"],
}  # fmt: skip


def limited() -> None:
    """Give this process so much time."""
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_input_takes_little(name: str, tmp_path: Path) -> None:
    """Seconds, some memory and few words."""
    for number, text in enumerate(HOSTILE[name]):
        (tmp_path / f"{number}.yaml").write_text(text, encoding="utf-8")
    read = "import sys; from mlsysim.cli.main import run; sys.exit(max(run(['check', file]) for file in sys.argv[1:]))"
    command = [sys.executable, "-c", read, *map(str, sorted(tmp_path.glob("*.yaml")))]
    with (tmp_path / "said").open("wb") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said, preexec_fn=limited)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    words = (tmp_path / "said").read_text(encoding="utf-8", errors="replace")
    assert process.returncode == BAD_INPUT, f"{process.returncode}: {words[-2_000:]}"
    assert used.ru_maxrss * (1 if sys.platform == "darwin" else 1024) < MEMORY
    assert words.count(": error: ") >= len(HOSTILE[name])
    assert "Traceback" not in words
    assert len(words) < 50_000
