"""Which splits exist, against arithmetic that knows nothing of the graph, and what is said of those that do not."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

import mlsysim
from mlsysim.constraints.feasibility import Finding, findings
from mlsysim.constraints.reasons import MOST_OFFERED
from mlsysim.design.binding import bind
from mlsysim.plan import load
from mlsysim.registry import Entry
from mlsysim.symbolic.kernels import catalogue, kernel
from mlsysim.zoo import standard
from tests.conftest import plan

TRANSFORMERS = [m for m in standard().entries("models").values() if m.kind == "transformer"]


def fact(model: Entry, name: str) -> int:
    """A fact of a model; 0 where it has none."""
    return int(model.facts[name].number or 0) if name in model.facts else 0


def shares_heads(model: Entry, tensor: int) -> bool:
    """Whether ranks hold equally many heads, and equally many key-value heads or one that as many others hold."""
    heads, kv_heads = fact(model, "heads"), fact(model, "kv_heads")
    grouped = kv_heads % tensor == 0 or tensor % kv_heads == 0
    return heads % tensor == 0 and (grouped or fact(model, "latent") == 1)


def named(variant: str, leaves: dict[str, float], name: str) -> list[Finding]:
    """What the conditions of one name say of a design."""
    compiled = kernel(variant)
    results = compiled([leaves[leaf] for leaf in compiled.leaves])
    values = {**leaves, **dict(zip(compiled.names, results, strict=True))}
    return [finding for finding in findings(variant, values) if finding.name == name]


@pytest.mark.parametrize("phase", ["inference", "training"])
@pytest.mark.parametrize("model", TRANSFORMERS, ids=lambda model: str(model.name))
def test_tensor_parallelism_and_key_value_heads_divide_one_another(model: Entry, phase: str) -> None:
    """TP 4 and TP 8 of a model with 10 key-value heads were chosen, and proven optimal."""
    design = bind(load(plan(workload={"name": model.name, "phase": phase, "batch_size": 1}, hardware={"name": "H100"})))
    whole = {name: 1.0 if name.startswith("split.") else value for name, value in design.values.items()}
    for tensor in range(1, fact(model, "heads") + 2):
        held = all(found.holds for found in named(design.variant, {**whole, "split.tensor": tensor}, "split.heads"))
        assert held == shares_heads(model, tensor), tensor


PHI4 = {"name": "Phi4", "phase": "inference", "batch_size": 1, "sequence_length": 2048, "output_tokens": 64}


def test_the_degrees_of_ten_key_value_heads() -> None:
    """Those of 40 heads that divide 10 or that 10 divides."""
    fits = [
        tensor
        for tensor in range(1, 41)
        if mlsysim.evaluate(
            plan(workload=PHI4, hardware={"name": "H100", "accelerators": tensor}, parallelism={"tensor": tensor})
        ).feasible
    ]
    assert fits == [1, 2, 5, 10, 20, 40]


@pytest.mark.parametrize(("accelerator", "many"), [("L4", 4), ("L4", 8), ("H100", 8), ("RTX4090", 6), ("A100", 16)])
def test_a_default_split_shares_its_heads(accelerator: str, many: int) -> None:
    """The rule, the search and its remedies take no degree that the heads cannot be shared over."""
    base = plan(workload=PHI4, hardware={"name": accelerator, "accelerators": many})
    model = standard().find("models", "Phi4")
    evaluation = mlsysim.evaluate(base)
    assert evaluation.feasible
    assert shares_heads(model, int(evaluation["split.tensor"] or 0))
    every = {
        (t, p): mlsysim.evaluate({**base, "parallelism": {"tensor": t, "pipeline": p, "data": many // (t * p)}})
        for t in range(1, many + 1)
        for p in range(1, many + 1)
        if many % (t * p) == 0 and shares_heads(model, t)
    }
    best = min(e["performance.latency"] or 0 for e in every.values() if e.feasible)
    found = mlsysim.optimize(base)
    assert found.answer.objective == pytest.approx(best, rel=1e-9)
    assert shares_heads(model, found.answer.choice["split.tensor"])


def test_stages_follow_the_widest_tensor_that_the_heads_allow() -> None:
    """On four accelerators TP 4 is none, so the rule goes on from TP 2."""
    evaluation = mlsysim.evaluate(plan(workload=PHI4, hardware={"name": "L4", "accelerators": 4}))
    assert (evaluation["split.tensor"], evaluation["split.pipeline"]) == (2, 2)


def test_a_service_shares_its_heads() -> None:
    """Batching lays a replica out over degrees that the heads allow."""
    service = {key: value for key, value in PHI4.items() if key not in ("batch_size", "phase")}
    found = mlsysim.optimize(plan(workload=service, hardware={"name": "L4"}), "batching", sla=["itl <= 60 ms"], qps=2)
    assert shares_heads(standard().find("models", "Phi4"), int(found.evaluation["split.tensor"]))


def training(name: str = "Llama3_8B", **workload: Any) -> dict[str, Any]:
    """The workload of a training plan."""
    return {"name": name, "phase": "training", "batch_size": 64, **workload}


Accepts = Callable[[int], bool]
ONE = {"tensor": 1, "pipeline": 1, "data": 1, "context": 1, "expert": 1, "microbatch": 1, "interleave": 1}
LLAMA = {"name": "Llama3_8B", "batch_size": 64}


def split(**degrees: Any) -> dict[str, Any]:
    """Every degree of a training split, so that no rule chooses any."""
    saved = {
        "zero": 0,
        "recompute": "none",
        "sequence": degrees.get("tensor", 1) > 1,
        "first_spared": 0,
        "last_spared": 0,
    }
    return {**ONE, **saved, **degrees}


#: A condition that fails: its name, the plan, by leaf which values arithmetic accepts, and the reason.
BROKEN: list[tuple[str, dict[str, Any], dict[str, Accepts], str]] = [
    ("split.heads",
     plan(workload={"name": "Qwen2_7B"}, hardware={"name": "H100", "accelerators": 8}, parallelism={"tensor": 8}),
     {"split.tensor": lambda t: 28 % t == 0 and (4 % t == 0 or t % 4 == 0)},
     "TP 8 does not divide 28 attention heads; with 4 key-value heads 1, 2, 4 and 28 do (1, 2, 4 on these 8 accelerators)"),
    ("split.heads",
     plan(workload=PHI4, hardware={"name": "L4", "accelerators": 4}, parallelism={"tensor": 4}),
     {"split.tensor": lambda t: 40 % t == 0 and (10 % t == 0 or t % 10 == 0)},
     "TP 4 does not divide 10 key-value heads, nor do they divide it; with 40 attention heads 1, 2, 5, 10, 20 and 40 do "
     "(1, 2 on these 4 accelerators)"),
    ("split.width",
     plan(workload={"name": "Mixtral_8x22B"}, hardware={"name": "H100", "accelerators": 24}, parallelism={"tensor": 24}),
     {"split.tensor": lambda t: 16384 % t == 0},
     "TP 24 does not divide the feed-forward width 16,384; 1, 2, 4, 8, 16 and 32 do (1, 2, 4, 8 on these 24 accelerators)"),
    ("split.experts",
     plan(workload=training("DeepSeek_V3", batch_size=768, sequence_length=4096), hardware={"name": "H100", "nodes": 96},
          parallelism=split(expert=3, tensor=8, pipeline=8, data=12)),
     {"split.expert": lambda e: 256 % e == 0},
     "EP 3 does not divide 256 experts; 1, 2, 4, 8, 16, 32, 64, 128 and 256 do (1, 2, 4 on these 768 accelerators)"),
    ("split.experts",
     plan(workload=training(), hardware={"name": "H100", "nodes": 2}, parallelism=split(expert=2, data=16)),
     {"split.expert": lambda e: e == 1},
     "EP 2 does not divide 0 experts; 1 does"),
    ("split.ranks",
     plan(workload=training("DeepSeek_V3", batch_size=768, sequence_length=4096), hardware={"name": "H100", "nodes": 96},
          parallelism=split(expert=32, tensor=8, pipeline=8, data=12)),
     {"split.expert": lambda e: 12 % e == 0, "split.data": lambda d: d % 32 == 0},
     "EP 32 does not divide the 12 accelerators that hold the same weights (DP 12 x CP 1); 1, 2, 3, 4, 6 and 12 do "
     "(1, 2, 4 on these 768 accelerators), or DP 32, 64, 96, 128, 192, 256, 384 or 768 does"),
    ("split.devices",
     plan(workload=training(), hardware={"name": "H100", "nodes": 2}, parallelism=split(tensor=4, pipeline=2, data=1)),
     {"split.data": lambda d: d * 8 == 16, "split.pipeline": lambda p: p * 4 == 16, "split.context": lambda c: c * 8 == 16,
      "split.tensor": lambda t: t * 2 == 16, "split.devices": lambda n: n == 8},
     "TP 4 x PP 2 x CP 1 x DP 1 = 8 do not multiply to 16 accelerators; DP 2 does, or PP 4 does, or CP 2 does"),
    ("split.devices",
     plan(workload=LLAMA, hardware={"name": "H100", "accelerators": 8}, parallelism={"tensor": 3, "pipeline": 2, "data": 1}),
     {"split.tensor": lambda t: t * 2 == 8, "split.devices": lambda n: n == 6},
     "TP 3 x PP 2 x DP 1 = 6 do not multiply to 8 accelerators; TP 4 does, or a fleet of 6 does"),
    ("split.batch",
     plan(workload=training(batch_size=100), hardware={"name": "H100", "accelerators": 8}, parallelism=split(data=8)),
     {"workload.batch_size": lambda b: b % 8 == 0, "split.data": lambda d: 100 % d == 0},
     "DP 8 x microbatch 1 = 8 does not divide the batch of 100; a batch of 96 or 104 does, or DP 1, 2, 4 or 5 does "
     "(1, 2, 4 on these 8 accelerators)"),
    ("split.batch",
     plan(workload=training(batch_size=128), hardware={"name": "H100", "accelerators": 8},
          parallelism=split(data=8, microbatch=3)),
     {"workload.batch_size": lambda b: b % 24 == 0, "split.microbatch": lambda b: 128 % (8 * b) == 0},
     "DP 8 x microbatch 3 = 24 does not divide the batch of 128; a batch of 120 or 144 does, or microbatch 1, 2, 4, 8 or 16 "
     "does"),
    ("split.sequence",
     plan(workload=training(sequence_length=2049, batch_size=8), hardware={"name": "H100", "accelerators": 8},
          parallelism=split(tensor=8)),
     {"split.tensor": lambda t: 2049 % t == 0, "workload.sequence_length": lambda s: s % 8 == 0,
      "split.sequence": lambda on: on == 0},
     "with sequence parallelism TP 8 x CP 1 does not divide 2,049 tokens; TP 1 or 3 does (1 on these 8 accelerators), or a "
     "sequence of 2,048 or 2,056 does, or parallelism.sequence: false does"),
    ("split.sequence",
     plan(workload=training(sequence_length=4098), hardware={"name": "H100", "nodes": 2}, parallelism=split(context=4, data=4)),
     {"split.context": lambda c: c == 1 or 4098 % (2 * c) == 0, "workload.sequence_length": lambda s: s % 8 == 0},
     "CP 4 does not divide 4,098 tokens into 8 equal parts; CP 1 or 3 does (1 on these 16 accelerators), or a sequence of "
     "4,096 or 4,104 does"),
    ("split.sequence",
     plan(workload=training("BERT_Large", sequence_length=501), hardware={"name": "H100", "accelerators": 6},
          parallelism=split(context=2, data=3)),
     {"split.context": lambda c: 501 % c == 0, "workload.sequence_length": lambda s: s % 2 == 0},
     "CP 2 does not divide 501 tokens into 2 equal parts; CP 1 or 3 does (3 on these 6 accelerators), or a sequence of 500 "
     "or 502 does"),
    ("split.rounds",
     plan(workload=training(batch_size=72), hardware={"name": "H100", "nodes": 2},
          parallelism=split(pipeline=4, interleave=2, data=4)),
     {"split.pipeline": lambda p: 18 % p == 0, "split.interleave": lambda v: v == 1},
     "interleaving needs microbatches in multiples of PP 4, a replica has 18; PP 1, 2, 3, 6, 9 or 18 does, or interleave "
     "1 does"),
    ("split.interleave",
     plan(workload=training(), hardware={"name": "H100", "nodes": 2}, parallelism=split(interleave=2, data=16)),
     {"split.interleave": lambda v: v == 1, "split.pipeline": lambda p: p > 1},
     "a single stage cannot interleave 2 chunks; interleave 1 does, or PP 2, 4, 8 or 16 does"),
    ("split.chunks",
     plan(workload=training(), hardware={"name": "H100", "nodes": 2}, parallelism=split(pipeline=4, interleave=3, data=4)),
     {"split.interleave": lambda v: 8 % v == 0},
     "3 chunks do not divide the 8 layers of a stage; interleave 1, 2, 4 or 8 does"),
    ("split.layers",
     plan(workload=training(), hardware={"name": "H100", "nodes": 8}, parallelism=split(pipeline=64)),
     {"split.pipeline": lambda p: p <= 32},
     "more stages than layers: 64 pieces of 32 layers; PP 1, 2, 4, 8, 16 or 32 does"),
    ("split.layers",
     plan(workload=LLAMA, hardware={"name": "H100", "accelerators": 40}, parallelism={"pipeline": 40}),
     {"split.pipeline": lambda p: p <= 32},
     "more stages than layers: 40 pieces of 32 layers; PP 1, 2, 4, 5, 8, 10 or 20 does"),
    ("split.spared",
     plan(workload=training(), hardware={"name": "H100", "nodes": 2}, parallelism=split(first_spared=1, data=16)),
     {"split.pipeline": lambda p: p > 1, "split.first_spared": lambda n: n == 0},
     "first_spared 1 and last_spared 0 need a second stage that takes these layers; PP 2, 4, 8 or 16 does, or first_spared "
     "0 does"),
    ("split.ends",
     plan(workload=training(), hardware={"name": "H100", "nodes": 2},
          parallelism=split(pipeline=16, first_spared=3, interleave=1)),
     # 32 layers and those spared over 16 stages: 2 or, with any spared, 3 each; an end that is spared 3 has none left.
     {"split.first_spared": lambda n: -(-(32 + n) // 16) - n - (16 * -(-(32 + n) // 16) - 32 - n >= 2) >= 0},
     "an end of the pipeline cannot lack 4 layers of a chunk of 3; first_spared at most 2 does"),
    ("model.positions",
     plan(workload={"name": "GPT2_Small", "sequence_length": 4096, "output_tokens": 10}, hardware={"name": "A100"}),
     {"workload.sequence_length": lambda s: s + 10 - 1 <= 1024},
     "the model has learned 1,024 positions, and a prompt of 4,096 with an answer of 10 needs 4,105; a prompt of at most "
     "1,015 does"),
    ("model.positions",
     plan(workload={"name": "GPT2_Small", "sequence_length": 1000, "output_tokens": 64}, hardware={"name": "A100"}),
     {"workload.sequence_length": lambda s: s + 64 - 1 <= 1024, "workload.output_tokens": lambda n: 1000 + n - 1 <= 1024},
     "the model has learned 1,024 positions, and a prompt of 1,000 with an answer of 64 needs 1,063; a prompt of at most "
     "961 does, or an answer of at most 25 does"),
    ("model.positions",
     plan(workload={"name": "BERT_Base", "sequence_length": 513}, hardware={"name": "A100"}),
     {"workload.sequence_length": lambda s: s <= 512},
     "the model has learned 512 positions, and a sequence has 513 tokens; a sequence of at most 512 does"),
    ("model.positions",
     plan(workload=training("RoBERTa_Base", sequence_length=513), hardware={"name": "A100", "accelerators": 1},
          parallelism=split()),
     {"workload.sequence_length": lambda s: s <= 512},
     "the model has learned 512 positions, and a sequence has 513 tokens; a sequence of at most 512 does"),
    ("split.links",
     plan(workload={"name": "Qwen25_0_5B", "batch_size": 64}, hardware={"name": "RTX4090", "accelerators": 64}),
     {"split.devices": lambda n: n <= 32},
     "64 accelerators must exchange data, but links join only 32; a fleet of at most 32 does"),
    ("split.links",
     plan(workload={"name": "Qwen25_0_5B", "sequence_length": 512, "output_tokens": 16},
          hardware={"name": "Jetson_AGX_Orin", "accelerators": 4},
          serving={"requests_per_second": 0.1}, parallelism={"tensor": 2, "pipeline": 1, "data": 2}),
     {"split.tensor": lambda t: t == 1},
     "2 accelerators must exchange data, but links join only 1; TP 1 does"),
]  # fmt: skip
_NAMES = [f"{name} {number}" for number, (name, *_) in enumerate(BROKEN)]


def failed(document: dict[str, Any], name: str) -> tuple[Any, Finding]:
    """An evaluation, and the first condition of a name that fails in it."""
    evaluation = mlsysim.evaluate(document)
    return evaluation, next(finding for finding in evaluation.failures if finding.name == name)


@pytest.mark.parametrize(("name", "document", "accepts", "reason"), BROKEN, ids=_NAMES)
def test_a_reason_names_the_numbers_and_what_would_do(
    name: str, document: dict[str, Any], accepts: dict[str, Accepts], reason: str
) -> None:
    """It was "tensor parallelism does not divide the attention heads", without a number or a cure."""
    evaluation, finding = failed(document, name)
    assert evaluation.exit_code == 4
    if reason:
        assert finding.sentence == reason
    assert {found.leaf for found in finding.alternatives} == accepts.keys()
    for found in finding.alternatives:
        assert list(found.values) == [value for value in found.tried if accepts[found.leaf](value)]


@pytest.mark.parametrize(("name", "document", "accepts", "reason"), BROKEN, ids=_NAMES)
def test_each_value_named_is_accepted_and_every_other_refused(
    name: str, document: dict[str, Any], accepts: dict[str, Accepts], reason: str
) -> None:
    """Tried one by one, through the kernel of one design; those that the sentence names are among those that do."""
    evaluation, finding = failed(document, name)
    leaves = {leaf: evaluation.values[leaf] for leaf in kernel(evaluation.variant).leaves}
    for found in finding.alternatives:
        for value in found.tried:
            held = all(each.holds for each in named(evaluation.variant, {**leaves, found.leaf: value}, name))
            assert held == (value in found.values), (found.leaf, value)
        assert set(found.here) <= set(found.values)
    offers = finding.sentence.partition("; ")[2].split(", or ")
    assert len(offers) == min(len(finding.alternatives), MOST_OFFERED)
    for offer, found in zip(offers, finding.alternatives, strict=False):
        said = re.sub(r"^with [^0-9]*[0-9,]+ (attention|key-value) heads ", "", offer.partition(" (")[0])
        numbers = {int(word.replace(",", "")) for word in re.findall(r"\d+(?:,\d{3})*", said)}
        assert numbers <= set(found.values)


def test_every_condition_on_a_split_has_a_cure_and_is_tried_here() -> None:
    """A condition that is added is one that says what would do."""
    tried = {name for name, *_ in BROKEN}
    for structure in catalogue().VARIANTS.values():
        for condition in structure["conditions"]:
            if condition["kind"] != "physical":
                assert condition["changes"], condition["name"]
                assert condition["name"] in tried


@pytest.mark.parametrize(("name", "document", "accepts", "reason"), BROKEN, ids=_NAMES)
def test_a_split_that_does_not_exist_is_decided_by_the_parallelism(
    name: str, document: dict[str, Any], accepts: dict[str, Accepts], reason: str
) -> None:
    """It was "decided by the communication wall"."""
    expected = {"split.links": "communication", "model.positions": "model"}.get(name, "parallelism")
    evaluation, finding = failed(document, name)
    assert finding.wall == expected
    if evaluation.failures[0] is finding:
        assert evaluation.to_dict()["f_wall"] == expected
        wall = " wall" if expected == "communication" else ""
        assert f"decided by the {expected}{wall}\n" in evaluation.scorecard()
        assert mlsysim.evaluate(document).failures[0].sentence in evaluation.to_dict()["f_summary"]


@pytest.mark.parametrize("length", [2048, 4096, 8192, 131072])
def test_what_is_trained_with_stays_admissible(length: int) -> None:
    """Lengths of published runs, with their tensor and context degrees."""
    for tensor, context in ((8, 1), (8, 16), (4, 2), (2, 8)):
        evaluation = mlsysim.evaluate(
            plan(workload=training("Llama3_8B", sequence_length=length, batch_size=256),
                 hardware={"name": "H100", "nodes": tensor * context // 2},
                 parallelism={"tensor": tensor, "context": context})
        )  # fmt: skip
        assert all(finding.holds for finding in evaluation.findings if finding.kind == "structural")


def test_prefill_divides_no_sequence() -> None:
    """Inference has no sequence parallelism in the equations, so a prompt of any length is admissible."""
    assert mlsysim.evaluate(
        plan(workload={"name": "Llama3_8B", "sequence_length": 2049, "output_tokens": 7, "batch_size": 8},
             hardware={"name": "H100", "accelerators": 8}, parallelism={"tensor": 8})
    ).feasible  # fmt: skip


def test_an_odd_sequence_is_trained_without_tensor_parallelism() -> None:
    """Where the split is open, the rule and the search find one that exists."""
    base = plan(workload=training(sequence_length=2049, batch_size=8), hardware={"name": "H100", "accelerators": 8})
    assert mlsysim.evaluate(base)["split.tensor"] == 1
    assert mlsysim.optimize(base).answer.choice["split.tensor"] == 1
    apart = {**base, "parallelism": {"tensor": 8, "sequence": False}}
    assert mlsysim.evaluate(apart).feasible


@pytest.mark.parametrize("model", [m for m in TRANSFORMERS if fact(m, "positions")], ids=lambda model: str(model.name))
@pytest.mark.parametrize("phase", ["inference", "training"])
def test_learned_positions_end_a_sequence(model: Entry, phase: str) -> None:
    """GPT-2 read 4,096 tokens with a table of 1,024 rows; what a plan leaves open of the length fits the table."""

    def holds(**workload: Any) -> bool:
        document = plan(workload={"name": model.name, "phase": phase, **workload}, hardware={"name": "H100"})
        return all(found.holds for found in mlsysim.evaluate(document).findings if found.name == "model.positions")

    longest, writes = fact(model, "context_length"), phase == "inference" and fact(model, "causal") == 1
    answer = {"output_tokens": 16} if writes else {}
    room = longest - 15 if writes else longest
    assert holds()
    assert holds(sequence_length=room, **answer)
    assert not holds(sequence_length=room + 1, **answer)


@pytest.mark.parametrize("name", ["Llama3_8B", "Falcon_40B"])
def test_positions_that_are_computed_end_nowhere(name: str) -> None:
    """Beyond the published length there is a remark, as before."""
    evaluation = mlsysim.evaluate(plan(workload={"name": name, "sequence_length": 16384}, hardware={"name": "B200"}))
    assert evaluation.feasible
    assert any("longer than the" in sentence for sentence in evaluation.assumptions)
