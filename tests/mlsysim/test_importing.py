"""Configurations of published models become entries that count what the models have; anything else is refused in words."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlsysim import profile
from mlsysim.cli.main import run
from mlsysim.importing import SUPPORTED, as_yaml, import_config, imported
from mlsysim.importing.class_defaults import CLASS_DEFAULTS, LANGUAGE_PARTS
from mlsysim.importing.reading import MAX_BYTES
from mlsysim.registry import Zoo, find, standard
from mlsysim.registry.document import parse
from mlsysim.registry.own import own_layer, read_own
from mlsysim.symbolic.errors import InputError
from tests.conftest import ROOT

Captured = pytest.CaptureFixture[str]
FOLDER = ROOT / "tests" / "data" / "hf_configs"
CONFIGS: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_bytes()) for path in sorted(FOLDER.glob("*.json"))
}
#: Parameters of the models, as published or counted from the library; the folder's README says how each is known.
TOTALS = {
    "Meta-Llama-3.1-8B": 8_030_261_248, "Meta-Llama-3.1-405B": 405_853_388_800, "Mixtral-8x7B-v0.1": 46_702_792_704,
    "Mixtral-8x22B-v0.1": 140_620_634_112, "Qwen3-0.6B": 596_049_920, "Qwen3-8B": 8_190_735_360,
    "Qwen3-30B-A3B": 30_532_122_624, "DeepSeek-V3": 671_026_419_200, "gpt-oss-120b": 116_829_156_672,
    "Kimi-K2-Instruct": 1_026_408_232_448, "Mistral-7B-v0.1": 7_241_732_096, "Mistral-7B-v0.3": 7_248_023_552,
    "Qwen2-7B": 7_615_616_512, "Qwen2-0.5B-Instruct": 494_032_768, "gemma-2b": 2_506_172_416,
    "gemma-2-9b": 9_241_705_984, "gemma-3-1b-it": 999_885_952, "Phi-3-mini-4k-instruct": 3_821_079_552,
    "gpt2": 124_439_808, "gpt2-medium": 354_823_168, "phi-2-older-keys": 2_779_683_840,
    "DeepSeek-V2-Lite": 15_706_484_224, "RedPajama-INCITE-Chat-3B-v1": 2_775_864_320, "starcoder2-7b": 7_173_923_840,
    "gpt-j-6b": 6_050_882_784, "bert-base-uncased": 109_514_298, "t5-small": 60_506_624,
    "vit-base-patch16-224": 86_567_656, "gpt-neox-20b": 20_554_567_680, "gemma-7b": 8_537_680_896,
    "phi-2": 2_779_683_840, "phi-1": 1_418_270_720, "mamba-130m-hf": 129_135_360, "mamba-2.8b-hf": 2_768_345_600,
    "DeepSeek-V3-class-defaults": 671_026_419_200,
}  # fmt: skip


def loaded(entry: dict[str, Any]) -> Zoo:
    """The zoo with an entry in it, as a user's file brings it."""
    zoo = standard()
    return zoo.over(own_layer([parse(as_yaml(entry), "zoo.yaml")], zoo))


def counted(config: dict[str, Any], name: str = "imported-model") -> float | None:
    """The parameters of a configuration's model."""
    entry = import_config(config, name)
    return profile(entry["name"], zoo=loaded(entry)).parameters


def changed(model: str, **keys: Any) -> dict[str, Any]:
    """A stored configuration with other keys; an ellipsis takes one away."""
    return {key: value for key, value in {**CONFIGS[model], **keys}.items() if value is not ...}


@pytest.mark.parametrize("model", TOTALS)
def test_a_model_has_as_many_parameters_as_its_publisher_or_the_library_counts(model: str) -> None:
    """To the last one."""
    assert counted(CONFIGS[model], model) == TOTALS[model]


def test_every_stored_configuration_is_tested() -> None:
    """One of them is of an architecture that is not supported."""
    assert set(CONFIGS) == {*TOTALS, "Llama-4-Scout-17B-16E-Instruct"}


OTHERS = {
    "Falcon_7B": {
        "architectures": ["FalconForCausalLM"], "hidden_size": 4544, "num_hidden_layers": 32, "num_attention_heads": 71,
        "vocab_size": 65024, "multi_query": True, "parallel_attn": True, "bias": False, "new_decoder_architecture": False,
    },
    "Falcon_40B": {
        "architectures": ["FalconForCausalLM"], "hidden_size": 8192, "num_hidden_layers": 60, "num_attention_heads": 128,
        "num_kv_heads": 8, "vocab_size": 65024, "bias": False, "new_decoder_architecture": True,
    },
    "Qwen2_57B_A14B": {
        "architectures": ["Qwen2MoeForCausalLM"], "hidden_size": 3584, "num_hidden_layers": 28, "num_attention_heads": 28,
        "num_key_value_heads": 4, "intermediate_size": 18944, "moe_intermediate_size": 2560, "num_experts": 64,
        "num_experts_per_tok": 8, "shared_expert_intermediate_size": 20480, "vocab_size": 151936,
        "max_position_embeddings": 32768,
    },
    "RoBERTa_Base": {
        "architectures": ["RobertaForMaskedLM"], "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
        "intermediate_size": 3072, "vocab_size": 50265, "max_position_embeddings": 514, "type_vocab_size": 1,
    },
    "BERT_Large": {
        "architectures": ["BertModel"], "hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16,
        "intermediate_size": 4096, "vocab_size": 30522, "max_position_embeddings": 512,
    },
}  # fmt: skip


