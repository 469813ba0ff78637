"""Plain data as text that people keep and programs read."""

from __future__ import annotations

import json
from typing import Any

from mlsysim.symbolic.escapes import json_text, yaml_text


def as_json(data: Any) -> str:
    r"""Data as JSON, in the order in which it comes, of which every character can be seen.

    >>> print(as_json({"a": "\u202e"}))
    {
      "a": "\u202e"
    }
    """
    return json_text(json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False))


def as_yaml(data: Any, *, flow: bool = False, width: int = 120) -> str:
    """Data as YAML, in the order in which it comes, which reads the same by YAML 1.1 and 1.2.

    Args:
        data: mappings, lists, strings, numbers, booleans and None.
        flow: whether it stands in brackets.
        width: characters of a line, where text can be broken.

    >>> print(as_yaml({"b": [1], "a": "no", "c": "1e3"}), end="")
    b:
    - 1
    a: 'no'
    c: '1e3'
    """
    import yaml

    class Plain(yaml.SafeDumper):
        """Writes everything out; what stands twice is not an alias."""

        def ignore_aliases(self, data: Any) -> bool:
            return True

    def text(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
        style = '"' if not value.isprintable() else "'" if _is_number(value) else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)

    Plain.add_representer(str, text)
    Plain.add_multi_representer(str, text)  # published values are text too
    return yaml_text(
        yaml.dump(data, Dumper=Plain, sort_keys=False, allow_unicode=True, width=width, default_flow_style=flow)
    )


def _is_number(text: str) -> bool:
    """Whether some reader of YAML takes a word for a number: ``1e3`` is one in YAML 1.2 alone."""
    try:
        float(text)
    except ValueError:
        return False
    return True
