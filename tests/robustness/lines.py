"""Command lines to fuzz with: every command and option that there is, with words that may or may not suit them."""

from __future__ import annotations

from functools import cache
from typing import Any

from hypothesis import strategies as st

#: What a test puts a file, a folder or nothing in place of.
PLACES = ("PLAN", "BROKEN", "MISSING", "FOLDER", "-", "Doorbell", "Llama3_8B", "H100")
#: Commands and options that write files, or that wait for somebody.
LEFT_OUT = ("init", "mcp", "--write", "--install-completion", "--show-completion", "--time-limit", "--workers",
            "--watch")  # fmt: skip
VALUES = (
    "json", "text", "xml", "1", "0", "-1", "2", "1e9", "nan", "inf", "bf16", "training", "latency", "performance.latency", "tco",
    "latency <= 60 s", "itl<=30 ms", "latency = 3", "ttft <= 1e999 s", "memory.capacity >= 80 GB", "vendor ~ nvidia", "compute", "14",
    "plan", "result", "latex", "Quebec", "Norway,Virginia", "cheapest", "latency,tco", "H100=8", "H100,A100", "14 days", "2 MUSD",
    "300 tCO2e", "latency + 0.5*memory_required", "\x1b[31m", "\udcff", "", "x" * 500, "9" * 5000,
)  # fmt: skip
#: What can be typed: no system passes a null character on.
TYPED = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)


@cache
def commands() -> dict[tuple[str, ...], list[Any]]:
    """Every command by its words, with its parameters."""
    import typer

    from mlsysim.cli.app import app

    found: dict[tuple[str, ...], list[Any]] = {}

    def walk(command: Any, words: tuple[str, ...]) -> None:
        found[words] = command.params
        for name, inner in getattr(command, "commands", {}).items():
            if name not in LEFT_OUT:
                walk(inner, (*words, name))

    walk(typer.main.get_command(app), ())
    return found


def _options(parameters: list[Any]) -> list[tuple[str, bool]]:
    """The options of a command, and whether each takes a value."""
    return [
        (option, not parameter.is_flag)
        for parameter in parameters
        for option in (*parameter.opts, *parameter.secondary_opts)
        if parameter.param_type_name == "option" and option not in LEFT_OUT
    ]


@st.composite
def command_lines(draw: st.DrawFn) -> list[str]:
    """A command with about as many places and such options as it takes; a search ends after a tenth of a second."""
    words = draw(st.sampled_from(sorted(commands())))
    parameters = commands()[words]
    own = [*_options(parameters), ("--help", False)]
    every = sorted({option for each in commands().values() for option in _options(each)})
    wanted = sum(parameter.param_type_name == "argument" and parameter.required for parameter in parameters)
    usual = st.just("PLAN") | st.just("PLAN") | st.sampled_from(PLACES + VALUES)
    said = [draw(usual) for _ in range(wanted + draw(st.sampled_from((0, 0, 0, 0, 1, -1))))]
    for _ in range(draw(st.integers(0, 3))):
        option, takes = draw(st.sampled_from(own if draw(st.integers(0, 5)) else every))
        value = draw(st.sampled_from(VALUES + PLACES) | st.integers(0, 9).map(str) | TYPED)
        said += [option, value] if takes else [option]
    searches = any(parameter.name == "time_limit" for parameter in parameters)
    return [*words, *said, *(["--time-limit", "0.1", "--workers", "1"] if searches else [])]