@pytest.mark.parametrize("model", OTHERS)
def test_further_architectures_agree_with_the_registry(model: str) -> None:
    """Falcon's two layouts, a gated shared expert, and encoders with and without a head."""
    entry = import_config(OTHERS[model], model)
    ours, theirs = loaded(entry).find("models", entry["name"]), find("models", model)
    assert counted(OTHERS[model], model) == profile(model).parameters
    for fact, value in ours.facts.items():
        if fact in theirs.facts and fact not in ("dropout", "context_length"):
            assert value.number == theirs.facts[fact].number, fact


LLAMA_1: dict[str, Any] = {
    "model_type": "llama",
    "hidden_size": 4096,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "intermediate_size": 11008,
    "vocab_size": 32000,
    "max_sequence_length": 2048,
}
FALCON_1: dict[str, Any] = {"hidden_size": 4544, "n_layer": 32, "n_head": 71, "vocab_size": 65024, "multi_query": True,
                            "parallel_attn": True, "bias": False, "model_type": "RefinedWebModel"}  # fmt: skip
#: Classes by another name, or with another head, and the parameters of what they hold.
VARIANTS: dict[str, tuple[dict[str, Any], int]] = {
    "LLaMAForCausalLM": (LLAMA_1, 6_738_415_616),
    "LlamaModel": (LLAMA_1, 6_738_415_616 - 32000 * 4096),
    "MistralModel": (CONFIGS["Mistral-7B-v0.1"], 7_110_660_096),
    "GPT2Model": (CONFIGS["gpt2"], TOTALS["gpt2"]),
    "PhiModel": (CONFIGS["phi-2"], TOTALS["phi-2"] - 51200 * 2560 - 51200),
    "Gemma3TextModel": (CONFIGS["gemma-3-1b-it"], TOTALS["gemma-3-1b-it"]),
    "Qwen2ForSequenceClassification": (changed("Qwen2-0.5B-Instruct", num_labels=1), TOTALS["Qwen2-0.5B-Instruct"] + 896),
    "LlamaForSequenceClassification": (LLAMA_1, 6_738_415_616 - 32000 * 4096 + 2 * 4096),
    "RWForCausalLM": (FALCON_1, 7_217_189_760 - 65024 * 4544),
    "YiForCausalLM": (
        {
            "model_type": "Yi", "hidden_size": 7168, "intermediate_size": 20480, "num_attention_heads": 56,
            "num_hidden_layers": 60, "num_key_value_heads": 8, "vocab_size": 64000, "max_position_embeddings": 4096,
        },
        34_388_917_248,
    ),
}  # fmt: skip


@pytest.mark.parametrize("called", VARIANTS)
def test_a_class_by_another_name_or_with_another_head_has_the_same_layers(called: str) -> None:
    """Its model type says which layers these are; a class without an output head for words counts none."""
    config, total = VARIANTS[called]
    entry = import_config({**config, "architectures": [called]})
    assert counted({**config, "architectures": [called]}) == total
    assert f"whose layers {called} has" in entry["note"]
    assert ("no output head" in entry["note"]) == (not called.endswith("CausalLM"))


def test_a_class_with_the_type_of_another_family_is_refused() -> None:
    """The name alone does not say what its layers are."""
    with pytest.raises(InputError, match="'LlamaModel' is not supported"):
        import_config({**LLAMA_1, "architectures": ["LlamaModel"], "model_type": "llama_guard_vision"})


def test_the_larger_falcons_first_configuration_says_its_layout_by_its_type() -> None:
    """Key-value heads for groups, and two normalisations in parallel."""
    first = {"architectures": ["RWForCausalLM"], "model_type": "RefinedWeb", "hidden_size": 8192, "n_layer": 60,
             "n_head": 128, "n_head_kv": 8, "vocab_size": 65024, "bias": False, "parallel_attn": True}  # fmt: skip
    assert counted(first) == profile("Falcon_40B").parameters


def test_context_is_read_by_the_name_of_the_first_configurations() -> None:
    """``max_sequence_length``, before it was called ``max_position_embeddings``."""
    facts = import_config({**LLAMA_1, "architectures": ["LLaMAForCausalLM"]}, "llama")["facts"]
    assert facts["context_length"] == "2048 token/sample"


