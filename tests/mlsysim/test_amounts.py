"""Amounts with their unit in every field of a plan, as options and in Python, held against pint's own units."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pint
import pytest

import mlsysim
from mlsysim.cli.main import run
from mlsysim.plan import PlanError, load, loads
from mlsysim.plan.acceptance import accepted
from mlsysim.plan.model import Plan
from mlsysim.plan.options import as_field
from mlsysim.schemas import schema_of
from mlsysim.symbolic.errors import InputError, UnitError
from mlsysim.symbolic.units import parse
from tests.conftest import plan
from tests.robustness.fields import BASES, Field, fields, placed

#: Fields of numbers that may be text with a unit; of the search, sections list them.
NUMERIC = {field.dotted: field for field in fields() if any("unit" in option for option in field.options)}
#: Units in which people write what a field counts, in pint's own words.
TIMES = ("us", "ms", "second", "minute", "hour", "day", "week")
OTHERS = {
    "us": TIMES, "ms": TIMES, "hour": TIMES, "day": TIMES, "GB/s": ("byte/s", "MB/s", "gigabyte/s", "TB/s", "Gbit/s", "GiB/s"),
    "USD/h": ("USD/h", "USD/day", "USD/week"), "USD/tCO2e": ("USD/tCO2e", "USD/kgCO2e"), "USD/kWh": ("USD/kWh", "USD/MWh"),
    "gCO2e/kWh": ("gCO2e/kWh", "kgCO2e/MWh", "tCO2e/GWh"), "request/s": ("request/s", "request/minute", "request/hour", "Hz"),
    "GB": ("GB", "GiB", "MB", "TB"), "sample/s": ("sample/s", "sample/minute", "sample/hour"),
    "token": ("token", "Kitoken", "Mitoken"), "sample": ("sample", "Kisample"), "1": ("percent",), "%": ("percent",),
}  # fmt: skip


@cache
def outside() -> Any:
    """Pint with its own definitions, and what a plan counts beside them."""
    registry = pint.UnitRegistry()
    for line in ("token = [token]", "sample = [sample]", "request = []", "USD = [currency]", "gCO2e = [emission]",
                 "kgCO2e = 1000 gCO2e", "tCO2e = 1000 kgCO2e"):  # fmt: skip
        registry.define(line)
    return registry


@cache
def published() -> Any:
    """The validator of the published schema, made once: checking the schema itself takes longer than a plan."""
    return jsonschema.validators.validator_for(schema_of("plan"))(schema_of("plan"))


def unit_of(field: Field) -> str:
    """What a bare number counts in a field."""
    return str(next(option["unit"] for option in field.options if "unit" in option))


def bounds(field: Field) -> tuple[float, float, bool]:
    """The least and the most that a field takes, and whether it takes whole numbers only."""
    rule = next(option for option in field.options if option.get("type") in ("integer", "number"))
    low = rule.get("minimum", rule.get("exclusiveMinimum", 0))
    return low, rule.get("maximum", 1e12), rule["type"] == "integer"


def read_back(field: Field, text: str) -> Any:
    """What a field holds that says a text, by the published schema and by the model that it is made from."""
    data = placed(BASES["tiny"], field.path, text)
    place: Any = data
    for part in field.path[:-1]:
        place = place[part]
        if isinstance(part, int) and isinstance(place, dict):  # an item of a list has what it must have
            place.update({"region": "Norway"} if "sites" in field.path else {"name": "H100"})
    published().validate(data)
    found = []
    for read in (accepted(data), Plan.model_validate(data)):
        value: Any = read
        for part in field.path:
            value = value[part] if isinstance(part, int) else getattr(value, part)
        found.append(value)
    assert found[0] == found[1]
    return found[0]


def test_every_number_of_a_plan_may_have_a_unit() -> None:
    """All that the schema calls a number, but the limits of asserts, whose unit is the metric's."""
    numbers = {f.dotted for f in fields() if any(o.get("type") in ("integer", "number") for o in f.options)}
    assert numbers - NUMERIC.keys() == {f"constraints.assert[0].{side}" for side in ("max", "min", "equals")}
    assert {unit_of(field) for field in NUMERIC.values()} <= OTHERS.keys()


@pytest.mark.parametrize("name", NUMERIC)
def test_text_with_a_unit_means_what_pint_says(name: str) -> None:
    """In every unit of the kind, for amounts that the field takes."""
    field, ureg = NUMERIC[name], outside()
    low, most, whole = bounds(field)
    tried = 0
    for other in OTHERS[unit_of(field)]:
        for number in (1, 2, 12, 50, 300, 1024, 0.25):
            wanted = (number * ureg(other)).to("1" if unit_of(field) == "1" else unit_of(field)).magnitude
            if unit_of(field) == "%":
                wanted = float(number)
            if not low < wanted <= most or (whole and not float(wanted).is_integer()):
                continue
            text = f"{number:g} {other}".replace("percent", "%")
            assert read_back(field, text) == pytest.approx(wanted, rel=1e-12), text
            tried += 1
    if whole and most >= 1024 and unit_of(field) == "1":
        assert read_back(field, "1 Ki") == 1024
        tried += 1
    assert tried or most < 1024, name


