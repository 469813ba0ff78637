"""Importing the configuration of a model as Hugging Face publishes it: ``config.json`` becomes an entry of the registry."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from mlsysim.importing.architectures import Architecture
from mlsysim.importing.notes import note
from mlsysim.importing.parts import opened
from mlsysim.importing.profiled import Profiled, totals
from mlsysim.importing.reading import Config, Facts, read_json
from mlsysim.importing.recognition import SUPPORTED, Recognised, demand, recognised
from mlsysim.importing.rules import quotient, read
from mlsysim.importing.tables import other_head
from mlsysim.reports import data
from mlsysim.symbolic.errors import InputError

#: The registry's source for what the library fixes or defaults to.
LIBRARY = "transformers5"
#: Where a configuration says what its model is called, the best first.
_NAMES = ("_name_or_path", "model_type")


def imported(path: Path, name: str | None = None, part: str | None = None) -> tuple[dict[str, Any], str]:
    """Import a file: the entry, and the same as a file of entries.

    Args:
        path: a ``config.json``.
        name: what to call the model; else what the configuration, the file or its folder is called.
        part: the key of the part to import, as for :func:`import_config`.

    Raises:
        InputError: the file cannot be read, or its configuration cannot be imported.
    """
    config = read_json(path)
    called = path.stem if path.stem != "config" else path.resolve().parent.name
    own = isinstance(config, Mapping) and config.get("_name_or_path")
    entry = import_config(config, name or (None if own else called), where=str(path), part=part)
    return entry, as_yaml(entry)


def import_config(
    config: Mapping[str, Any], name: str | None = None, *, where: str | None = None, part: str | None = None
) -> dict[str, Any]:
    """An entry of the registry's form from a model's configuration.

    Args:
        config: the content of a ``config.json``.
        name: what to call the model; else what the configuration calls itself, else its model type.
        where: what to call the configuration in messages.
        part: the key of the part that is the model, such as ``text_config`` where a model reads images as well; what a
            part leaves out is the default of the library's class.

    Raises:
        InputError: it is no configuration, its architecture is not known, or a key is missing, wrong or absurd.

    >>> gpt2 = {"architectures": ["GPT2LMHeadModel"], "n_layer": 12, "n_embd": 768, "n_head": 12, "n_positions": 1024,
    ...         "vocab_size": 50257}
    >>> entry = import_config(gpt2, "openai-community/gpt2")
    >>> entry["name"], entry["facts"]["ffn_width"]["value"]
    ('gpt2', 3072)
    """
    whole = Config(config, where)
    source = opened(whole, part)
    found = recognised(source)
    how = SUPPORTED[found.name]
    demand(source, found.name)
    about = _names(whole if any(whole.get(key) for key in _NAMES) else source, name)
    facts = totals(how, source) if isinstance(how, Profiled) else _facts(how, source, found)
    remarks = note(source, how, found, part)
    return {
        **about,
        "vendor": "",
        "family": how.family,
        "kind": "profiled" if isinstance(how, Profiled) else "transformer",
        **({"note": remarks} if remarks else {}),
        "from": {
            "source": f"{about['id']}-config",
            "kind": "report",
            "verified": True,
            "how": f"read from {f'{part} of ' if part else ''}the config.json; "
            f"what it does not say is as the library has {found.name}",
        },
        "facts": facts,
    }


def as_yaml(entry: Mapping[str, Any]) -> str:
    """A file of entries that holds one model, to be named by ``MLSYSIM_ZOO`` or saved as ``zoo.yaml`` beside a plan."""
    source = {
        "title": f"Configuration of {entry['title']} (config.json)", "author": "not stated", "year": date.today().year
    }  # fmt: skip
    content = {"sources": {entry["from"]["source"]: source}, "models": [dict(entry)]}
    return data.as_yaml(content, width=1000)


def _names(config: Config, name: str | None) -> dict[str, str]:
    """Identifier, name and title: the last part of a name such as ``openai-community/gpt2``."""
    own = [config.word(key) for key in _NAMES if config.get(key)]
    said = name or (own or config.get("architectures"))[0]
    title = "".join(c for c in said if c.isprintable()).strip("/ ").rpartition("/")[2][:80].strip()
    words = re.findall(r"[A-Za-z0-9]+", title)
    if not words:
        raise config.error(f"the name {ascii(said)[:60]} has no letter or digit", "give the model another name")
    plain = "_".join(words)
    id_ = "-".join(re.findall(r"[a-z0-9]+(?:\.[a-z0-9]+)*", title.lower()))
    return {"id": id_, "name": plain if plain[0].isalpha() else f"Model_{plain}", "title": title}


def _facts(how: Architecture, config: Config, found: Recognised) -> dict[str, Any]:
    """The facts of a transformer; what is the library's default says so."""
    facts, defaults = read(how.facts, config)
    _check(facts, config)
    stated: dict[str, Any] = {}
    for fact, value in facts.items():
        written = f"{value} token/sample" if fact == "context_length" else value
        stated[fact] = written if fact not in defaults else {"value": written, **_default(defaults[fact])}
    extras = how.further
    if found.head:
        stated["tied"] = {"value": 1, "kind": "derived", "how": f"{found.name} with no output head for words"}
        extras = other_head(found.head, extras)
    further = {words: many for words, count in extras.items() if (many := count(config, facts))}
    if further:
        stated["further"] = {"value": f"{sum(further.values())} param", "kind": "derived", "how": "; ".join(further)}
    return stated


def _default(how: str) -> dict[str, Any]:
    """Where a value comes from that the configuration does not state."""
    if how:
        return {"verified": False, "how": how}
    return {"source": LIBRARY, "verified": True, "how": "not in the configuration; the default of the library"}


def _check(facts: Facts, config: Config) -> None:
    """Refuse numbers that fit no model together."""
    quotient("heads", "kv_heads")(config, facts)
    for part, whole in (("dense_layers", "layers"), ("active_experts", "experts")):
        if facts[part] > facts[whole]:
            raise config.error(
                f"{config.called(part)} = {facts[part]} is more than {config.called(whole)} = {facts[whole]}",
                "check both",
            )


__all__ = ["SUPPORTED", "InputError", "as_yaml", "import_config", "imported"]