GEMMA3_27B = {
    "model_type": "gemma3_text", "head_dim": 128, "hidden_size": 5376, "intermediate_size": 21504,
    "num_attention_heads": 32, "num_hidden_layers": 62, "num_key_value_heads": 16, "sliding_window": 1024,
}  # fmt: skip
QWEN3_VL = {
    "architectures": ["Qwen3VLForConditionalGeneration"], "model_type": "qwen3_vl", "tie_word_embeddings": True,
    "text_config": {
        "model_type": "qwen3_vl_text", "hidden_size": 2048, "num_hidden_layers": 28, "num_attention_heads": 16,
        "num_key_value_heads": 8, "head_dim": 128, "intermediate_size": 6144, "vocab_size": 151936,
    },
}  # fmt: skip


def around(text: dict[str, Any], architecture: str, kind: str) -> dict[str, Any]:
    """The configuration of a model that reads images, with its language part."""
    return {"architectures": [architecture], "model_type": kind, "text_config": text, "vision_config": {"depth": 27}}


def without(config: dict[str, Any], *keys: str) -> dict[str, Any]:
    """A configuration without some keys."""
    return {key: value for key, value in config.items() if key not in keys}


#: Models that read images, and the parameters of their language parts.
PARTS: dict[str, tuple[dict[str, Any], int]] = {
    "Gemma 3 27B": (around(GEMMA3_27B, "Gemma3ForConditionalGeneration", "gemma3"), 27_009_346_304),
    "its type left out": (
        around(without(GEMMA3_27B, "model_type"), "Gemma3ForConditionalGeneration", "gemma3"), 27_009_346_304
    ),
    # Qwen3 1.7B, as published.
    "Qwen3-VL 2B": (QWEN3_VL, 1_720_574_976),
    "Kimi K2.5": (around(CONFIGS["Kimi-K2-Instruct"], "KimiK25ForConditionalGeneration", "kimi_k25"), 1_026_408_232_448),
    # Vicuna with 64 further words, of which only the differences from Llama 1 are stored.
    "LLaVA 1.5": (
        around(
            {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "max_position_embeddings": 4096, "vocab_size": 32064},
            "LlavaForConditionalGeneration", "llava",
        ),
        6_738_415_616 + 2 * 64 * 4096,
    ),
    "PaliGemma 3B": (
        around(
            {"model_type": "gemma", "hidden_size": 2048, "intermediate_size": 16384, "num_attention_heads": 8,
             "num_hidden_layers": 18, "num_key_value_heads": 1, "vocab_size": 257216},
            "PaliGemmaForConditionalGeneration", "paligemma",
        ),
        TOTALS["gemma-2b"] + 1216 * 2048,
    ),
}  # fmt: skip


@pytest.mark.parametrize("model", PARTS)
def test_the_language_part_of_a_model_that_reads_images_is_imported_when_it_is_asked_for(model: str) -> None:
    """The whole is refused, with a hint that works; the part says that it is one."""
    config, total = PARTS[model]
    with pytest.raises(InputError) as caught:
        import_config(config)
    assert "did you mean" not in str(caught.value)
    part = re.search(r"import it with `--part (\w+)`", str(caught.value))
    assert part is not None, caught.value
    assert "vision_config" not in str(caught.value)
    entry = import_config(config, "imported-model", part=part[1])
    assert profile(entry["name"], zoo=loaded(entry)).parameters == total
    assert "text_config alone, one part of a larger model" in entry["note"]
    assert entry["from"]["how"].startswith("read from text_config of the config.json")


def test_what_a_part_leaves_out_is_the_default_of_its_class_and_says_so() -> None:
    """Both in the file that it was stored in and saved by itself; a whole model's file must state its sizes."""
    alone = import_config(GEMMA3_27B, "gemma-3-27b")
    inside = import_config(PARTS["Gemma 3 27B"][0], "gemma-3-27b", part="text_config")
    assert alone["facts"] == inside["facts"]
    found = loaded(alone).find("models", alone["name"])
    assert (found.facts["vocabulary"].number, found.facts["vocabulary"].source.key) == (262_208, "transformers5")
    assert (found.facts["layers"].number, found.facts["layers"].source.key) == (62, "gemma-3-27b-config")
    said = "by default of the class of gemma3_text: vocab_size 262208, max_position_embeddings 131072"
    assert said in alone["note"]
    assert said in inside["note"]
    with pytest.raises(InputError, match="vocab_size is missing"):
        import_config({**GEMMA3_27B, "architectures": ["Gemma3ForCausalLM"]})


def test_null_in_a_part_is_no_default_of_its_class() -> None:
    """As many key-value heads as heads, not the class's."""
    config = around(
        {"model_type": "qwen2", "num_key_value_heads": None}, "InternVLForConditionalGeneration", "internvl"
    )
    facts = import_config(config, part="text_config")["facts"]
    assert facts["kv_heads"]["value"] == 32
    assert facts["layers"] == {"value": 32, "source": "transformers5", "verified": True,
                               "how": "not in the configuration; the default of the library"}  # fmt: skip


