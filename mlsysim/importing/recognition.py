"""Which architecture a configuration means: by the name of its class, or by its model type where the class is a variant."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mlsysim.importing.architectures import TRANSFORMERS, Architecture
from mlsysim.importing.parts import opened
from mlsysim.importing.profiled import PROFILED
from mlsysim.importing.reading import Config, in_words
from mlsysim.importing.rules import read
from mlsysim.symbolic.errors import InputError

#: Every architecture that can be imported.
SUPPORTED: dict[str, Architecture] = {**TRANSFORMERS, **PROFILED}
#: A class of a decoder: the family's name, and what stands on top of its layers.
_CLASS = re.compile(r"(?P<family>.+?)(?P<head>ForCausalLM|LMHeadModel|ForSequenceClassification|Model)")
#: The family in the name of any class, misspelt or of another task.
_FAMILY = re.compile(r".+?(?=For[A-Z]|LMHead|Model|$)")
#: Heads with a score for each word of the vocabulary.
LANGUAGE_HEADS = ("ForCausalLM", "LMHeadModel")


@dataclass(frozen=True)
class Recognised:
    """The architecture of a configuration.

    Attributes:
        name: the supported class with the same layers.
        called: the class as the configuration calls it.
        head: what stands on the layers in place of the supported class's head; empty where it is the same.
    """

    name: str
    called: str
    head: str = ""


def _plain(name: str) -> str:
    """A name without case and punctuation."""
    return "".join(c for c in name.lower() if c.isalnum())


def _family(name: str) -> str:
    """The family of a class: ``Qwen3MoeForCausalLM`` is a qwen3moe."""
    found = _FAMILY.match(name)
    return _plain(found[0] if found else name)


def _families() -> Iterator[tuple[str, str]]:
    for name, how in TRANSFORMERS.items():
        if name.endswith(LANGUAGE_HEADS):
            yield _family(name), name
            yield from ((_plain(other), name) for other in (*how.types, *how.formerly))


#: Decoders by family: as their class, their model types and their former classes call it.
DECODERS: Mapping[str, str] = dict(_families())


def recognised(config: Config) -> Recognised:
    """The architecture that a configuration means.

    Raises:
        InputError: it names none, or none that is supported.
    """
    stated, kind = config.get("architectures"), config.get("model_type")
    if stated is not None and not (isinstance(stated, list) and stated and all(isinstance(x, str) for x in stated)):
        raise config.error("architectures is no list of names", 'write it like ["LlamaForCausalLM"]')
    if stated is None and kind is None:
        raise config.error("neither architectures nor model_type is there", "give a model's config.json, whole")
    if stated:
        exact = next((Recognised(name, name) for name in stated if name in SUPPORTED), None)
        found = exact or next((variant for name in stated if (variant := _variant(name, kind))), None)
    else:
        named = config.word("model_type")
        found = next((Recognised(name, name) for name, how in SUPPORTED.items() if named in how.types), None)
    if found is not None:
        return found
    named = stated[0] if stated else config.word("model_type")
    raise config.error(f"the architecture {named!a:.60} is not supported", _instead(config, named))


def _variant(named: str, kind: object) -> Recognised | None:
    """A decoder under a former name of its class, or with another head; its model type must be of the same family."""
    parts = _CLASS.fullmatch(named)
    name = DECODERS.get(_plain(parts["family"])) if parts else None
    if parts is None or name is None or (kind is not None and kind not in SUPPORTED[name].types):
        return None
    return Recognised(name, named, "" if parts["head"] in LANGUAGE_HEADS else parts["head"])


def demand(config: Config, name: str) -> None:
    """Refuse a configuration with something that its architecture is not counted with.

    Raises:
        InputError: a key has another value than the one that is counted.
    """
    for key, needed in SUPPORTED[name].demands.items():
        if config.get(key) is not None and config.get(key) != needed:
            raise config.error(
                f"{key} is {in_words(config.get(key))}, {name} is counted with {in_words(needed)} only",
                "state the model's facts by hand",
            )


def _instead(config: Config, named: str) -> str:
    """What could be imported in place of an architecture: classes of the same family, and the language part."""
    kind = config.get("model_type")
    near = [
        name
        for name, how in SUPPORTED.items()
        if _family(name) == _family(named) or _plain(str(kind)) in [_plain(each) for each in how.types]
    ]
    parts = [part for key in config.stated if key.endswith("_config") and (part := _language_part(config, key))]
    hints = parts or ([f"did you mean {' or '.join(near)}?"] if near else [])
    return " ".join([*hints, f"Supported are {', '.join(SUPPORTED)}"])


def _language_part(config: Config, key: str) -> str:
    """Whether a part is a language model that can be imported, as a sentence; empty where it is no language model."""
    if not isinstance(config.get(key), Mapping):
        return ""
    part = opened(config, key)
    about = f"Its language part, {key},"
    try:
        name = recognised(part).name
    except InputError:
        kind = part.get("model_type")
        unknown = key == "text_config" and isinstance(kind, str)
        return f"{about} is of the type {kind!a:.60}, which is not supported either." if unknown else ""
    if name not in TRANSFORMERS:
        return ""
    try:
        demand(part, name)
        read(SUPPORTED[name].facts, part)
    except InputError as problem:
        return f"{about} is a {name}, but cannot be imported: {problem.what}."
    return f"{about} is a {name}: import it with `--part {key}`."
