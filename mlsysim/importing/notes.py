"""What an entry says beside its numbers: what they leave out, and what was assumed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlsysim.importing.architectures import Architecture
from mlsysim.importing.reading import Config
from mlsysim.importing.recognition import Recognised

#: Keys under which tools write the bits of a weight.
_BITS = ("bits", "num_bits", "w_bit", "nbits", "weight_bits")
#: Keys under which they write the format, the most precise first.
_FORMATS = ("quant_algo", "quant_method", "format", "fmt")
#: Types of numbers that need no remark: plans evaluate 16 bits unless they say otherwise.
_USUAL = ("bfloat16", "float16", "auto")


def note(config: Config, how: Architecture, found: Recognised, part: str | None) -> str:
    """What to know of an entry, as clauses.

    Args:
        config: the configuration, after its facts were read.
        how: how its architecture is read.
        found: which class it is.
        part: the key of the part that was imported; None for the whole.
    """
    return "; ".join(clause for clause in _clauses(config, how, found, part) if clause)


def _clauses(config: Config, how: Architecture, found: Recognised, part: str | None) -> Iterator[str]:
    yield how.note
    if part is not None:
        yield f"{part} alone, one part of a larger model"
    if found.called != found.name:
        yield f"read as {found.name}, whose layers {_word(found.called)} has"
    if found.head:
        yield "it has no output head for words: its parameters count none, the work of a token counts one"
    window = config.get("sliding_window")
    if isinstance(window, int) and window > 0 and config.get("use_sliding_window") is not False:
        yield "attention within a sliding window is evaluated as full attention"
    if config.assumed:
        stated = ", ".join(f"{key} {value}" for key, value in config.assumed.items())
        yield f"not in the configuration, so by default of the class of {_word(config.get('model_type'))}: {stated}"
    yield stored(config)


def stored(config: Config) -> str:
    """How the weights of a checkpoint are stored, as a clause; empty where that is 16 bits or not stated.

    >>> stored(Config({"quantization_config": {"bits": 4, "quant_method": "awq"}, "torch_dtype": "float16"}))[:61]
    'the checkpoint is stored as 4-bit awq, the rest float16 (quan'
    """
    dtype = config.get("dtype") or config.get("torch_dtype")
    dtype = _word(dtype).removeprefix("torch.") if isinstance(dtype, str) else ""
    held = next((key for key in ("quantization_config", "compression_config") if config.get(key)), "")
    if held:
        rest = f", the rest {dtype}" if dtype else ""
        what = f"{_format(config.get(held))}{rest} ({held})"
    elif dtype and dtype not in _USUAL:
        what = f"{dtype} ({'dtype' if config.get('dtype') else 'torch_dtype'})"
    else:
        return ""
    return f"the checkpoint is stored as {what}; a plan is evaluated in its own workload.precision"


def _format(quantised: Any) -> str:
    """A format of numbers in words: its bits, and the method or type."""
    if not isinstance(quantised, Mapping):
        return "quantised"
    bits = min(_bits(quantised), default=None)
    named = next((_word(quantised[key]) for key in _FORMATS if isinstance(quantised.get(key), str)), "")
    return " ".join(part for part in (f"{bits}-bit" if bits else "", named) if part) or "quantised"


def _bits(quantised: Mapping[str, Any]) -> Iterator[int]:
    """The bits of a weight as any of the usual tools write them, in groups of layers or for all."""
    groups = quantised.get("config_groups")
    inner = groups.values() if isinstance(groups, Mapping) else ()
    weights = [group.get("weights") for group in inner if isinstance(group, Mapping)]
    for stated in (quantised, *(each for each in weights if isinstance(each, Mapping))):
        for key in _BITS:
            bits = stated.get(key)
            if isinstance(bits, int) and not isinstance(bits, bool) and 0 < bits <= 64:
                yield bits
    yield from (bits for bits in (4, 8) if quantised.get(f"load_in_{bits}bit") is True)


def _word(text: object) -> str:
    """A word of a configuration as a note can hold it."""
    return "".join(c for c in str(text) if c.isprintable())[:60]