@pytest.mark.parametrize("kind", CLASS_DEFAULTS)
def test_the_defaults_of_a_class_make_a_model(kind: str) -> None:
    """A part of which nothing is stated but its type."""
    total = import_config({"architectures": ["X"], "text_config": {"model_type": kind}}, "empty", part="text_config")
    parameters = profile("empty", zoo=loaded(total)).parameters
    assert parameters is not None
    assert 1e9 < parameters < 1e11
    assert set(LANGUAGE_PARTS.values()) <= set(CLASS_DEFAULTS)


def test_the_output_head_of_a_part_is_tied_as_either_says() -> None:
    """It belongs to the model around, which older files do not mention it in."""
    inner = QWEN3_VL["text_config"]
    for outside, inside, tied in ((True, False, 1), (False, True, 1), (False, None, 0), (None, False, 0)):
        config = {**QWEN3_VL, "tie_word_embeddings": outside, "text_config": {**inner, "tie_word_embeddings": inside}}  # type: ignore[dict-item]
        assert import_config(config, part="text_config")["facts"]["tied"] == tied


def test_a_part_that_is_not_there_is_refused_with_those_that_are() -> None:
    """By name, in the place of the whole."""
    with pytest.raises(InputError, match=r"there is no part 'llm_config'\n  hint: its parts are 'text_config'$"):
        import_config(QWEN3_VL, part="llm_config")
    with pytest.raises(InputError, match="hint: it has no parts; import it as it is"):
        import_config(CONFIGS["gpt2"], part="text_config")
    with pytest.raises(InputError, match=r"^config.json, text_config: error: hidden_size is 'wide'"):
        import_config(
            around({**GEMMA3_27B, "hidden_size": "wide"}, "X", "gemma3"), where="config.json", part="text_config"
        )


#: Architectures that are not supported, and all that a hint may name before the list of those that are.
NO_HINT = {
    "Qwen3_5ForConditionalGeneration": "qwen3_5", "Gemma4ForConditionalGeneration": "gemma4",
    "Llama4ForConditionalGeneration": "llama4", "MistralLarge3ForCausalLM": "mistral_large_3",
    "Gemma3nForConditionalGeneration": "gemma3n", "Mistral3ForConditionalGeneration": "mistral3",
    "JambaForCausalLM": "jamba", "BambaForCausalLM": "bamba", "BartModel": "bart", "Mamba2ForCausalLM": "mamba2",
    "Qwen2VLForConditionalGeneration": "qwen2_vl", "Qwen3NextForCausalLM": "qwen3_next", "GlmForCausalLM": "glm",
    "DeepseekV32ForCausalLM": "deepseek_v32", "PhiMoEForCausalLM": "phimoe", "OPTForCausalLM": "opt",
    "MT5ForConditionalGeneration": "mt5", "GPTNeoForCausalLM": "gpt_neo", "KimiLinearForCausalLM": "kimi_linear",
}  # fmt: skip


@pytest.mark.parametrize("architecture", NO_HINT)
@pytest.mark.parametrize("typed", [True, False])
def test_no_architecture_of_another_family_is_suggested(architecture: str, typed: bool) -> None:
    """However much alike the names are."""
    config = {"architectures": [architecture], **({"model_type": NO_HINT[architecture]} if typed else {})}
    with pytest.raises(InputError) as caught:
        import_config(config)
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("Supported are ")


def test_a_language_part_that_is_not_supported_is_named() -> None:
    """With its type, so that nobody tries it."""
    for kind in ("qwen3_5_text", "gemma4_text", "llama4_text"):
        with pytest.raises(InputError) as caught:
            import_config(around({"model_type": kind}, "XForConditionalGeneration", "x"))
        assert f"Its language part, text_config, is of the type '{kind}', which is not supported either." in str(
            caught.value
        )


def test_a_language_part_that_cannot_be_imported_is_not_advertised() -> None:
    """The hint says why not instead."""
    config = around({"architectures": ["DeepseekV3ForCausalLM"], "model_type": "kimi_k2"}, "KimiK25", "kimi_k25")
    with pytest.raises(InputError) as caught:
        import_config(config)
    assert "is a DeepseekV3ForCausalLM, but cannot be imported: num_hidden_layers is missing" in str(caught.value)
    assert "--part" not in str(caught.value)


