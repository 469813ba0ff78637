"""The result in JSON, from its published schema; metrics have a page of their own."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping
from typing import Any

from docs.generate.markdown import code, page, table, words

#: A command that cannot be run.
_MISTAKE = "mlsysim --output json eval Lama3_8B H100"


def pages() -> dict[str, str]:
    """One page with every key that is no metric."""
    from mlsysim.reports.errors import SCHEMA
    from mlsysim.schemas import schema_of

    error = SCHEMA["properties"]["error"]
    schema = schema_of("result")
    properties = {name: rule for name, rule in schema["properties"].items() if "x-metric" not in rule}
    own = {name: rule for name, rule in properties.items() if not name.startswith("o_")}
    search = {name: rule for name, rule in properties.items() if name.startswith("o_")}
    always = set(schema.get("required", ())) | set(schema.get("else", {}).get("required", ()))
    shown = [
        words(schema["description"]) + " `mlsysim schema --type result` prints this schema. A number is never NaN or infinite: "
        "a metric that has no value is `null`. Keys of metrics are listed [by metric](metrics.md).",
        "## Every evaluation", _table(own, always),
        *(_items(name, rule) for name, rule in own.items() if "properties" in rule.get("items", {})),
        "## Searches", "What `optimize` adds.", _table(search, set()),
        "## Errors", "Bad input is one object as well. Its key `error` holds:",
        _table(error["properties"], set(error["required"])), _items("problems", error["properties"]["problems"]),
        f"`{_MISTAKE}` prints:", f"```json\n{_error()}```",
    ]  # fmt: skip
    return {"result": page("The result", *shown)}


def _error() -> str:
    """What the program says of such a command."""
    from mlsysim.cli.main import run

    with contextlib.redirect_stdout(io.StringIO()) as printed:
        run(_MISTAKE.split()[1:])
    return printed.getvalue()


def _table(properties: Mapping[str, Any], always: set[str]) -> str:
    rows = [
        [code(name), _kind(rule), "always" if name in always else "", words(rule.get("description", ""))]
        for name, rule in properties.items()
    ]
    return table(["key", "holds", "present", "meaning"], rows)


def _items(name: str, rule: Mapping[str, Any]) -> str:
    """What stands in each item of a list."""
    rows = [
        [code(key), _kind(inner), words(inner.get("description", ""))]
        for key, inner in rule["items"]["properties"].items()
    ]
    return f"Each of {code(name)} holds:\n\n" + table(["key", "holds", "meaning"], rows)


def _kind(rule: Mapping[str, Any]) -> str:
    if "enum" in rule:
        return " \\| ".join(map(code, rule["enum"]))
    kinds = rule.get("type", "anything")
    return words(" or ".join([kinds] if isinstance(kinds, str) else kinds))
