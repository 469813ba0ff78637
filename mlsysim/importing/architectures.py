"""The architectures that can be imported: how each differs from its family."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mlsysim.importing.rules import Rule, count, dropout, flag, quotient, same
from mlsysim.importing.tables import (
    BERT,
    BERT_DEMANDS,
    DEEPSEEK,
    DEEPSEEK_DEMANDS,
    EXPERTS,
    FALCON,
    GEMMA,
    GPT_DROPOUT,
    GPT_KEYS,
    HEAD_BIAS,
    HEAD_WIDTH,
    LLAMA,
    MASKED,
    MISTRAL,
    NEXT,
    NO_BIAS,
    ONE_WAY,
    OWN_HEAD_WIDTH,
    OWN_HEADS,
    PHI,
    PLAIN,
    POOLED,
    QWEN2,
    QWEN2_MOE,
    QWEN3,
    ROBERTA,
    SHARED_GATE,
    WITHOUT_PREDICTION,
    Count,
    expert_extras,
)


@dataclass(frozen=True)
class Architecture:
    """How one architecture's configuration is read.

    Attributes:
        family: the family of the entry.
        types: the model types that mean it where a configuration names no architecture.
        formerly: what the class was called before, without the words for its head.
        facts: where each fact stands.
        further: parameters that the anatomy lacks: in words, and how many.
        demands: keys that the anatomy holds for at one value only.
        note: what the count leaves out.
    """

    family: str
    types: tuple[str, ...]
    facts: Mapping[str, Rule]
    further: Mapping[str, Count] = field(default_factory=dict)
    demands: Mapping[str, int] = field(default_factory=dict)
    note: str = ""
    formerly: tuple[str, ...] = ()


#: Decoders and encoders, whose parameters and work the plan's graph computes.
TRANSFORMERS: dict[str, Architecture] = {
    "LlamaForCausalLM": Architecture("Language", ("llama", "Yi"), LLAMA),
    "MistralForCausalLM": Architecture("Language", ("mistral",), MISTRAL),
    "MixtralForCausalLM": Architecture(
        "Language", ("mixtral",),
        MISTRAL | EXPERTS | {"dense_layers": 0, "experts": count("num_local_experts"), "expert_width": same("ffn_width")},
    ),
    "Qwen2ForCausalLM": Architecture("Language", ("qwen2", "qwen2_vl_text", "qwen2_5_vl_text"), QWEN2),
    "Qwen2MoeForCausalLM": Architecture("Language", ("qwen2_moe",), QWEN2_MOE, SHARED_GATE),
    "Qwen3ForCausalLM": Architecture("Language", ("qwen3", "qwen3_vl_text"), QWEN3),
    "Qwen3MoeForCausalLM": Architecture("Language", ("qwen3_moe", "qwen3_vl_moe_text"), QWEN3 | EXPERTS | HEAD_WIDTH),
    "GemmaForCausalLM": Architecture("Language", ("gemma",), GEMMA, demands=ONE_WAY),
    "Gemma2ForCausalLM": Architecture("Language", ("gemma2",), GEMMA | {"norms": 4}, demands=ONE_WAY),
    "Gemma3ForCausalLM": Architecture(
        "Language", ("gemma3_text",), GEMMA | {"norms": 4, "head_norms": 2}, demands=ONE_WAY
    ),
    "PhiForCausalLM": Architecture("Language", ("phi", "phi-msft"), PHI, HEAD_BIAS),
    "Phi3ForCausalLM": Architecture(
        "Language", ("phi3",), LLAMA | NO_BIAS | {"dropout": dropout("attention_dropout", "resid_pdrop")}
    ),
    "DeepseekV2ForCausalLM": Architecture("Language", ("deepseek_v2",), DEEPSEEK, demands=DEEPSEEK_DEMANDS),
    "DeepseekV3ForCausalLM": Architecture(
        "Language", ("deepseek_v3", "kimi_k2"), DEEPSEEK | {"router_bias": 1}, demands=DEEPSEEK_DEMANDS,
        note=WITHOUT_PREDICTION,
    ),
    "GPT2LMHeadModel": Architecture(
        "Language", ("gpt2",),
        LLAMA | PLAIN | GPT_KEYS | {
            "positions": count("n_positions", "max_position_embeddings", "n_ctx"),
            "tied": flag("tie_word_embeddings", absent=1), "dropout": dropout(*GPT_DROPOUT, absent=0.1),
        },
        demands={"add_cross_attention": False},
    ),
    "GPTJForCausalLM": Architecture(
        "Language", ("gptj",),
        LLAMA | PLAIN | GPT_KEYS | {"norms": 1, "attention_bias": 0, "dropout": dropout(*GPT_DROPOUT)}, HEAD_BIAS,
    ),
    "GPTNeoXForCausalLM": Architecture(
        "Language", ("gpt_neox",),
        LLAMA | PLAIN | {
            "kv_heads": same("heads"), "head_width": quotient("hidden", "heads"),
            "attention_bias": flag("attention_bias", absent=1), "dropout": dropout("attention_dropout", "hidden_dropout"),
        },
    ),
    "Starcoder2ForCausalLM": Architecture(
        "Language", ("starcoder2",),
        LLAMA | PLAIN | OWN_HEADS | {
            "attention_bias": flag("use_bias", absent=1), "ffn_bias": same("attention_bias"),
            "tied": flag("tie_word_embeddings", absent=1), "dropout": dropout("attention_dropout", "residual_dropout"),
        },
    ),
    "FalconForCausalLM": Architecture(
        "Language", ("falcon", "RefinedWeb", "RefinedWebModel"), FALCON, formerly=("RW",)
    ),
    "GptOssForCausalLM": Architecture(
        "Language", ("gpt_oss",),
        LLAMA | OWN_HEADS | OWN_HEAD_WIDTH | {
            "attention_bias": flag("attention_bias", absent=1), "ffn_bias": 0, "dense_layers": 0,
            "experts": count("num_local_experts"), "active_experts": count("num_experts_per_tok", "experts_per_token"),
            "expert_width": same("ffn_width"), "router_bias": 1,
        },
        {"biases of the experts and an attention sink for each head": expert_extras},
    ),
    "BertModel": Architecture("Encoder", ("bert",), BERT, POOLED, BERT_DEMANDS),
    "BertForMaskedLM": Architecture("Encoder", (), BERT, MASKED, BERT_DEMANDS),
    "BertForPreTraining": Architecture("Encoder", (), BERT, POOLED | MASKED | NEXT, BERT_DEMANDS),
    "RobertaModel": Architecture("Encoder", ("roberta",), ROBERTA, POOLED, BERT_DEMANDS),
    "RobertaForMaskedLM": Architecture("Encoder", (), ROBERTA, MASKED, BERT_DEMANDS),
}  # fmt: skip
