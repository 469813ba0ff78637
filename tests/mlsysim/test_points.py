"""Points and columns of a bound plan: validated as a plan is, and without a number where the design is infeasible."""

from __future__ import annotations

import math
import re
import warnings
from fractions import Fraction
from typing import Any

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mlsysim
from mlsysim.design.limits import limits
from mlsysim.plan.leaves import by_leaf, leaf_fields, split_fields
from mlsysim.symbolic.errors import InfeasibleError, InputError, UnknownNameError
from mlsysim.symbolic.kernels import catalogue
from tests.conftest import EXAMPLE, ROOT, plan

LATENCY, MEMORY = "performance.latency", "feasibility.memory_required"
KERNEL = mlsysim.bind(EXAMPLE)  # 70B on 512 accelerators: TP 8, DP 64
DECODING = mlsysim.bind(
    plan(workload={"name": "DeepSeek_V3", "phase": "inference"}, hardware={"name": "H200", "accelerators": 16})
)


def both(leaf: str, value: Any) -> tuple[str, str]:
    """The messages with which a point and a column refuse a value."""
    found = []
    for ask in (KERNEL.at, KERNEL.many):
        with pytest.raises(InputError) as caught:
            ask(**{leaf: value})
        found.append(str(caught.value))
    return found[0], found[1]


NO_NUMBERS = ["2048", "", True, None, 1 + 0j, b"3", math.nan, math.inf, -math.inf, 10**400, -(10**400), numpy.float64("nan"),
              numpy.str_("8"), numpy.bool_(True), {}, object]  # fmt: skip


@pytest.mark.parametrize(
    "value", [*NO_NUMBERS, 0, -1, -8, 1.5, 2048.25, Fraction(1, 2), numpy.float32(0.5), numpy.int64(-3)], ids=repr
)
def test_a_batch_that_is_none_is_refused_in_words(value: Any) -> None:
    """By its field, the same of a point, of a single number for all columns, and of a column, which names the position."""
    point, column = both("batch_size", value)
    assert point == column
    assert point.startswith("workload.batch_size: ")
    assert len(point) < 200
    with pytest.raises(InputError) as caught:
        KERNEL.many(LATENCY, batch_size=[2048, value])
    assert str(caught.value) == point.replace("batch_size:", "batch_size[1]:")


@pytest.mark.parametrize(
    "value", [2048, 2048.0, numpy.int64(2048), numpy.int8(64), numpy.float32(2048), numpy.array(2048), Fraction(2048)]
)
def test_every_kind_of_number_is_one(value: Any) -> None:
    """Whole numbers and floats of Python and numpy, one by one and in columns."""
    expected = KERNEL.at(batch_size=int(value))[LATENCY]
    assert KERNEL.at(batch_size=value)[LATENCY] == expected
    for column in ([value], (value,), numpy.array([value]), iter([value])):
        assert KERNEL.many(LATENCY, batch_size=column)[LATENCY] == pytest.approx([expected])


#: The field of a plan that binds each leaf of the kernel which one of them binds.
FIELDS = {
    field.leaves[0]: (field.section, field.name)
    for field in leaf_fields()
    for leaf in field.leaves[:1]
    if leaf in KERNEL.kernel.leaves and not catalogue().QUANTITIES[leaf]["choices"]
}


@pytest.mark.parametrize("leaf", FIELDS)
@settings(max_examples=25)
@given(
    value=st.sampled_from([-1, 0, 0.5, 1, 1.5, 2, 3, 4, 40, 64, 1e5, 1e9, 1e13, math.nan, math.inf])
    | st.floats(-1e40, 1e40).filter(lambda x: not 0 < x < 1e-40)
    | st.integers(-(10**40), 10**40)
)
def test_a_point_refuses_what_the_field_of_a_plan_refuses(leaf: str, value: float) -> None:
    """And nothing else, in the words of the plan, but for the unit."""
    section, field = FIELDS[leaf]
    record, scale = catalogue().QUANTITIES[leaf], by_leaf()[leaf].scale
    base = plan(workload={"name": "Llama3_70B", "batch_size": 4096, "phase": "training"}, hardware={"name": "H100", "nodes": 64},
                data={"dataset": "FineWeb", "storage": "SuperPOD", "worker_rate": 100.0, "workers": 8},
                ops={"region": "Quebec", "duration_days": 14.0})  # fmt: skip
    said, point = "", ""
    if record["integer"] and isinstance(value, float) and value.is_integer():
        value = int(value)  # in a plan 64.0 is no whole number
    try:
        mlsysim.plan.load({**base, section: {**base.get(section, {}), field: value}})
    except InputError as error:
        said = error.what
    try:
        KERNEL.at(**{leaf: value if scale == 1 else value * scale})
    except InputError as error:
        point = error.what
    assert bool(said) == bool(point)
    assert scale != 1 or not math.isfinite(value) or point == said


