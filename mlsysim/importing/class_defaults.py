"""What a part of a configuration leaves out: parts are stored as differences from the defaults of the library's classes.

The defaults are those of the configuration classes of Hugging Face Transformers 5.23 (the registry's source
``transformers5``), by model type. A configuration that stands for a whole model is written in full, and takes none of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def _sizes(
    hidden: int, ffn: int, layers: int, heads: int, vocabulary: int, context: int, **others: Any
) -> dict[str, Any]:
    """The keys that every class has, and those that it has besides."""
    return {
        "hidden_size": hidden, "intermediate_size": ffn, "num_hidden_layers": layers, "num_attention_heads": heads,
        "vocab_size": vocabulary, "max_position_embeddings": context, **others,
    }  # fmt: skip


#: Keys of a class and their defaults, by its model type. What is null there, or what the tables know as the library's
#: default for every model, is left out.
CLASS_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "llama": _sizes(4096, 11008, 32, 32, 32000, 2048),
    "mistral": _sizes(4096, 14336, 32, 32, 32000, 131072, num_key_value_heads=8, sliding_window=4096),
    "mixtral": _sizes(
        4096, 14336, 32, 32, 32000, 131072, num_key_value_heads=8, num_local_experts=8, num_experts_per_tok=2
    ),
    "qwen2": _sizes(4096, 22016, 32, 32, 151936, 32768, num_key_value_heads=32),
    "qwen2_moe": _sizes(
        2048, 5632, 24, 16, 151936, 32768, num_key_value_heads=16, num_experts=60, num_experts_per_tok=4,
        moe_intermediate_size=1408, shared_expert_intermediate_size=5632,
    ),
    "qwen2_vl_text": _sizes(8192, 29568, 80, 64, 152064, 32768, num_key_value_heads=8),
    "qwen2_5_vl_text": _sizes(8192, 29568, 80, 64, 152064, 32768, num_key_value_heads=8),
    "qwen3": _sizes(4096, 22016, 32, 32, 151936, 32768, num_key_value_heads=32, head_dim=128),
    "qwen3_moe": _sizes(
        2048, 6144, 24, 32, 151936, 32768, num_key_value_heads=4, num_experts=128, num_experts_per_tok=8,
        moe_intermediate_size=768,
    ),
    "qwen3_vl_text": _sizes(4096, 22016, 32, 32, 151936, 128000, num_key_value_heads=32, head_dim=128),
    "qwen3_vl_moe_text": _sizes(
        2048, 5632, 24, 16, 151936, 128000, num_key_value_heads=16, num_experts=60, num_experts_per_tok=4,
        moe_intermediate_size=1408,
    ),
    "gemma": _sizes(3072, 24576, 28, 16, 256000, 8192, num_key_value_heads=16, head_dim=256),
    "gemma2": _sizes(2304, 9216, 26, 8, 256000, 8192, num_key_value_heads=4, head_dim=256, sliding_window=4096),
    "gemma3_text": _sizes(2304, 9216, 26, 8, 262208, 131072, num_key_value_heads=4, head_dim=256, sliding_window=4096),
    "phi": _sizes(2048, 8192, 24, 32, 51200, 2048),
    "phi3": _sizes(3072, 8192, 32, 32, 32064, 4096),
}  # fmt: skip

#: The model type of a language part that states none, by that of the model around it.
LANGUAGE_PARTS: Mapping[str, str] = {
    "gemma3": "gemma3_text",
    "shieldgemma2": "gemma3_text",
    "paligemma": "gemma",
    "qwen2_vl": "qwen2_vl_text",
    "qwen2_5_vl": "qwen2_5_vl_text",
    "qwen3_vl": "qwen3_vl_text",
    "qwen3_vl_moe": "qwen3_vl_moe_text",
    "internvl": "qwen2",
    "llava_onevision": "qwen2",
    "mistral3": "mistral",
    **dict.fromkeys(("llava", "llava_next", "video_llava", "vipllava", "idefics3", "smolvlm"), "llama"),
}


def defaults_of(kind: object) -> Mapping[str, Any]:
    """The defaults of the class of a model type; none where it is not known."""
    return CLASS_DEFAULTS.get(kind, {}) if isinstance(kind, str) else {}