STORED: dict[str, tuple[dict[str, Any], str]] = {
    "awq": ({"quantization_config": {"bits": 4, "group_size": 128, "quant_method": "awq"}}, "4-bit awq (quantization_config)"),
    "gptq": (
        {"quantization_config": {"bits": 3, "quant_method": "gptq"}, "torch_dtype": "float16"},
        "3-bit gptq, the rest float16 (quantization_config)",
    ),
    "fp8": ({"quantization_config": {"quant_method": "fp8", "fmt": "e4m3"}}, "fp8 (quantization_config)"),
    "mxfp4": ({"quantization_config": {"quant_method": "mxfp4"}}, "mxfp4 (quantization_config)"),
    "bitsandbytes": (
        {"quantization_config": {"load_in_4bit": True, "load_in_8bit": False, "quant_method": "bitsandbytes"}},
        "4-bit bitsandbytes",
    ),
    "compressed tensors": (
        {"quantization_config": {"quant_method": "compressed-tensors", "config_groups": {"group_0": {"weights": {"num_bits": 8}}}}},
        "8-bit compressed-tensors",
    ),
    "modelopt": ({"quantization_config": {"quant_algo": "NVFP4", "quant_method": "modelopt"}}, "NVFP4"),
    "nothing known": ({"quantization_config": {"x": 1}}, "stored as quantised"),
    "nonsense": ({"quantization_config": {"bits": True, "config_groups": {"a": 3, "b": {"weights": []}}}}, "as quantised"),
    "single precision": ({"torch_dtype": "float32"}, "stored as float32 (torch_dtype)"),
    "newer name": ({"dtype": "float8_e4m3fn"}, "stored as float8_e4m3fn (dtype)"),
}  # fmt: skip


@pytest.mark.parametrize("format", STORED)
def test_the_format_a_checkpoint_is_stored_in_is_noted(format: str) -> None:
    """An evaluation says it as well, since it takes the plan's own precision."""
    keys, said = STORED[format]
    entry = import_config({**CONFIGS["Meta-Llama-3.1-8B"], "torch_dtype": None, **keys}, "stored")
    assert said in entry["note"]
    assert "a plan is evaluated in its own workload.precision" in entry["note"]
    part = {**PARTS["Gemma 3 27B"][0], **keys}
    assert said in import_config(part, part="text_config")["note"]


def test_sixteen_bits_are_no_news() -> None:
    """Plans evaluate them unless they say otherwise."""
    for dtype in ("bfloat16", "float16", "torch.bfloat16", None):
        assert "note" not in import_config(changed("Qwen2-7B", torch_dtype=dtype))


