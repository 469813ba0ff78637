"""What agents can use: every tool, resource and prompt, from their own descriptions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from docs.generate.markdown import code, page, table, words


def pages() -> dict[str, str]:
    """One page with all of them."""
    from mlsysim.agents.guide import PROMPTS
    from mlsysim.agents.resources import TEMPLATES
    from mlsysim.agents.tools import TOOLS

    told = (
        "What `mlsysim mcp` offers to an agent. Its tools, which `mlsysim.agents.tools.call` calls as well, only read."
    )
    prompts = (_section(each.name, each.description, each.arguments, each.required) for each in PROMPTS.values())
    return {"agents": page(
        "Tools for agents", told,
        "## Tools", *(_tool(tool) for tool in TOOLS.values()),
        "## Resources", table(["address", "holds"], ([code(each.address), words(each.description)] for each in TEMPLATES)),
        "## Prompts", *prompts,
    )}  # fmt: skip


def _tool(tool: Any) -> str:
    schema = tool.input_schema
    return _section(tool.name, tool.description, schema.get("properties", {}), schema.get("required", ()))


def _section(name: str, told: str, arguments: Mapping[str, Any], required: Sequence[str]) -> str:
    """A tool or a prompt: what it is for, and its arguments."""
    rows = [_row(argument, rule, argument in required) for argument, rule in arguments.items()]
    shown = table(["argument", "takes", "", "meaning"], rows) if rows else "It takes no arguments."
    return f"### {name}\n\n{words(told)}\n\n{shown}"


def _row(name: str, rule: Mapping[str, Any], required: bool) -> list[str]:
    kinds = rule.get("enum") or rule.get("type", "")
    takes = ", ".join(map(code, kinds)) if isinstance(kinds, list) else str(kinds)
    default = f"default {code(rule['default'])}" if rule.get("default") is not None else ""
    return [code(name), takes, "required" if required else default, words(rule.get("description", ""))]