def test_what_people_write() -> None:
    """Two weeks are fourteen days, a year has 365, 32 Ki are 32,768; what may be either is refused with both."""
    for section, name, text, wanted in (
        ("ops", "duration_days", "2 weeks", 14), ("ops", "duration_days", "12 hours", 0.5), ("ops", "duration_days", "1 year", 365),
        ("workload", "sequence_length", "32 Ki", 32768), ("workload", "sequence_length", "32Ki tokens", 32768),
        ("serving", "percentile", "p99", 99), ("serving", "percentile", "99.9 %", 99.9), ("workload", "tokens", "15T", 15e12),
        ("workload", "tokens", "300 billion", 300e9), ("hardware", "accelerators", "8 GPUs", 8), ("workload", "efficiency", "40%", 0.4),
        ("serving", "requests_per_second", "600 requests/min", 10), ("serving", "requests_per_second", "10/s", 10),
    ):  # fmt: skip
        assert as_field("it", section, name, text) == wanted, text
    for text, hint in (("8k", "write 8000 or 8192"), ("1M", "write 1000000 or 1048576"), ("4 K", "write 4000 or 4096")):
        with pytest.raises(InputError) as caught:
            as_field("it", "workload", "sequence_length", text)
        assert caught.value.hint == hint


@pytest.mark.parametrize("text", ["６４", "٦٤", "1_000", "1_000 tokens", "６４ tokens", "6４", "１e3", "1٬000"])
def test_only_the_digits_0_to_9_make_a_number(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """In plans, as an option, in a limit, in the registry's conditions and in Python."""
    plain = text.removesuffix(" tokens")
    with pytest.raises(InputError):
        as_field("it", "workload", "tokens", text)
    with pytest.raises(UnitError):
        parse(f"{plain} ms", "ms")
    with pytest.raises(PlanError):
        loads(f'version: "1.0"\nworkload: {{name: Llama3_8B, batch_size: {text}}}\nhardware: {{name: H100}}\n')
    for words in (
        ["eval", "Llama3_8B", "H100", "--batch-size", plain], ["eval", "Llama3_8B", "H100", "--duration-days", plain],
        ["zoo", "hardware", "--where", f"memory.capacity >= {plain} GB"],
        ["sensitivity", "Doorbell", "--top", plain], ["synthesize", "Doorbell", "--target", f"latency <= {plain} ms"],
        ["optimize", "parallelism", "FrontierTraining", "--seed", plain],
        ["optimize", "parallelism", "FrontierTraining", "--time-limit", plain],
        ["optimize", "nodes", "FrontierTraining", "--nodes", plain],
        ["optimize", "parallelism", "FrontierTraining", "--objective", f"latency + {plain}*memory_required"],
    ):  # fmt: skip
        assert run(words) == 2, words
        assert "hint:" in capsys.readouterr().err


def test_amounts_of_data_in_bits_are_refused_and_rates_are_not() -> None:
    """80 Gb are 10 GB, which hardly anybody means of a memory; links are sold by the bit."""
    for text, bits in (("80 Gb", "10 GB"), ("512kb", "64 kB"), ("16 Gib", "2 GiB"), ("800 b", "100 B")):
        with pytest.raises(UnitError) as caught:
            parse(text, "GB")
        meant, eighth = (
            (caught.value.hint or "").removeprefix("write ").removesuffix(" if you mean bits").split(", or ")
        )
        assert eighth == bits
        assert parse(meant, "GB") == pytest.approx(8 * parse(eighth, "GB"))
    assert parse("80 Gbit", "GB") == parse("10 GB", "GB")
    assert parse("400 Gb/s", "GB/s") == parse("50 GB/s", "GB/s")
    assert as_field("it", "network", "bandwidth", "400 Gb/s") == 50


SHARES = [name for name, field in NUMERIC.items() if bounds(field)[1] == 1]


@pytest.mark.parametrize("name", SHARES)
def test_a_share_is_a_number_up_to_1_or_a_percentage(name: str) -> None:
    """What is above 1 was meant in percent."""
    field = NUMERIC[name]
    section, last = str(field.path[0]), str(field.path[-1])
    if len(field.path) > 2:
        data = plan(
            workload={"name": "Llama3_8B"},
            hardware={"pools": [{"name": "H100", "share": "40%"}, {"name": "A100", "share": "60 %"}]},
        )
        assert [pool.share for pool in load(data).plan.hardware.pools] == [0.4, 0.6]
        return
    assert as_field("it", section, last, "40%") == as_field("it", section, last, "40 %") == 0.4
    with pytest.raises(InputError) as caught:
        as_field("it", section, last, 40)
    assert caught.value.hint == "write 0.4 or 40 %"


def test_a_share_above_1_is_refused_of_every_metric_that_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    """In asserts, targets and limits of a search."""
    for metric in ("performance.mfu", "performance.hfu", "performance.busy", "performance.goodput"):
        for side in ("max", "min", "equals"):
            wrong = {**BASES["training"], "constraints": {"assert": [{"metric": metric, side: 40}]}}
            with pytest.raises(InputError) as caught:
                mlsysim.evaluate(wrong)
            assert caught.value.hint == "write 0.4 or 40 %"
    training = {**BASES["training"], "constraints": {"assert": ["mfu >= 40%"]}}
    assert mlsysim.evaluate(training).limits[0].value == 0.4
    with pytest.raises(InputError, match="is a share"):
        mlsysim.synthesize(BASES["training"], "mfu >= 40")
    serving = json.dumps(BASES["serving"])
    Path("plan.yaml").write_text(serving)
    assert run(["optimize", "batching", "plan.yaml", "--sla", "utilisation <= 90"]) == 2
    assert "write 0.9 or 90 %" in capsys.readouterr().err


def test_an_assert_in_a_line_means_the_mapping() -> None:
    """Every sign, numbers in the metric's own unit, shares in percent; next to asserts that are mappings."""
    lines = [
        "latency <= 50 ms",
        "latency<50ms",
        "mfu >= 40%",
        "memory_required ≤ 80 GB",
        "latency = 3",
        "latency >= 1e1",
    ]
    mappings = [
        {"metric": "latency", "max": "50 ms"}, {"metric": "latency", "max": "50ms"}, {"metric": "mfu", "min": "40%"},
        {"metric": "memory_required", "max": "80 GB"}, {"metric": "latency", "equals": 3}, {"metric": "latency", "min": 10.0},
    ]  # fmt: skip
    for line, mapping in zip(lines, mappings, strict=True):
        both = [{**BASES["training"], "constraints": {"assert": [each, mappings[0]]}} for each in (line, mapping)]
        found, wanted = (mlsysim.evaluate(each).limits for each in both)
        assert found == wanted
        jsonschema.validate(both[0], schema_of("plan"))


def test_an_assert_in_a_line_is_shown_where_it_stands() -> None:
    """A violation at its value, whatever the quotes; in several pools too."""
    text = """\
version: "1.0"
workload: {name: Llama3_8B, batch_size: 8}
hardware:
  pools:
    - {name: H100}
    - {name: A100}
constraints:
  assert:
    - memory_required <= 79 GB
    - latency <=  1 ms
    - "latency <= 2 ms"
    - >-
      latency
      <= 3 ms
"""
    found = mlsysim.api.evaluate_whole(loads(text))
    places = {v.limit.where for v in found.violations}
    assert places == {"plan.yaml:10:19", "plan.yaml:11:19", "plan.yaml:12:7"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--gpus", "8"], "did you mean --accelerators?"), (["--tp", "8"], "--tp is parallelism.tensor of a plan"),
        (["--seq-len", "8192"], "did you mean --sequence-length?"), (["--sequence-length", "8k"], "write 8000 or 8192"),
        (["--efficiency", "40"], "write 0.4 or 40 %"), (["--lora", "8"], "adapters (LoRA, QLoRA) are not modelled"),
        (["--duration-days", "2 GB"], 'such as "3 days"'), (["--batch-size", "4096.0"], "write 4096"),
    ],
)  # fmt: skip
def test_options_are_read_as_fields_of_a_plan(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With the same synonyms and the same cures."""
    assert run(["eval", "Llama3_8B", "H100", *words]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("field", "text", "wanted"),
    [
        ("serving.requests_per_second", "10 qps", 10), ("serving.requests_per_second", "10 rps", 10),
        ("serving.requests_per_second", "600/min", 10), ("serving.requests_per_second", "600 / min", 10),
        ("serving.requests_per_second", "10 req/s", 10), ("serving.requests_per_second", "36000 queries/hour", 10),
        ("network.latency", "5 \u03bcs", 5), ("network.latency", "5 \u00b5s", 5), ("hardware.accelerators", "8 gpus", 8),
        ("hardware.accelerators", "8 cards", 8), ("hardware.nodes", "2 hosts", 2), ("workload.sequence_length", "4096 tok", 4096),
        ("workload.batch_size", "0.1 k", 100), ("workload.batch_size", "1 Ki", 1024),
        ("ops.price_per_accelerator_hour", "2 $/h", 2), ("ops.price_per_accelerator_hour", "48 USD/day", 2),
    ],
)  # fmt: skip
def test_units_are_written_as_people_write_them(field: str, text: str, wanted: float) -> None:
    """Both letters for micro, any case of words that are counted, rates of requests in short, and the dollar's sign."""
    section, name = field.split(".")
    assert as_field("it", section, name, text) == pytest.approx(wanted, rel=1e-12)
    jsonschema.validate({section: {name: text}}, {**schema_of("plan"), "required": []})


@pytest.mark.parametrize(
    ("field", "text", "what", "hint"),
    [
        ("serving.percentile", "0.99", "is text", "write 99"), ("workload.efficiency", "50", "is text", "write 0.5 or 50 %"),
        ("workload.batch_size", "2.5", "is text", "write a whole number, such as 64"),
        ("ops.duration_days", "0", "is text", "days for which the accelerators are held"),
        ("ops.duration_days", "14", "is text", "write 14, without quotes"), ("ops.duration_days", "2w", "unknown unit 'w'", "days"),
        ("ops.price_per_accelerator_hour", "$2/h", "is not a number", "write 2 USD/h"),
        ("ops.price_per_accelerator_hour", "$ 2.50", "is not a number", "write 2.50 USD/h"),
        ("serving.percentile", "99th", "unknown unit 'th'", "such as 99 or p99"),
    ],
)  # fmt: skip
def test_a_hint_of_a_number_is_one_that_the_field_takes(field: str, text: str, what: str, hint: str) -> None:
    """What is written as the hint says is not refused for another reason."""
    section, name = field.split(".")
    data = {**BASES["serving"], section: {**BASES["serving"].get(section, {}), name: text}}
    with pytest.raises(PlanError) as caught:
        load(data)
    (problem,) = caught.value.every
    assert what in problem.what
    assert hint in (problem.hint or "")


def test_a_unit_in_bits_beside_a_number_is_refused_with_that_number() -> None:
    """`max: 80` with `unit: Gb` is 10 GB, not 80 and not an eighth of one."""
    data = {**BASES["training"], "constraints": {"assert": [{"metric": "memory_required", "max": 80, "unit": "Gb"}]}}
    with pytest.raises(InputError) as caught:
        mlsysim.evaluate(data)
    assert caught.value.hint == "write 80 GB, or 10 GB if you mean bits"


def test_options_take_amounts_with_their_unit(capsys: pytest.CaptureFixture[str]) -> None:
    """And mean what the plan means that says the same."""
    words = ["--batch-size", "4", "--sequence-length", "4Ki", "--accelerators", "2 GPUs", "--efficiency", "50%",
             "--duration-days", "2 weeks", "--region", "Norway", "-o", "json"]  # fmt: skip
    assert run(["eval", "Llama3_8B", "H100", *words]) == 0
    said = json.loads(capsys.readouterr().out)
    workload = {"name": "Llama3_8B", "batch_size": 4, "sequence_length": 4096, "efficiency": 0.5}
    same = plan(
        workload=workload, hardware={"name": "H100", "accelerators": 2}, ops={"duration_days": 14, "region": "Norway"}
    )
    assert said == mlsysim.evaluate(same).to_dict()
    Path("plan.yaml").write_text(json.dumps(BASES["serving"]))
    search = [
        "optimize",
        "batching",
        "plan.yaml",
        "--qps",
        "600 requests/min",
        "--percentile",
        "p95",
        "--time-limit",
        "1min",
    ]
    assert run([*search, "-o", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert run(["optimize", "batching", "plan.yaml", "--qps", "10", "--percentile", "95", "-o", "json"]) == 0
    wanted = json.loads(capsys.readouterr().out)
    assert {k: v for k, v in found.items() if "seconds" not in k} == {
        k: v for k, v in wanted.items() if "seconds" not in k
    }


def test_unknown_names_are_pointed_at_by_what_they_mean() -> None:
    """In Python and to agents, by the same table."""
    from mlsysim.agents.arguments import checked

    kernel = mlsysim.bind(BASES["tiny"])
    for word, leaf in (("tp", "split.tensor"), ("gpus", "split.devices"), ("batch", "workload.batch_size")):
        with pytest.raises(InputError) as caught:
            kernel.at(**{word: 2})
        assert caught.value.suggestions == [leaf]
    with pytest.raises(InputError) as caught:
        checked({"properties": {"qps": {"type": "number"}}}, {"rps": 3})
    assert caught.value.every[0].hint == "did you mean 'qps'?"
    with pytest.raises(InputError, match="rps") as caught:
        mlsysim.optimize(BASES["serving"], "batching", rps=3)
    assert caught.value.hint == "did you mean 'qps'?"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