def test_the_command_prints_the_note_and_an_evaluation_repeats_it(
    tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of the checkpoint's format is dropped in silence."""
    monkeypatch.setenv("MLSYSIM_ZOO", "")  # which the option sets
    keys = STORED["awq"][0]
    (tmp_path / "config.json").write_text(json.dumps({**CONFIGS["Meta-Llama-3.1-8B"], **keys}), encoding="utf-8")
    zoo = tmp_path / "zoo.yaml"
    assert run(["zoo", "import", str(tmp_path / "config.json"), "--name", "Stored8B", "--write", str(zoo)]) == 0
    assert "note: the checkpoint is stored as 4-bit awq" in capsys.readouterr().err
    assert run(["--zoo", str(zoo), "eval", "Stored8B", "H100"]) == 0
    assert "the checkpoint is stored as 4-bit awq" in " ".join(capsys.readouterr().out.split())


def test_the_command_imports_a_part(tmp_path: Path, capsys: Captured) -> None:
    """As its hint says."""
    path = tmp_path / "config.json"
    path.write_text(json.dumps(QWEN3_VL), encoding="utf-8")
    assert run(["zoo", "import", str(path)]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "is a Qwen3ForCausalLM: import it with `--part text_config`" in said
    assert run(["zoo", "import", str(path), "--part", "text_config"]) == 0
    assert "hidden: 2048" in capsys.readouterr().out


def test_a_configuration_of_three_million_bytes_is_imported(tmp_path: Path) -> None:
    """Those of quantised mixtures list every layer; a JSON object cannot be split."""
    layers = [
        f"model.layers.{layer}.block_sparse_moe.experts.{expert}" for layer in range(60) for expert in range(1000)
    ]
    config = {**CONFIGS["Meta-Llama-3.1-8B"], "quantization_config": {"quant_algo": "NVFP4", "ignore": layers}}
    path = tmp_path / "large.json"
    path.write_text(json.dumps(config), encoding="utf-8")
    assert path.stat().st_size > 2_500_000
    entry, _ = imported(path)
    assert profile(entry["name"], zoo=loaded(entry)).parameters == 8_030_261_248


def test_a_falcon_whose_layers_are_not_parallel_has_two_normalisations() -> None:
    """The oldest layout, with biases and as many key-value heads as heads."""
    facts = import_config({**OTHERS["Falcon_7B"], "parallel_attn": False, "multi_query": False, "bias": True})["facts"]
    assert (facts["norms"], facts["kv_heads"], facts["ffn_bias"]) == (2, 71, 1)


def test_pre_training_heads_of_bert_are_counted() -> None:
    """Beside the masked-language head, the pooler and two outputs of a vector and a bias each."""
    config = changed("bert-base-uncased", architectures=["BertForPreTraining"])
    assert counted(config) == TOTALS["bert-base-uncased"] + 768 * 768 + 768 + 2 * (768 + 1)


def test_a_model_type_does_where_no_architecture_is_named() -> None:
    """Older files leave it out."""
    assert counted(changed("gpt2", architectures=...)) == TOTALS["gpt2"]


def test_an_unknown_architecture_beside_a_known_one_does_not_matter() -> None:
    """A file may list several."""
    assert counted(changed("gpt2", architectures=["MyModel", "GPT2LMHeadModel"])) == TOTALS["gpt2"]


def test_defaults_of_the_library_say_so() -> None:
    """What the file does not say is known from the library, and is not passed off as the file's."""
    entry = import_config(CONFIGS["gemma-2b"], "google/gemma-2b")
    assert entry["facts"]["tied"]["source"] == "transformers5"
    found = loaded(entry).find("models", "gemma_2b")
    assert found.facts["tied"].source.key == "transformers5"
    assert found.facts["hidden"].source.key == "gemma-2b-config"
    assert all(value.how for value in found.facts.values())


def test_null_is_not_a_default_of_another_model() -> None:
    """The class of DeepSeek-V2 has a rank of 1536 as its default; a file that leaves it out compresses no queries."""
    stated = import_config(CONFIGS["DeepSeek-V2-Lite"])["facts"]["query_rank"]
    assert (stated["value"], stated["verified"]) == (0, False)
    assert "source" not in stated


def test_experts_can_stand_in_every_other_layer() -> None:
    """A step of two, and one layer more that is listed as dense."""
    facts = import_config(changed("Qwen3-30B-A3B", decoder_sparse_step=2, mlp_only_layers=[1]))["facts"]
    assert facts["dense_layers"] == 25


def test_a_window_is_noted() -> None:
    """It is evaluated as full attention."""
    assert "sliding window" in import_config(CONFIGS["gemma-2-9b"])["note"]
    assert "note" not in import_config(CONFIGS["Qwen2-7B"])


@pytest.mark.parametrize("model", ["t5-small", "vit-base-patch16-224", "mamba-130m-hf"])
def test_work_of_one_sample_is_that_of_the_registry(model: str) -> None:
    """512 tokens on each side, an image of 224 x 224, 2048 tokens; what one sample is, the note says."""
    entry = import_config(CONFIGS[model], model)
    twin = find(
        "models", {"t5-small": "T5_Small", "vit-base-patch16-224": "ViT_B16", "mamba-130m-hf": "Mamba_130M"}[model]
    )
    work = entry["facts"]["multiply_accumulates"]
    assert work["value"] == pytest.approx(twin.multiply_accumulates.number, rel=3e-5)
    assert {"t5-small": "512", "vit-base-patch16-224": "224 x 224", "mamba-130m-hf": "2048"}[model] in work["note"]
    assert entry["kind"] == "profiled"
    assert ("default of n_positions" in work["how"]) == (model == "t5-small")


def test_the_usual_rank_of_a_mamba_follows_from_its_width() -> None:
    """``auto``, nothing and the number itself mean the same."""
    for rank in (48, "auto", ...):
        assert counted(changed("mamba-130m-hf", time_step_rank=rank)) == TOTALS["mamba-130m-hf"]


def test_a_gated_t5_with_a_head_of_its_own() -> None:
    """T5 v1.1 small."""
    config = changed(
        "t5-small", feed_forward_proj="gated-gelu", tie_word_embeddings=False, d_ff=1024, num_layers=8,
        num_decoder_layers=8, num_heads=6,
    )  # fmt: skip
    assert counted(config) == 76_961_152


def test_labels_of_an_image_model_are_counted() -> None:
    """The original file lists them; the library's default is two."""
    labels = {str(label): f"LABEL_{label}" for label in range(1000)}
    assert counted(changed("vit-base-patch16-224", num_labels=..., id2label=labels)) == 86_567_656
    assert counted(changed("vit-base-patch16-224", num_labels=...)) == 86_567_656 - 998 * 769


@pytest.mark.parametrize(
    ("said", "id_", "name", "title"),
    [
        ("meta-llama/Meta-Llama-3.1-8B", "meta-llama-3.1-8b", "Meta_Llama_3_1_8B", "Meta-Llama-3.1-8B"),
        ("7B-chat", "7b-chat", "Model_7B_chat", "7B-chat"), ("1e3", "1e3", "Model_1e3", "1e3"),
        ("models/x/", "x", "x", "x"), ("no", "no", "no", "no"), ("a\ud800b\n", "ab", "ab", "ab"),
    ],
)  # fmt: skip
def test_a_model_is_called_by_the_last_part_of_its_name(said: str, id_: str, name: str, title: str) -> None:
    """The words of it; YAML reads them back as words."""
    entry = import_config(CONFIGS["gpt2"], said)
    assert (entry["id"], entry["name"], entry["title"]) == (id_, name, title)
    assert loaded(entry).find("models", name).title == title


def test_a_file_becomes_a_zoo_that_can_be_used_at_once(tmp_path: Path) -> None:
    """The folder names a ``config.json`` that does not name itself."""
    folder = tmp_path / "tiny-gpt"
    folder.mkdir()
    path = folder / "config.json"
    path.write_text(json.dumps(CONFIGS["gpt2"]), encoding="utf-8")
    entry, text = imported(path)
    assert entry["name"] == "tiny_gpt"
    (tmp_path / "zoo.yaml").write_text(text, encoding="utf-8")
    zoo = standard()
    zoo = zoo.over(read_own(tmp_path / "zoo.yaml", zoo))
    assert profile("tiny_gpt", zoo=zoo).parameters == TOTALS["gpt2"]
    path.write_text(json.dumps(changed("gpt2", _name_or_path="somebody/named-gpt")), encoding="utf-8")
    assert imported(path)[0]["name"] == "named_gpt"
    assert imported(path, "other")[0]["name"] == "other"


REFUSED = {
    "a list": ([], "a configuration is a mapping from key to value, this is a list"),
    "a number": (3, "this is 3"),
    "nothing": ({}, "neither architectures nor model_type is there"),
    "no names": (changed("gpt2", architectures="GPT2LMHeadModel"), "architectures is no list of names"),
    "no architectures": (changed("gpt2", architectures=[]), "architectures is no list of names"),
    "a type that is no word": ({"model_type": 3}, "model_type is 3, a word is needed"),
    "misspelt": (changed("gpt2", architectures=["GPT2LMHeadModle"]), "did you mean GPT2LMHeadModel"),
    "misspelt type": (changed("gpt2", architectures=..., model_type="gpt-2"), "did you mean GPT2LMHeadModel"),
    "unknown": (CONFIGS["Llama-4-Scout-17B-16E-Instruct"], "the architecture 'Llama4ForConditionalGeneration' is not supported"),
    "all are listed": ({"architectures": ["X"]}, "Supported are LlamaForCausalLM, MistralForCausalLM"),
    "no such part": (changed("gpt2", architectures=["GPT"], text_config=3), "the architecture 'GPT' is not supported"),
    "missing": (changed("gpt2", n_layer=...), "n_layer is missing\n  hint: the library has no default that holds for every model"),
    "null": (changed("gpt2", n_layer=None), "n_layer is null"),
    "another model's default": (changed("Qwen3-8B", num_key_value_heads=...), "num_key_value_heads is missing"),
    "negative": (changed("gpt2", n_layer=-3), "n_layer is -3\n  hint: it must lie between 1 and 10,000"),
    "zero": (changed("Qwen3-8B", hidden_size=0), "hidden_size is 0"),
    "a fraction": (changed("gpt2", n_head=12.0), "n_head is 12.0, a whole number is needed"),
    "not a number": (changed("gpt2", n_head=math.nan), "n_head is nan, a whole number is needed"),
    "a boolean": (changed("gpt2", n_head=True), "n_head is true, a whole number is needed"),
    "a word": (changed("gpt2", n_head="12"), "n_head is '12', a whole number is needed"),
    "a long word": (changed("gpt2", n_head="1" * 1000), "n_head is '1111"),
    "absurd": (changed("gpt2", n_embd=10**30), "n_embd is a number beyond 1e20\n  hint: it must lie between 1 and 1,000,000"),
    "absurdly negative": (changed("gpt2", n_embd=-(10**5000)), "n_embd is a number beyond -1e20"),
    "no flag": (changed("Qwen3-8B", attention_bias=1), "attention_bias is 1, true or false is needed"),
    "no share": (changed("gpt2", attn_pdrop=1.5), "attn_pdrop is 1.5, a number between 0 and 1 is needed"),
    "no share either": (changed("gpt2", resid_pdrop=math.nan), "resid_pdrop is nan"),
    "longer than any": (changed("Qwen3-8B", max_position_embeddings=10**8 + 1), "max_position_embeddings is 100000001"),
    "deeper than any": (changed("gpt2", n_layer=10_001), "n_layer is 10001"),
    "wider than any": (changed("DeepSeek-V3", n_routed_experts=100_001), "n_routed_experts is 100001"),
    "heads": (changed("gpt2", n_head=7), "n_head = 7 does not divide n_embd = 768"),
    "key-value heads": (changed("Qwen3-8B", num_key_value_heads=5), "num_key_value_heads = 5 does not divide num_attention_heads = 32"),
    "patches": (changed("vit-base-patch16-224", patch_size=15), "patch_size = 15 does not divide image_size = 224"),
    "an image of two sides": (changed("vit-base-patch16-224", image_size=[224, 224]), "image_size is a list, a whole number is needed"),
    "no labels": (changed("vit-base-patch16-224", id2label={}), "id2label is no mapping"),
    "dense layers": (changed("DeepSeek-V3", first_k_dense_replace=62), "first_k_dense_replace = 62 is more than num_hidden_layers = 61"),
    "active experts": (changed("Mixtral-8x7B-v0.1", num_experts_per_tok=9), "num_experts_per_tok = 9 is more than num_local_experts = 8"),
    "listed layers": (changed("Qwen3-30B-A3B", mlp_only_layers=["a"]), "mlp_only_layers is no list of layers"),
    "a decoder of BERT": (changed("bert-base-uncased", is_decoder=True), "is_decoder is true, BertForMaskedLM is counted with false only"),
    "every other layer": (changed("DeepSeek-V3", moe_layer_freq=2), "moe_layer_freq is 2, DeepseekV3ForCausalLM is counted with 1 only"),
    "a gate": (changed("t5-small", feed_forward_proj=3), "feed_forward_proj is 3, a word is needed"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_imported_is_refused_in_words(case: str) -> None:
    """With the key, what is wrong with it, and where it stands."""
    config, message = REFUSED[case]
    with pytest.raises(InputError) as caught:
        import_config(config, where="config.json")  # type: ignore[arg-type]
    assert message in str(caught.value)
    assert str(caught.value).startswith("config.json: error: ")


def test_a_name_must_have_a_letter() -> None:
    """Nothing can be called by punctuation."""
    with pytest.raises(InputError, match="has no letter or digit"):
        import_config(CONFIGS["gpt2"], "...")
    with pytest.raises(InputError, match="_name_or_path is 3, a word is needed"):
        import_config(changed("gpt2", _name_or_path=3))


FILES = {
    "not JSON": (b"{'a': 1}", "config.json:1:2: error: not JSON"),
    "empty": (b"", "not JSON"),
    "not UTF-8": (b'{"a": "\xff"}', "byte 7 is not UTF-8"),
    "too large": (
        b" " * (MAX_BYTES + 1),
        "the file is larger than 8,000,000 bytes\n  hint: take out what is no size of the model, such as quantization_config",
    ),
    "duplicate key": (b'{"n_layer": 1, "n_layer": 2}', "duplicate key 'n_layer'"),
    "nested": (b"[" * 400_000, "nested too deeply"),
    "a long number": (b'{"n_layer": ' + b"1" * 9000 + b"}", "a number is too long"),
    "a list": (b"[1, 2]", "this is a list"),
    "not a number": (json.dumps(changed("gpt2", n_layer=math.nan)).encode(), "n_layer is nan"),
}


@pytest.mark.parametrize("case", FILES)
def test_a_file_that_is_no_configuration_is_refused_in_words(case: str, tmp_path: Path) -> None:
    """Within budgets, and never by a traceback."""
    content, message = FILES[case]
    path = tmp_path / "config.json"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        imported(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_file_that_is_not_there_is_refused_in_words(tmp_path: Path) -> None:
    """And so is a folder."""
    with pytest.raises(InputError, match="there is no such file"):
        imported(tmp_path / "config.json")
    with pytest.raises(InputError, match="this is a folder, a JSON file is needed"):
        imported(tmp_path)


WILD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.integers(-2, 200), st.floats(), st.text(max_size=8),
    st.sampled_from([10**30, -(10**400), 10_001, 10**6, 10**8 + 1, 10**9, 1e308, "auto", "relu", [], {}, [1, "a"], [0, 1], {"0": "x"}]),
    st.lists(st.integers(), max_size=3),
)  # fmt: skip
KEYS = sorted(
    {key for config in CONFIGS.values() for key in config}
    | {"head_dim", "n_inner", "_name_or_path", "bias", "id2label", "quantization_config", "torch_dtype", "text_config"}
)


def test_a_part_of_a_model_without_a_name_has_its_own() -> None:
    """Also where the name of the whole is empty."""
    config = {"text_config": CONFIGS["Qwen3-8B"], "_name_or_path": ""}
    assert import_config(config, part="text_config")["name"]


@settings(max_examples=400, deadline=None)
@given(
    model=st.sampled_from(sorted(CONFIGS)),
    architecture=st.none() | st.sampled_from(sorted({*SUPPORTED, *VARIANTS})),
    gone=st.lists(st.sampled_from(KEYS), max_size=2),
    wild=st.dictionaries(st.sampled_from(KEYS), WILD, max_size=3),
    inside=st.booleans(),
)
def test_a_configuration_gives_an_entry_or_an_error_in_words(
    model: str, architecture: str | None, gone: list[str], wild: dict[str, Any], inside: bool
) -> None:
    """Whatever is taken away or put in; and every entry can be loaded and counted."""
    config = {key: value for key, value in {**CONFIGS[model], **wild}.items() if key not in gone}
    if architecture:
        config["architectures"] = [architecture]
    if inside:
        config = {"text_config": config, **wild}
    try:
        entry = import_config(config, part="text_config" if inside else None)
    except InputError:
        return
    found = profile(entry["name"], zoo=loaded(entry))
    assert found.parameters is not None
    assert 0 < found.parameters < math.inf


@settings(max_examples=100, deadline=None)
@given(value=st.recursive(WILD, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5))
def test_what_is_no_configuration_gives_an_error_in_words(value: Any) -> None:
    """Any JSON at all."""
    with pytest.raises(InputError):
        import_config(value)
