"""Plain data as text that people keep and programs read."""

from __future__ import annotations

from typing import Any


def as_yaml(data: Any) -> str:
    """Data as YAML, in the order in which it comes.

    >>> print(as_yaml({"b": [1], "a": "no"}), end="")
    b:
    - 1
    a: 'no'
    """
    import yaml

    class Plain(yaml.SafeDumper):
        """Writes everything out; what stands twice is not an alias."""

        def ignore_aliases(self, data: Any) -> bool:
            return True

    Plain.add_multi_representer(str, Plain.represent_str)  # published values are text too
    return yaml.dump(data, Dumper=Plain, sort_keys=False, allow_unicode=True, width=120)
