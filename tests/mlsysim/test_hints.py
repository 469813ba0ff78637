"""Hints go by meaning: what a word of the field stands for, in which unit, and what a metric or an assert is."""

from __future__ import annotations

import copy
from typing import Any

import pytest

import mlsysim
from mlsysim.cli.main import run
from mlsysim.plan import PlanError, load
from mlsysim.symbolic.errors import InputError
from tests.conftest import plan

BASE = plan(
    workload={"name": "Llama3_8B", "batch_size": 64, "phase": "training"}, hardware={"name": "H100", "accelerators": 8}
)


def hints(path: str, value: Any) -> str:
    """What a plan with a value at a path is told to do, all hints in one line."""
    data = copy.deepcopy(BASE)
    section: Any = data
    *above, last = path.split(".")
    for part in above:
        section = section.setdefault(part, {})
    section[last] = value
    with pytest.raises(PlanError) as caught:
        load(data)
    return " | ".join(f"{each.what}: {each.hint}" for each in caught.value.every)


@pytest.mark.parametrize(
    ("path", "value", "hint"),
    [
        # another word for a field, with the unit in which a bare number is read
        ("network.bw", 400, "bw is network.bandwidth (in GB/s)"), ("network.bandwidth_gbps", 400, "write `bandwidth: 400 Gb/s`"),
        ("network.ib", "NDR", "ib is network.fabric"), ("ops.price", 3, "price is ops.price_per_accelerator_hour (in USD/h)"),
        ("hardware.gpu", "H100", "gpu is hardware.name"), ("hardware.gpu", 8, "gpu is hardware.accelerators"),
        ("hardware.gpu", "8 GPUs", "gpu is hardware.accelerators"), ("hardware.model", "H100", "model is hardware.name"),
        ("hardware.type", "H100", "type is hardware.name"), ("hardware.count", 8, "count is hardware.accelerators"),
        ("parallelism.virtual_pipeline_parallel_size", 2, "is parallelism.interleave"), ("asserts", [], "asserts is constraints.assert"),
        ("hw", {}, "hw is hardware"), ("cluster", {}, "cluster is hardware"),
        # not a field: it follows from others, or is not modelled
        ("hardware.memory", "80 GB", "an accelerator of your own"), ("workload.tokens_per_second", 9, "- throughput >= 9"),
        ("hardware.gpus_per_node", 8, "follows from its design"), ("parallelism.microbatches", 8, "follows: batch_size"),
        ("parallelism.num_microbatches", 8, "follows: batch_size"), ("ops.pue", 1.2, "name one: ops.facility"),
        ("workload.lora_target_modules", "q", "adapters (LoRA, QLoRA) are not modelled"),
        ("workload.finetuning", "qlora", "adapters (LoRA, QLoRA) are not modelled"), ("workload.frozen", True, "every weight is trained"),
        # every name that is near, not the first in the alphabet
        ("parallelism.offload", True, "did you mean 'offload_activations' or 'offload_optimizer'?"),
        ("ops.carbon", 3, "did you mean 'carbon_intensity' or 'carbon_tax'?"),
        # words of the field for a value
        ("workload.phase", "pretraining", "did you mean 'training'?"), ("workload.phase", "serve", "did you mean 'serving'?"),
        ("workload.phase", "decode", "did you mean 'inference'?"), ("workload.phase", "lora", "adapters (LoRA, QLoRA) are not modelled"),
        # a metric is limited, not set
        ("workload.mfu", 0.4, "mfu is a metric"), ("serving.ttft", 1, "ttft is a metric"), ("constraints.latency", "<= 50 ms", "- latency <= 50 ms"),
        ("constraints.max_latency", "50 ms", "- latency <= 50 ms"), ("constraints.mfu_min", "40 %", "- mfu >= 40 %"),
        ("constraints", "latency <= 50 ms", "write `assert:` below it, and below that `- latency <= 50 ms`"),
        ("constraints.assert", [{"latency": "50 ms"}], "- latency <= 50 ms"),
        ("constraints.assert", [{"latency": "<= 50 ms"}], "- latency <= 50 ms"),
        ("constraints.assert", [{"metric": "latency <= 50 ms"}], "write it in a line: `- latency <= 50 ms`"),
    ],
)  # fmt: skip
def test_what_a_word_of_the_field_means_here(path: str, value: Any, hint: str) -> None:
    """By meaning and not by spelling; with the place, the unit and the cure."""
    assert hint in hints(path, value)


