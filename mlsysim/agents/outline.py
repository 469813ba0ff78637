"""Published schemas in parts: which parts a long one has, and one of them."""

from __future__ import annotations

import re

from mlsysim.agents.tool import Schema
from mlsysim.schemas import schema_of
from mlsysim.symbolic.errors import UnknownNameError

#: The part that is the whole schema.
ALL = "all"
#: The parts of a result, and how the keys of each begin; what begins otherwise is general.
LENSES = {"feasibility": "f_", "performance": "p_", "macro": "m_", "split": ("split_", "serving_"), "search": "o_"}
GENERAL = "general"
#: What a pattern of names has besides the names.
_PATTERN = str.maketrans("", "", "^[]$")


def parts(kind: str) -> dict[str, list[str]]:
    """The parts of a published schema, with the names in each; none where the schema is short.

    >>> parts("plan")["serving"]
    ['requests_per_second', 'percentile', 'slots', 'chunk']
    """
    if kind == "result":
        found: dict[str, list[str]] = {GENERAL: [], **{lens: [] for lens in LENSES}}
        for key in schema_of(kind)["properties"]:
            found[next((lens for lens, begins in LENSES.items() if key.startswith(begins)), GENERAL)].append(key)
        return found
    if kind not in ("plan", "registry"):
        return {}
    whole = schema_of(kind)
    return {name: _names(_resolved(whole, rule)) for name, rule in whole["properties"].items()}


def part(kind: str, name: str) -> Schema:
    """One part of a published schema as a schema of its own.

    Raises:
        UnknownNameError: the schema has no such part.
    """
    whole, known = schema_of(kind), parts(kind)
    if name == ALL:
        return whole
    if name not in known:
        words = [*known, ALL]
        raise UnknownNameError("part", name, words, where="arguments.part", see=f"the parts are {', '.join(words)}")
    if kind == "result":
        return {"type": "object", "properties": {key: whole["properties"][key] for key in known[name]}}
    rule = {key: value for key, value in whole["properties"][name].items() if key != "default"}
    defined = _defined(whole, rule)
    return {**_resolved(whole, rule), **({"$defs": defined} if defined else {})}


def _names(rule: Schema) -> list[str]:
    """What a section holds; of a list of entries, their facts."""
    facts = rule.get("items", {}).get("properties", {}).get("facts", {})
    patterns = [name.replace("[a-z0-9]+", "*").translate(_PATTERN) for name in facts.get("patternProperties", ())]
    return [*rule.get("properties", ()), *facts.get("properties", ()), *patterns]


def _resolved(whole: Schema, rule: Schema) -> Schema:
    if "$ref" in rule:
        resolved: Schema = whole["$defs"][rule["$ref"].rpartition("/")[2]]
        return resolved
    return rule


def _defined(whole: Schema, rule: Schema) -> Schema:
    """The definitions that a rule and its definitions refer to, the rule's own apart."""
    found: Schema = {}
    waiting = [_resolved(whole, rule)]
    while waiting:
        for name in re.findall(r"#/\$defs/(\w+)", repr(waiting.pop())):
            if name not in found:
                found[name] = whole["$defs"][name]
                waiting.append(found[name])
    return found
