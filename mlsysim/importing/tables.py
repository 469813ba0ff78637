"""Which key of a configuration gives which fact, for families of architectures.

Keys, defaults and what an architecture fixes are those of the configuration and model classes of Hugging Face
Transformers 5.23. The sizes that a class defaults to are one particular model's; such a key must be there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mlsysim.importing.reading import Config, Facts
from mlsysim.importing.rules import Follows, Rule, count, dropout, flag, quotient, same

#: How many parameters there are of something, from the configuration and the facts that were read.
Count = Callable[[Config, Facts], int]


def _sparse_layers(config: Config, facts: Facts) -> int:
    """The layers without experts: those listed, and those between every so many."""
    step = config.whole("decoder_sparse_step", 1, 10_000) if config.get("decoder_sparse_step") is not None else 1
    listed = [] if config.get("mlp_only_layers") is None else config.get("mlp_only_layers")
    if not isinstance(listed, list) or any(isinstance(x, bool) or not isinstance(x, int) for x in listed):
        raise config.error("mlp_only_layers is no list of layers", "write it like [0, 1]")
    dense = set(listed)
    return sum(layer in dense or (layer + 1) % step != 0 for layer in range(facts["layers"]))


def _falcon_is_new(config: Config, facts: Facts) -> int:
    """Whether the layers are those of the larger models, whose first configurations say so by their type alone."""
    first = config.get("model_type") == "RefinedWeb" and config.get("n_head_kv") is not None
    return flag("new_decoder_architecture", absent=int(first)).read(config, facts)[0]


def _falcon_kv_heads(config: Config, facts: Facts) -> int:
    new = count("num_kv_heads", "n_head_kv", absent="heads").read(config, facts)[0]
    old = 1 if flag("multi_query", absent=1).read(config, facts)[0] else facts["heads"]
    return new if _falcon_is_new(config, facts) else old


def _falcon_norms(config: Config, facts: Facts) -> int:
    new = _falcon_is_new(config, facts)
    if not flag("parallel_attn", absent=1).read(config, facts)[0]:
        return 2
    return count("num_ln_in_parallel_attn", absent=2 if new else 1, most=2).read(config, facts)[0]


def _shared_experts(config: Config, facts: Facts) -> int:
    """One wide shared expert, as so many of the width of a routed one."""
    wide = count("shared_expert_intermediate_size", least=0).read(config, facts)[0]
    return quotient("shared_expert_intermediate_size", "expert_width")(
        config, {**facts, "shared_expert_intermediate_size": wide}
    )


def _limited(key: str) -> Follows:
    """Groups of experts, where routing is limited to some of them; 1 where a token may go to any expert."""

    def follows(config: Config, facts: Facts) -> int:
        anywhere = config.get("topk_method") == "greedy"
        return 1 if anywhere else count(key, absent=1, null=1).read(config, facts)[0]

    return follows


HEAD_WIDTH: dict[str, Rule] = {"head_width": count("head_dim", absent=quotient("hidden", "heads"))}
#: A decoder as Llama states it; the others say how they differ. What follows from a fact stands after it.
LLAMA: dict[str, Rule] = {
    "layers": count("num_hidden_layers"),
    "hidden": count("hidden_size"),
    "heads": count("num_attention_heads"),
    "kv_heads": count("num_key_value_heads", absent="heads"),
    **HEAD_WIDTH,
    "ffn_width": count("intermediate_size"),
    "ffn_matrices": 3,
    "vocabulary": count("vocab_size"),
    "positions": 0,
    "tied": flag("tie_word_embeddings", absent=0),
    "norm_vectors": 1,
    "norms": 2,
    "head_norms": 0,
    "attention_bias": flag("attention_bias", absent=0),
    "output_bias": same("attention_bias"),
    "ffn_bias": flag("mlp_bias", absent=0),
    "dropout": dropout("attention_dropout"),
    "causal": 1,
    "dense_layers": same("layers"),
    **dict.fromkeys(("experts", "active_experts", "expert_width", "shared_experts", "router_bias"), 0),
    **dict.fromkeys(("latent", "query_rank", "kv_rank", "rope_width", "nope_width", "value_width"), 0),
    # The first converted configurations say it otherwise.
    "context_length": count("max_position_embeddings", "max_sequence_length"),
}
NO_BIAS: dict[str, Rule] = {"attention_bias": 0, "ffn_bias": 0}
#: Where the class has one particular model's heads as its default, the key must be there; null means as many as heads.
OWN_HEADS: dict[str, Rule] = {"kv_heads": count("num_key_value_heads", null="heads")}
OWN_HEAD_WIDTH: dict[str, Rule] = {"head_width": count("head_dim")}
MISTRAL = LLAMA | NO_BIAS | {"kv_heads": count("num_key_value_heads", absent=8, null="heads")}
EXPERTS: dict[str, Rule] = {
    "dense_layers": _sparse_layers,
    "experts": count("num_experts", "num_local_experts"),
    "active_experts": count("num_experts_per_tok"),
    "expert_width": count("moe_intermediate_size"),
}
QWEN2 = LLAMA | NO_BIAS | OWN_HEADS | {"attention_bias": 1, "output_bias": 0}
QWEN2_MOE = QWEN2 | EXPERTS | {"attention_bias": flag("qkv_bias", absent=1), "shared_experts": _shared_experts}
QWEN3 = LLAMA | OWN_HEADS | OWN_HEAD_WIDTH | {"ffn_bias": 0, "head_norms": 2}
GEMMA = LLAMA | OWN_HEADS | OWN_HEAD_WIDTH | {"ffn_bias": 0, "tied": flag("tie_word_embeddings", absent=1)}
#: Attention to later words as well is another model's.
ONE_WAY = {"use_bidirectional_attention": False}
#: A plain feed-forward layer with biases, and normalisations of two vectors.
PLAIN: dict[str, Rule] = {"ffn_matrices": 2, "norm_vectors": 2, "attention_bias": 1, "ffn_bias": 1}
GPT_KEYS: dict[str, Rule] = {
    "layers": count("n_layer", "num_hidden_layers"),
    "hidden": count("n_embd", "hidden_size"),
    "heads": count("n_head", "num_attention_heads"),
    "kv_heads": same("heads"),
    "head_width": quotient("hidden", "heads"),
    "ffn_width": count("n_inner", absent=lambda config, facts: 4 * facts["hidden"]),
    "context_length": count("n_positions", "max_position_embeddings", "n_ctx"),
}
GPT_DROPOUT = ("attn_pdrop", "resid_pdrop")
PHI = LLAMA | PLAIN | {
    "layers": count("num_hidden_layers", "n_layer"),
    "hidden": count("hidden_size", "n_embd"),
    "heads": count("num_attention_heads", "n_head"),
    "kv_heads": count("num_key_value_heads", "n_head_kv", absent="heads"),
    "head_width": quotient("hidden", "heads"),
    "ffn_width": count(
        "intermediate_size", "n_inner", null=lambda config, facts: 4 * facts["hidden"],
        how="null in the configuration, which the model's first own code reads as four times the width",
    ),
    "norms": 1,
    "head_norms": lambda config, facts: 4 * flag("qk_layernorm", absent=0).read(config, facts)[0],
    "dropout": dropout("attention_dropout", "attn_pdrop", "resid_pdrop"),
    "context_length": count("max_position_embeddings", "n_positions"),
}  # fmt: skip
DEEPSEEK = LLAMA | NO_BIAS | {
    "kv_heads": same("heads"),
    "head_width": count("v_head_dim"),
    "dense_layers": count("first_k_dense_replace", null=0, least=0),
    "experts": count("n_routed_experts"),
    "active_experts": count("num_experts_per_tok"),
    "expert_groups": _limited("n_group"),
    "routed_groups": _limited("topk_group"),
    "shared_experts": count("n_shared_experts", null=0, least=0),
    "expert_width": count("moe_intermediate_size"),
    "latent": 1,
    # The class has one model's rank as its default, but files lose the key where it was null.
    "query_rank": count("q_lora_rank", absent=0, how="not in the configuration, or null: read as no compression"),
    "kv_rank": count("kv_lora_rank"),
    "rope_width": count("qk_rope_head_dim"),
    "nope_width": count("qk_nope_head_dim"),
    "value_width": same("head_width"),
}  # fmt: skip
DEEPSEEK_DEMANDS = {"moe_layer_freq": 1, "attention_bias": False, "mlp_bias": False}
FALCON = LLAMA | PLAIN | {
    "layers": count("num_hidden_layers", "n_layer"),
    "hidden": count("hidden_size", "n_embed"),
    "heads": count("num_attention_heads", "n_head"),
    "kv_heads": _falcon_kv_heads,
    "head_width": quotient("hidden", "heads"),
    "ffn_width": count("ffn_hidden_size", absent=lambda config, facts: 4 * facts["hidden"]),
    "tied": flag("tie_word_embeddings", absent=1),
    "norms": _falcon_norms,
    "attention_bias": flag("bias", absent=0),
    "ffn_bias": same("attention_bias"),
    "dropout": dropout("attention_dropout", "hidden_dropout"),
    "context_length": count("max_position_embeddings", absent=2048),
}  # fmt: skip
BERT = LLAMA | PLAIN | {
    "kv_heads": same("heads"),
    "head_width": quotient("hidden", "heads"),
    "positions": count("max_position_embeddings"),
    "tied": 1,
    "dropout": dropout("attention_probs_dropout_prob", "hidden_dropout_prob", absent=0.1),
    "causal": 0,
    "context_length": same("positions"),
}  # fmt: skip
#: Two places of the table of positions stand for nothing and for padding.
ROBERTA = BERT | {"context_length": lambda config, facts: max(facts["positions"] - 2, 1)}
BERT_DEMANDS = {"is_decoder": False, "add_cross_attention": False, "tie_word_embeddings": True}


def _token_types(config: Config, facts: Facts) -> int:
    return count("type_vocab_size", absent=2, least=0).read(config, facts)[0] * facts["hidden"]


def _pooler(config: Config, facts: Facts) -> int:
    return facts["hidden"] ** 2 + facts["hidden"]


def _word_head(config: Config, facts: Facts) -> int:
    return facts["hidden"] ** 2 + 3 * facts["hidden"] + facts["vocabulary"]


def _vocabulary_bias(config: Config, facts: Facts) -> int:
    return facts["vocabulary"]


def expert_extras(config: Config, facts: Facts) -> int:
    biases = facts["experts"] * (2 * facts["expert_width"] + facts["hidden"])
    return facts["layers"] * (biases + facts["heads"])


def labels(config: Config, facts: Facts) -> int:
    """The labels that are listed, else their number, else the library's two."""
    listed = config.get("id2label")
    if listed is not None and not (isinstance(listed, Mapping) and listed):
        raise config.error("id2label is no mapping from number to label")
    return len(listed) if listed else count("num_labels", absent=2).read(config, facts)[0]


def other_head(head: str, further: Mapping[str, Count]) -> dict[str, Count]:
    """The further parameters of a decoder whose output head for words is left out or another."""
    kept = {words: count for words, count in further.items() if words not in HEAD_BIAS}
    if head != "ForSequenceClassification":
        return kept
    return {**kept, "a score for each label": lambda config, facts: labels(config, facts) * facts["hidden"]}


TYPES = {"vectors of token types": _token_types}
POOLED = TYPES | {"a pooler with its bias": _pooler}
MASKED = TYPES | {"dense layer, normalisation and bias of the masked-language head": _word_head}
NEXT = {"the next-sentence head": lambda config, facts: 2 * facts["hidden"] + 2}
HEAD_BIAS = {"a bias of the output head": _vocabulary_bias}
SHARED_GATE = {
    "a gate of the shared expert in each layer of experts": lambda config, facts: (
        (facts["layers"] - facts["dense_layers"]) * facts["hidden"]
    )
}
WITHOUT_PREDICTION = "without modules for multi-token prediction"