@pytest.mark.parametrize("word", ["latency", "ttft", "mfu", "throughput", "memory_required", "tco"])
def test_what_a_hint_says_of_an_assert_is_accepted(word: str) -> None:
    """A line that is copied out of a hint is read as an assert."""
    told = hints("constraints", {"assert": [{word: "5 x"}]})
    line = told.partition("`- ")[2].partition("`")[0].replace("5 x", "5")
    data = {**BASE, "constraints": {"assert": [line]}}
    assert load(data).plan.constraints.asserts[0].metric == word


@pytest.mark.parametrize(
    ("call", "hint"),
    [
        ("evaluate('Llama3_8B', 'H100', gpus=8)", "did you mean 'accelerators'?"),
        ("evaluate('Llama3_8B', 'H100', bs=8)", "did you mean 'batch_size'?"),
        ("evaluate('Llama3_8B', 'H100', tp=8)", "tp is parallelism.tensor of a plan"),
        ("evaluate('Llama3_8B', 'H100', lora=8)", "adapters (LoRA, QLoRA) are not modelled"),
        ("check('Llama3_8B', 'H100', num_gpus=8)", "did you mean 'accelerators'?"),
        ("optimize('FrontierTraining', gpus=8)", "gpus is hardware.accelerators of a plan"),
        ("optimize('FrontierTraining', colour=8)", "parallelism takes no option"),
        ("models.Llama3_8B.params", "did you mean 'parameters'?"),
        ("models.Llama3_8B.num_parameters", "did you mean 'parameters'?"),
        ("hardware.H100.memory_capacity", "did you mean 'memory.capacity'?"),
        ("hardware.H100.memory.capcity", "did you mean 'capacity'?"),
    ],
)
def test_python_points_where_the_command_line_points(call: str, hint: str) -> None:
    """Keywords and attributes, by the same tables."""
    with pytest.raises((InputError, AttributeError)) as caught:
        eval(f"mlsysim.{call}", {"mlsysim": mlsysim})
    assert hint in str(caught.value)


@pytest.mark.parametrize(
    ("option", "hint"),
    [
        ("--percentile", "--percentile is serving.percentile of a plan"), ("--zero", "--zero is parallelism.zero of a plan"),
        ("--cards", "did you mean --accelerators?"), ("--price", "--price is ops.price_per_accelerator_hour of a plan"),
    ],
)  # fmt: skip
def test_an_option_that_is_a_field_of_a_plan_is_said_to_be_one(
    option: str, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the field's own name too, not only by another word for it."""
    assert run(["eval", "Llama3_8B", "H100", option, "2"]) == 2
    assert hint in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("Llama3", {"Llama3_405B", "Llama3_70B", "Llama3_8B"}), ("Mixtral", {"Mixtral_8x22B", "Mixtral_8x7B"})],
)
def test_a_family_is_answered_with_its_members(name: str, wanted: set[str]) -> None:
    """Names that begin with it come before those that merely have its words."""
    with pytest.raises(InputError) as caught:
        mlsysim.evaluate(name, "H100")
    assert set(caught.value.every[0].suggestions) == wanted


@pytest.mark.parametrize(("name", "wanted"), [("4090", 1), ("B200x8", 1), ("H1000", 1)])
def test_an_entry_is_suggested_once(name: str, wanted: int) -> None:
    """Not under its name and its aliases."""
    with pytest.raises(InputError) as caught:
        mlsysim.evaluate("Llama3_8B", name)
    assert len(caught.value.every[0].suggestions) == wanted
