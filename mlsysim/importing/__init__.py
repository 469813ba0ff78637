"""Importing the configuration of a model as Hugging Face publishes it: ``config.json`` becomes an entry of the registry."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from mlsysim.importing.architectures import TRANSFORMERS, Architecture
from mlsysim.importing.profiled import PROFILED, Profiled, totals
from mlsysim.importing.reading import Config, Facts, in_words, read_json
from mlsysim.importing.rules import quotient, read
from mlsysim.reports import data
from mlsysim.symbolic.errors import InputError, nearest

#: Every architecture that can be imported.
SUPPORTED: dict[str, Architecture] = {**TRANSFORMERS, **PROFILED}
#: The registry's source for what the library fixes or defaults to.
LIBRARY = "transformers5"


def imported(path: Path, name: str | None = None) -> tuple[dict[str, Any], str]:
    """Import a file: the entry, and the same as a file of entries.

    Args:
        path: a ``config.json``.
        name: what to call the model; else what the configuration, the file or its folder is called.

    Raises:
        InputError: the file cannot be read, or its configuration cannot be imported.
    """
    config = read_json(path)
    called = path.stem if path.stem != "config" else path.resolve().parent.name
    own = isinstance(config, Mapping) and config.get("_name_or_path")
    entry = import_config(config, name or (None if own else called), where=str(path))
    return entry, as_yaml(entry)


def import_config(config: Mapping[str, Any], name: str | None = None, *, where: str | None = None) -> dict[str, Any]:
    """An entry of the registry's form from a model's configuration.

    Args:
        config: the content of a ``config.json``.
        name: what to call the model; else what the configuration calls itself, else its model type.
        where: what to call the configuration in messages.

    Raises:
        InputError: it is no configuration, its architecture is not known, or a key is missing, wrong or absurd.

    >>> gpt2 = {"architectures": ["GPT2LMHeadModel"], "n_layer": 12, "n_embd": 768, "n_head": 12, "n_positions": 1024,
    ...         "vocab_size": 50257}
    >>> entry = import_config(gpt2, "openai-community/gpt2")
    >>> entry["name"], entry["facts"]["ffn_width"]["value"]
    ('gpt2', 3072)
    """
    source = Config(config, where)
    architecture = _architecture(source)
    how = SUPPORTED[architecture]
    for key, wanted in how.demands.items():
        if source.get(key) is not None and source.get(key) != wanted:
            raise source.error(
                f"{key} is {in_words(source.get(key))}, {architecture} is counted with {in_words(wanted)} only",
                "state the model's facts by hand",
            )
    about = _names(source, name)
    note = _note(source, how)
    return {
        **about,
        "vendor": "",
        "family": how.family,
        "kind": "profiled" if isinstance(how, Profiled) else "transformer",
        **({"note": note} if note else {}),
        "from": {
            "source": f"{about['id']}-config",
            "kind": "report",
            "verified": True,
            "how": f"read from the config.json; what it does not say is as the library has {architecture}",
        },
        "facts": totals(how, source) if isinstance(how, Profiled) else _facts(how, source),
    }


def as_yaml(entry: Mapping[str, Any]) -> str:
    """A file of entries that holds one model, to be named by ``MLSYSIM_ZOO`` or saved as ``zoo.yaml`` beside a plan."""
    source = {
        "title": f"Configuration of {entry['title']} (config.json)", "author": "not stated", "year": date.today().year
    }  # fmt: skip
    content = {"sources": {entry["from"]["source"]: source}, "models": [dict(entry)]}
    return data.as_yaml(content, width=1000)


def _architecture(config: Config) -> str:
    """The name of a supported architecture."""
    stated, kind = config.get("architectures"), config.get("model_type")
    if stated is not None and not (isinstance(stated, list) and stated and all(isinstance(x, str) for x in stated)):
        raise config.error("architectures is no list of names", 'write it like ["LlamaForCausalLM"]')
    if stated is None and kind is None:
        raise config.error("neither architectures nor model_type is there", "give a model's config.json, whole")
    if stated:
        found, named = next((name for name in stated if name in SUPPORTED), None), stated[0]
    else:
        named = config.word("model_type")
        found = next((name for name, how in SUPPORTED.items() if named in how.types), None)
    if found is not None:
        return found
    raise config.error(f"the architecture {named!a:.60} is not supported", _instead(config, named))


def _instead(config: Config, named: str) -> str:
    """What could be imported in place of an architecture."""
    types = {kind: name for name, how in SUPPORTED.items() for kind in how.types}
    known = {**types, **{name: name for name in SUPPORTED}}
    near = list(dict.fromkeys(known[word] for word in nearest(named, known)))
    hints = [f"did you mean {' or '.join(near)}?"] if near else []
    text = config.get("text_config")
    if isinstance(text, Mapping) and text.get("model_type") in list(types):
        hints.append("Its text_config can be imported by itself.")
    return " ".join([*hints, f"Supported are {', '.join(SUPPORTED)}"])


def _names(config: Config, name: str | None) -> dict[str, str]:
    """Identifier, name and title: the last part of a name such as ``openai-community/gpt2``."""
    own = [config.word(key) for key in ("_name_or_path", "model_type") if config.get(key)]
    said = name or (own or config.get("architectures"))[0]
    title = "".join(c for c in said if c.isprintable()).strip("/ ").rpartition("/")[2][:80].strip()
    words = re.findall(r"[A-Za-z0-9]+", title)
    if not words:
        raise config.error(f"the name {ascii(said)[:60]} has no letter or digit", "give the model another name")
    plain = "_".join(words)
    id_ = "-".join(re.findall(r"[a-z0-9]+(?:\.[a-z0-9]+)*", title.lower()))
    return {"id": id_, "name": plain if plain[0].isalpha() else f"Model_{plain}", "title": title}


def _facts(how: Architecture, config: Config) -> dict[str, Any]:
    """The facts of a transformer; what is the library's default says so."""
    facts, defaults = read(how.facts, config)
    _check(facts, config)
    stated: dict[str, Any] = {}
    for fact, value in facts.items():
        written = f"{value} token/sample" if fact == "context_length" else value
        stated[fact] = written if fact not in defaults else {"value": written, **_default(defaults[fact])}
    further = {words: many for words, count in how.further.items() if (many := count(config, facts))}
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


def _note(config: Config, how: Architecture) -> str:
    """What the entry's numbers leave out."""
    window = config.get("sliding_window")
    if isinstance(window, int) and window > 0 and config.get("use_sliding_window") is not False:
        windowed = "attention within a sliding window is evaluated as full attention"
        return f"{how.note}; {windowed}" if how.note else windowed
    return how.note


__all__ = ["SUPPORTED", "InputError", "as_yaml", "import_config", "imported"]
