"""Architectures that are not the plan's transformer: their totals follow from equations of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from mlsysim.importing.architectures import Architecture
from mlsysim.importing.reading import Config, Facts
from mlsysim.importing.rules import Rule, count, flag, quotient, read, same
from mlsysim.importing.tables import labels

#: Where the equations stand.
FOLDER = "mlsysim.symbolic.arguments.compute"


@dataclass(frozen=True)
class Profiled(Architecture):
    """How the configuration of such an architecture is read: ``facts`` are quantities of its equations.

    Attributes:
        equations: the module that states them.
        cite: the publication they are of.
        checked: facts that are read so that what does not divide is refused, though no equation needs them.
        sample: what one sample is, in words with the quantities in braces.
    """

    equations: str = ""
    cite: str = ""
    checked: tuple[str, ...] = ()
    sample: str = ""


def _gated(config: Config, facts: Facts) -> int:
    word = config.word("feed_forward_proj") if config.get("feed_forward_proj") is not None else "relu"
    return 3 if word.startswith("gated-") else 2


def _rank(config: Config, facts: Facts) -> int | None:
    """A rank of the configuration's own; the equations have the usual one."""
    return None if config.get("time_step_rank") in (None, "auto") else config.whole("time_step_rank", 1, 10**6)


T5: dict[str, Rule] = {
    "layers": count("num_layers", "num_hidden_layers"),
    "decoder_layers": count("num_decoder_layers", absent="layers"),
    "hidden": count("d_model", "hidden_size"),
    "heads": count("num_heads", "num_attention_heads"),
    "head_width": count("d_kv"),
    "ffn_width": count("d_ff"),
    "ffn_matrices": _gated,
    "vocabulary": count("vocab_size"),
    "tied": flag("tie_word_embeddings", absent=1),
    "buckets": count("relative_attention_num_buckets", absent=32),
    "source": count("n_positions", absent=512),
    "target": same("source"),
}
VIT: dict[str, Rule] = {
    "layers": count("num_hidden_layers"),
    "hidden": count("hidden_size"),
    "heads": count("num_attention_heads"),
    "head_width": quotient("hidden", "heads"),
    "ffn_width": count("intermediate_size"),
    "attention_bias": flag("qkv_bias", absent=1),
    "side": count("image_size"),
    "patch": count("patch_size"),
    "row": quotient("side", "patch"),
    "channels": count("num_channels", absent=3),
    "classes": labels,
}
MAMBA: dict[str, Rule] = {
    "layers": count("num_hidden_layers", "n_layer"),
    "hidden": count("hidden_size", "d_model"),
    "vocabulary": count("vocab_size"),
    "tied": flag("tie_word_embeddings", absent=1),
    "expand": count("expand", absent=2),
    "rank": _rank,
    "state": count("state_size", absent=16),
    "taps": count("conv_kernel", absent=4),
    "projection_bias": flag("use_bias", absent=0),
    "convolution_bias": flag("use_conv_bias", absent=1),
    "sequence_length": 2048,
}
PROFILED: dict[str, Profiled] = {
    "T5ForConditionalGeneration": Profiled(
        "Encoder", ("t5",), T5, equations="encoder_decoder", cite="raffel2020",
        sample="one pass of the encoder over {source} tokens and of the decoder over {target}, masked pairs included",
    ),
    "ViTForImageClassification": Profiled(
        "Vision", ("vit",), VIT, equations="vision_transformer", cite="dosovitskiy2021",
        checked=("heads", "head_width", "row"),
        sample="one image of {side} x {side} pixels; normalisations, biases and nonlinearities are not counted",
    ),
    "MambaForCausalLM": Profiled(
        "StateSpace", ("mamba",), MAMBA, equations="state_space", cite="gu2023mamba",
        sample="one sample of {sequence_length} tokens; the elementwise update of the state is not counted",
    ),
}  # fmt: skip


def totals(architecture: Profiled, config: Config) -> dict[str, Any]:
    """The facts of a model known by its profile: parameters and multiply-accumulates.

    Raises:
        InputError: a key is missing, of the wrong kind or out of range.
    """
    values, defaults = read(architecture.facts, config)
    needed = {name: float(value) for name, value in values.items() if name not in architecture.checked}
    found = evaluate(architecture.equations, needed)
    how = f"computed from the configuration by the equations of {architecture.cite}"
    if defaults:
        how += f", with the library's default of {', '.join(config.called(name) for name in sorted(defaults))}"
    about = {"kind": "derived", "how": how}
    note = architecture.sample.format(**values)
    return {
        "parameters": {"value": f"{found['parameters']} param", **about},
        "multiply_accumulates": {"value": found["multiply_accumulates"], **about, "note": note},
    }


def evaluate(equations: str, values: Mapping[str, float]) -> dict[str, int]:
    """The counts that a module of equations gives for some quantities, by the last word of their names.

    >>> small = dict(layers=6, decoder_layers=6, hidden=512, heads=8, head_width=64, ffn_width=2048, ffn_matrices=2,
    ...              vocabulary=32128, tied=1, buckets=32, source=512, target=512)
    >>> evaluate("encoder_decoder", small)["parameters"]
    60506624
    """
    from mlsysim.symbolic.laws import decided, last_word
    from mlsysim.symbolic.rules import Step

    stated = vars(import_module(f"{FOLDER}.{equations}")).values()
    laws = [step.result for step in stated if isinstance(step, Step) and step.rule in ("define", "total")]
    return {last_word(quantity): int(each.value) for quantity, each in decided(laws, values).items()}