@pytest.mark.parametrize(("kernel", "leaf", "value", "words"), [
    (KERNEL, "pue", 0.5, "facility.pue: 0.5 is below 1"), (KERNEL, "layers", 80.5, "model.layers: 80.5 is not a whole number"),
    (KERNEL, "layers", 10**7, "model.layers: 10000000 is above 10,000"), (KERNEL, "tied", 2, "model.tied: 2 is above 1"),
    (KERNEL, "kv_heads", 128, "model.kv_heads: 128 is above model.heads, 64"),
    (DECODING, "dense_layers", 62, "model.dense_layers: 62 is above model.layers, 61"),
    (DECODING, "experts", 4, "model.active_experts: 8 is above model.experts, 4"),
    (DECODING, "full_batch", 0.5, "software.full_batch: 0.5 is below 2"),
])  # fmt: skip
def test_a_point_refuses_what_the_registry_refuses(kernel: Any, leaf: str, value: float, words: str) -> None:
    """A fact beyond its limits, and one that is above another which bounds it; in a column too."""
    for ask in (kernel.at, kernel.many):
        with pytest.raises(InputError) as caught:
            ask(**{leaf: value})
        assert caught.value.what == words
    with pytest.raises(InputError):
        kernel.many(LATENCY, **{leaf: [kernel.design.values[kernel._quantity(leaf)], value]})


def test_facts_that_bound_each_other_vary_together() -> None:
    """Both are of the point."""
    assert KERNEL.at(kv_heads=128, heads=128).feasible in (True, False)
    found = KERNEL.many(MEMORY, kv_heads=[8, 16], heads=[64, 128])
    assert len(found[MEMORY]) == 2


@pytest.mark.parametrize(("leaves", "reason"), [
    ({"batch_size": 8}, "DP 64 x microbatch 1 = 64 does not divide the batch of 8"), ({"tensor": 3}, "TP 3 does not divide 64 attention heads"),
    ({"tensor": 4}, "TP 4 x PP 1 x CP 1 x DP 64 = 256 do not multiply to 512 accelerators"),
    ({"tensor": 4, "data": 128}, "OOM: requires "), ({"sequence_length": 8193}, "does not divide 8,193 tokens"),
    ({"capacity": 8e9}, "only has 8 GB"),
])  # fmt: skip
def test_an_infeasible_point_has_reasons_and_no_numbers(leaves: dict[str, Any], reason: str) -> None:
    """Neither latency, throughput nor cost; the memory that it would need is known. A column says the same."""
    point, columns = KERNEL.at(**leaves), KERNEL.many(LATENCY, "macro.tco", MEMORY, **leaves)
    assert not point.feasible
    assert any(reason in each for each in point.reasons)
    for name in (LATENCY, "performance.throughput", "macro.tco"):
        with pytest.raises(InfeasibleError, match=re.escape(reason)):
            point[name]
    assert not columns.feasible.any()
    assert columns.reasons == ["; ".join(point.reasons)]
    assert numpy.isnan([columns[LATENCY], columns["macro.tco"]]).all()
    assert columns[MEMORY] == pytest.approx(point[MEMORY])


def test_a_column_has_numbers_where_its_design_is_feasible() -> None:
    """And only there, whatever varies together."""
    batches, tensors = [8, 2048, 4096, 100], [8, 4, 8, 8]
    columns = KERNEL.many(LATENCY, batch_size=batches, tensor=tensors)
    assert columns.feasible.tolist() == [False, False, True, False]
    assert numpy.isfinite(columns[LATENCY]).tolist() == columns.feasible.tolist()
    assert [bool(reason) for reason in columns.reasons] == [True, True, False, True]
    assert columns[LATENCY][2] == pytest.approx(KERNEL.at(batch_size=4096)[LATENCY])


