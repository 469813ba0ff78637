"""The command line, from its own description: every command, argument, option and default."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from docs.generate.markdown import code, page, table, words


def pages() -> dict[str, str]:
    """One page with every command."""
    import typer.main

    from mlsysim.cli.app import app

    root = typer.main.get_command(app)
    found = list(_walk(root, "mlsysim"))
    shown = [
        "Every command says the same of itself with `--help`. Options that stand before a command hold for all of them.",
        table(["command", "what it does"], ((f"[`{name}`](#{_anchor(name)})", words(_first(each))) for name, each in found)),
        *(_command(name, command) for name, command in found),
    ]  # fmt: skip
    return {"commands": page("Commands", *shown)}


def _walk(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """A command and all below it, by their full names."""
    if not command.hidden:
        yield name, command
        for word, inner in getattr(command, "commands", {}).items():
            yield from _walk(inner, f"{name} {word}")


def _command(name: str, command: Any) -> str:
    """The section of one command."""
    parts = [f"({_anchor(name)})=\n## {name}", words(_help(command)), f"```text\n{usage(name, command)}\n```"]
    for title, kind in (("argument", "argument"), ("option", "option")):
        rows = [_row(each) for each in command.params if each.param_type_name == kind and not each.hidden]
        if rows:
            parts.append(table([title, "takes", "default", "meaning"], rows))
    return "\n\n".join(part for part in parts if part)


def _anchor(name: str) -> str:
    return name.replace(" ", "-")


def usage(name: str, command: Any) -> str:
    """How a command line with it is written."""
    arguments = [_metavar(each) for each in command.params if each.param_type_name == "argument"]
    optional = ["[OPTIONS]"] if any(each.param_type_name == "option" for each in command.params) else []
    inner = ["COMMAND"] if getattr(command, "commands", None) else []
    return " ".join([name, *optional, *arguments, *inner])


def _metavar(argument: Any) -> str:
    shown = argument.metavar or argument.name.upper()
    return shown if argument.required else f"[{shown}]"


def _row(parameter: Any) -> list[str]:
    """One argument or option: its names, what it takes, its default, what it means."""
    option = parameter.param_type_name == "option"
    names = [*parameter.opts, *parameter.secondary_opts] if option else [_metavar(parameter)]
    told = words(parameter.help or "")
    if getattr(parameter, "envvar", None):
        told += f" Also from the environment: {code(parameter.envvar)}."
    return [", ".join(map(code, names)), _takes(parameter), _default(parameter), told]


def _takes(parameter: Any) -> str:
    """The kind of value."""
    kind = parameter.type
    if getattr(parameter, "is_flag", False):
        return ""
    choices = getattr(kind, "choices", None)
    if choices:
        return " \\| ".join(code(getattr(choice, "value", choice)) for choice in choices)
    low, high = getattr(kind, "min", None), getattr(kind, "max", None)
    bounds = f" {low} to {high}" if low is not None and high is not None else ""
    spoken = {"int": "whole number", "int range": "whole number", "float": "number", "float range": "number",
              "str": "text", "text": "text", "integer": "whole number", "path": "path"}  # fmt: skip
    return spoken.get(kind.name, kind.name) + bounds + (", repeatable" if getattr(parameter, "multiple", False) else "")


def _default(parameter: Any) -> str:
    """What holds where it is not given."""
    if parameter.required:
        return "required"
    default = parameter.default
    unset = default is None or default is False or default == []  # zero is a default like any other
    if unset or getattr(parameter, "is_eager", False):
        return ""
    return code(getattr(default, "value", default))


def _help(command: Any) -> str:
    """Its help as paragraphs; how lines were broken in the source says nothing."""
    told = (command.help or "").replace("\\[", "[")  # escaped for the colours of a terminal
    paragraphs = told.strip().split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _first(command: Any) -> str:
    return _help(command).partition("\n\n")[0]
