"""A part of a configuration, such as the language part of a model that reads images."""

from __future__ import annotations

from collections.abc import Mapping

from mlsysim.importing.class_defaults import LANGUAGE_PARTS, defaults_of
from mlsysim.importing.reading import Config

#: What may stand beside a part and holds for it as well.
_SHARED = ("quantization_config", "torch_dtype", "dtype")
#: Keys of language parts; of these alone the model around says the type where they do not.
_LANGUAGE = ("text_config", "language_config", "llm_config")


def opened(config: Config, part: str | None = None) -> Config:
    """A configuration with what it leaves out.

    Args:
        config: as it was read.
        part: the key of the part that is meant, such as ``text_config``; None for the whole.

    Raises:
        InputError: there is no such part.
    """
    kind = config.get("model_type")
    if part is not None:
        return _part(config, part)
    # Only a part has such a type: it was saved by itself.
    alone = isinstance(kind, str) and kind.endswith("_text") and config.get("architectures") is None
    return Config(config.stated, config.where, defaults_of(kind)) if alone else config


def _part(config: Config, part: str) -> Config:
    inner = config.get(part)
    if not isinstance(inner, Mapping):
        parts = [key for key, value in config.stated.items() if key.endswith("_config") and isinstance(value, Mapping)]
        raise config.error(
            f"there is no part {part!a:.60}",
            f"its parts are {', '.join(map(repr, parts))}" if parts else "it has no parts; import it as it is",
        )
    usual = LANGUAGE_PARTS.get(str(config.get("model_type"))) if part in _LANGUAGE else None
    kind = inner.get("model_type") or usual
    around = {key: config.get(key) for key in _SHARED if config.get(key) is not None}
    stated = {**around, **inner, **({"model_type": kind} if kind else {})}
    # The output head belongs to the model around, and older files say in the part that it is tied.
    tied = [each.get("tie_word_embeddings") for each in (config, inner) if each.get("tie_word_embeddings") is not None]
    if tied:
        stated["tie_word_embeddings"] = True if True in tied else tied[0]
    return Config(stated, f"{config.where}, {part}" if config.where else part, defaults_of(kind))