def test_a_point_keeps_the_number_of_accelerators() -> None:
    """Another degree alone is another fleet, and infeasible; with the rest of the split it is the plan's own evaluation."""
    point = KERNEL.at(tensor=4, pipeline=2)
    assert point["split.devices"] == 512
    document = mlsysim.plan.load(EXAMPLE).document.data
    split = {"tensor": 4, "pipeline": 2, "data": 64, "microbatch": 1, "zero": 1, "recompute": "none"}
    own = {field: KERNEL.design.values[leaf] for field, leaf in split_fields().items() if leaf in KERNEL.design.values}
    split |= {"zero": int(own["zero"]), "microbatch": int(own["microbatch"]), "interleave": int(own["interleave"])}
    split["recompute"] = ("none", "selective", "full")[int(own["recompute"])]
    evaluation = mlsysim.evaluate({**document, "parallelism": split})
    assert (point.feasible, point[MEMORY]) == (evaluation.feasible, pytest.approx(evaluation.values[MEMORY]))


@pytest.mark.parametrize(
    "kernel", [KERNEL, DECODING, mlsysim.bind(ROOT / "examples" / "serving.yaml")], ids=lambda k: k.kernel.variant
)
def test_extreme_values_of_any_input_are_refused_or_answered(kernel: Any) -> None:
    """No overflow, no negative time, cost or energy."""
    for leaf in kernel.kernel.leaves:
        allowed = limits(leaf)
        for value in {allowed.low, allowed.high, 1e-300, 1e-12, 1.0, 2.0, 1e12, 1e300}:
            try:
                point = kernel.at(**{leaf: value})
            except InputError:
                continue
            shown = {
                name: point[name]
                for name in kernel.position
                if point.feasible and name.startswith(("performance.", "macro."))
            }
            assert all(not number < 0 for number in shown.values()), (leaf, value)
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                assert kernel.many(MEMORY, **{leaf: [value]}).feasible.tolist() == [point.feasible], (leaf, value)


def test_columns_of_other_forms_are_refused() -> None:
    """Two dimensions, several lengths; an empty column is no design."""
    with pytest.raises(InputError, match="2 dimensions"):
        KERNEL.many(LATENCY, batch_size=numpy.array([[2048]]))
    with pytest.raises(InputError, match=r"workload\.batch_size 2, split\.tensor 1"):
        KERNEL.many(LATENCY, batch_size=[2048, 4096], tensor=[8])
    assert KERNEL.many(LATENCY, batch_size=[])[LATENCY].shape == (0,)


@pytest.mark.parametrize("name", [3, None, 1.5, "performance.latancy", "x" * 10**6])
def test_an_unknown_quantity_is_named(name: Any) -> None:
    """Also one that is no text."""
    with pytest.raises(UnknownNameError, match="unknown quantity"):
        KERNEL.many(name)
    with pytest.raises(UnknownNameError, match="unknown quantity"):
        KERNEL.at()[name]


@pytest.mark.parametrize(("given", "hint"), [
    ({"parallelism": {"zero": 1.5}}, "write a whole number from 0 to 3"), ({"parallelism": {"tensor": "two"}}, None),
    ({"workload": {"batch_size": 1.5}}, "write a whole number, such as 64"),
])  # fmt: skip
def test_the_whole_number_of_a_hint_is_one_that_the_field_takes(given: dict[str, Any], hint: str | None) -> None:
    """64 is no stage of ZeRO; in a plan as at a point."""
    base = plan(workload={"name": "Llama3_8B", "batch_size": 8}, hardware={"name": "H100", "nodes": 1})
    ((section, fields),) = given.items()
    with pytest.raises(InputError) as caught:
        mlsysim.evaluate({**base, section: {**base.get(section, {}), **fields}})
    assert hint is None or caught.value.hint == hint
    ((field, value),) = fields.items()
    with pytest.raises(InputError) as at_a_point:
        KERNEL.at(**{field: value})
    assert hint is None or at_a_point.value.hint == hint
