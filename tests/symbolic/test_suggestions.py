"""Names that are suggested: a slip of the pen or a part of the name, and nothing that merely looks alike."""

from __future__ import annotations

import pytest

from mlsysim.constraints.asserts import metrics
from mlsysim.plan.synonyms import alike, field_called, not_modelled
from mlsysim.registry import standard
from mlsysim.schemas import schema_of
from mlsysim.symbolic.errors import nearest
from tests.conftest import ROOT

SPLIT = ("tensor", "pipeline", "data", "context", "expert", "zero", "offload_optimizer", "offload_activations")
MODELS, HARDWARE = standard().entries("models"), standard().entries("hardware")


@pytest.mark.parametrize(
    ("name", "known", "meant"),
    [
        ("tensr", SPLIT, "tensor"), ("piepline", SPLIT, "pipeline"), ("contxet", SPLIT, "context"), ("Lama3_8B", MODELS, "Llama3_8B"),
        ("Meta-Llama-3-8B", MODELS, "Llama3_8B"), ("bert-base", MODELS, "BERT_Base"), ("H1OO", HARDWARE, "H100"),
        ("8xH100", HARDWARE, "H100"), ("H100SXM", HARDWARE, "H100"), ("RTX4090", HARDWARE, "RTX_4090"), ("TPUv5", HARDWARE, "TPU_v5e"),
        ("A100-80GB", HARDWARE, "A100"), ("latncy", metrics(), "performance.latency"), ("p_ttft_ms", metrics(), "performance.ttft"),
        ("Mistral_v0.3", ("Mistral_7B", "Mistral"), "Mistral"), ("nods", ("node", "nodes", "name"), "nodes"), ("nam", ("name", "id"), "name"),
    ],
)  # fmt: skip
def test_what_was_meant_comes_first(name: str, known: tuple[str, ...], meant: str) -> None:
    """Letters that lack, are too many, swapped or replaced; a name without its size or maker."""
    assert nearest(name, known)[0] == meant


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("offload_param", SPLIT), ("method", ("model", "name", "tokens")), ("duration_hours", ("duration_days", "region")),
        ("Qwen3VLForConditionalGeneration", ("T5ForConditionalGeneration", "MambaForCausalLM")), ("budget", ("ops", "name", "zoo")),
        ("LLaMAForCausalLM", ("MambaForCausalLM", "GemmaForCausalLM")), ("nonsense", metrics()), ("Zq7", MODELS),
        ("GPT5", HARDWARE), ("macro", ("memory", "metric")), ("fp9", ("fp8", "fp6", "fp4")), ("\u4e2d\u6587", MODELS), ("", MODELS),
    ],
)  # fmt: skip
def test_what_is_something_else_is_not_suggested(name: str, known: tuple[str, ...]) -> None:
    """Half a name in common, or the same ending, says nothing of the meaning."""
    assert nearest(name, known) == []


def test_another_size_is_no_slip_of_the_pen() -> None:
    """Digits weigh more than letters: they are sizes and generations."""
    assert nearest("Llama2_13B", ["Llama3_8B", "Llama1_65B", "Llama2_7B"]) == []


def _fields() -> dict[str, set[str]]:
    defs = schema_of("plan")["$defs"]
    sections = {name: rule for name, rule in schema_of("plan")["properties"].items() if "$ref" in rule}
    return {name: set(defs[rule["$ref"].rpartition("/")[2]]["properties"]) for name, rule in sections.items()}


@pytest.mark.parametrize(
    ("word", "field"),
    [
        ("tp", "parallelism.tensor"), ("PP", "parallelism.pipeline"), ("dp", "parallelism.data"), ("ep", "parallelism.expert"),
        ("cp", "parallelism.context"), ("gpus", "hardware.accelerators"), ("world_size", "hardware.accelerators"),
        ("seq_len", "workload.sequence_length"), ("micro_batch_size", "parallelism.microbatch"), ("gbs", "workload.batch_size"),
        ("max-num-seqs", "serving.slots"), ("nnodes", "hardware.nodes"), ("torch_dtype", "workload.precision"),
    ],
)  # fmt: skip
def test_the_words_of_the_field_have_fields(word: str, field: str) -> None:
    """As frameworks and papers call them."""
    assert field_called(word) == field


def test_a_synonym_is_no_field_and_leads_to_one() -> None:
    """Names of fields are not in the table, so that a field never points elsewhere; nor is what is not modelled."""
    from mlsysim.plan import synonyms

    known = _fields()
    names = {name for section in known.values() for name in section}
    for word, field in synonyms._FIELDS.items():
        section, *fields = field.split(".")[:2]
        assert set(fields) <= known[section], field
        assert word not in {synonyms._plain(name) for name in names}, word
        assert not_modelled(word) is None, word


def test_a_synonym_of_a_synonym_is_found_among_options() -> None:
    """Options have short names of their own."""
    assert alike("rps", ["--qps", "--sla"]) == ["--qps"]
    assert alike("colour", ["--qps"]) == []


@pytest.mark.parametrize(
    ("word", "stated"),
    [
        ("lora", "adapters (LoRA, QLoRA)"), ("offload_param", "parameters offloaded to the host"),
        ("nvme_offload", "offload to storage"), ("speculative", "drafted tokens"), ("prefix_caching", "cached prefixes"),
        ("kv_cache_dtype", "key-value cache in another format"), ("quantization", "weights in another format"),
    ],
)  # fmt: skip
def test_what_a_hint_says_is_not_modelled_the_readme_says_too(word: str, stated: str) -> None:
    """Under the heading that people read before they rely on a number."""
    assert not_modelled(word) is not None
    section = (ROOT / "README.md").read_text().partition("## What it does not model")[2].partition("\n## ")[0]
    assert stated in " ".join(section.split())
