"""What the fuzzing draws: plans with fields set to anything, YAML that was spoiled, and command lines."""

from __future__ import annotations

from typing import Any

import yaml
from hypothesis import strategies as st

from mlsysim.constraints.asserts import metrics
from mlsysim.registry.vocabulary import FACTS, names
from tests.robustness.fields import BASES, Field, copied, fields, placed

#: Words that have confused readers of YAML, of numbers, of units or of names.
WORDS = (
    "", " ", "~", "null", "NO", "yes", "1.0", "0x10", "012", "1_000", "12:30:45", "1e999", "nan", "inf", "-0.0", "grid", "H100",
    "Llama3_8B", "Llama3_8\u0412", "\U0001f999", "a\nb", "\x1b[31mred\x1b[0m", "x" * 300, "__import__('os')", "../../etc/passwd",
    "50 ms", "50 GB", "3 USD/h", "0.08 USD/kWh", "400 gCO2e/kWh", "-5 ms", "1 Gb", "5 furlongs", "1 USD + 1", "10 ms ms",
    "9**9**9 s", "nan s", "1e999 s", "1e300 tokens", "1e15 token", "0 USD/h", "100 %", "1 Ys^4*Ys^4*Ys^4/s^4/s^4/s^3",
)  # fmt: skip
#: Amounts of any dimension, most of them fit to be one.
AMOUNTS = ("3 USD/h", "1e-9 USD/h", "1e30 USD/h", "0.08 USD/kWh", "400 gCO2e/kWh", "150 USD/tCO2e", "50 ms", "1 ns", "1e9 year",
           "80 GB", "1e12 token", "20 token/s", "1e-300 s", "0 USD/kWh", "grid", "30 %", "3")  # fmt: skip
NUMBERS = (0, -1, 1, 2, 3, 7, 8, 10**6, 10**9, 10**15, 10**40, -0.0, 0.5, 1e-9, 1e-300, 5e-324, 1e18, 1e308, float("nan"),
           float("inf"))  # fmt: skip
#: Anything that JSON or YAML could hold.
ODD: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**7) | st.floats() | st.text(max_size=6)
    | st.sampled_from(WORDS) | st.sampled_from(NUMBERS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4) | st.just("name"), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


def _admitted(option: Any) -> st.SearchStrategy[Any]:
    """Values that one rule of the schema admits, those at its ends among them."""
    if "enum" in option or "const" in option:
        return st.sampled_from(option.get("enum") or [option["const"]])
    low = option.get("minimum", option.get("exclusiveMinimum", 0))
    high = option.get("maximum", 10**15)
    match option.get("type"):
        case "integer":
            small = [n for n in (low, low + 1, 2, 3, 4, 8, 16, 100, 4096, high) if low <= n <= high]
            return st.sampled_from(small) | st.integers(low, min(high, 512))
        case "number":
            usual = [x for x in (low, 0.25, 0.5, 1.0, 3.0, 30.0, 99.0, 1e5, high) if low <= x <= high]
            return st.sampled_from([float(x) for x in usual])
        case "boolean":
            return st.booleans()
        case "null":
            return st.none()
        case "array":
            return st.just([])
        case "object":
            return st.just({})
    return st.sampled_from(AMOUNTS)


def values(field: Field, tame: bool) -> st.SearchStrategy[Any]:
    """Values for a field: such as it should have and, unless they are to be tame, any others."""
    good = st.one_of([_admitted(option) for option in field.options])
    if field.path[-1] == "metric":
        good = st.sampled_from(sorted(metrics()))
    elif field.names:
        good = st.sampled_from(sorted(field.names))
    return good if tame else good | ODD


#: Fields of one value, which more plans survive.
TAME = [field for field in fields() if field.path[0] != "placement" and not field.kinds <= {"object", "array"}]


@st.composite
def plans(draw: st.DrawFn) -> dict[str, Any]:
    """A plan that holds, with up to five of its fields, or of those it could have, set to something else.

    Half of them are tame: each value alone could be right, so that more of them get as far as the equations.
    """
    plan, tame = copied(draw(st.sampled_from(list(BASES.values())))), draw(st.booleans())
    for field in draw(st.lists(st.sampled_from(TAME if tame else fields()), max_size=5)):
        try:
            plan = placed(plan, field.path, draw(values(field, tame)))
        except (TypeError, AttributeError):  # an earlier value stands where this field would lie
            continue
    if not tame and draw(st.integers(0, 9)) == 0:
        plan.pop(draw(st.sampled_from(sorted(plan))))
    return plan


#: What a search decides about, or is told of.
SEARCHED = [
    field for field in fields() if field.path[0] in ("placement", "search", "hardware", "serving", "ops", "parallelism")
]


@st.composite
def searched(draw: st.DrawFn) -> dict[str, Any]:
    """A plan with something to decide, and up to three of the fields that say what set to something else."""
    kinds = ("placement", "placement", "pools", "network", "serving", "training", "inference", "profiled")
    plan, tame = copied(BASES[draw(st.sampled_from(kinds))]), draw(st.integers(0, 4)) > 0
    for field in draw(st.lists(st.sampled_from(SEARCHED), max_size=3)):
        if tame and field.kinds <= {"object", "array"}:
            continue
        try:
            plan = placed(plan, field.path, draw(values(field, tame)))
        except (TypeError, AttributeError):  # an earlier value stands where this field would lie
            continue
    return plan


#: Characters and words that mean something in YAML.
SIGNS = st.sampled_from("\t:-#&*!|>'\"%@`{}[],?~\x00\x85\ufeff0 \n")
MARKS = st.sampled_from(("<<: ", "&a ", "*a", "!!python/name:os.system ", "---\n", "...\n"))


@st.composite
def spoiled(draw: st.DrawFn) -> str:
    """The text of a plan that holds, after some edits of its lines and characters."""
    plan = draw(st.sampled_from(list(BASES.values())))
    text = yaml.safe_dump(plan, sort_keys=False, default_flow_style=draw(st.booleans()))
    for _ in range(draw(st.integers(1, 3))):
        text = draw(_edited(text))
    return text


@st.composite
def _edited(draw: st.DrawFn, text: str) -> str:
    """One edit: of a character, or of a line."""
    lines = text.split("\n")
    at, row = draw(st.integers(0, max(0, len(text) - 1))), draw(st.integers(0, len(lines) - 1))
    other = draw(st.integers(0, len(lines) - 1))
    match draw(st.sampled_from(("replace", "insert", "delete", "double", "swap", "indent", "drop"))):
        case "replace":
            return text[:at] + draw(SIGNS | st.characters()) + text[at + 1 :]
        case "insert":
            return text[:at] + draw(MARKS) + text[at:]
        case "delete":
            return text[:at] + text[at + 1 :]
        case "double":
            lines.insert(other, lines[row])
        case "swap":
            lines[row], lines[other] = lines[other], lines[row]
        case "indent":
            lines[row] = " " * draw(st.integers(0, 6)) + lines[row].lstrip()
        case "drop":
            del lines[row]
    return "\n".join(lines)


_FACTS = st.sampled_from((0, 1, 2, 3.5, -1, 1e30, "0", "64 GB", "2 TB/s", "400 TFLOP/s", "700 W", "not published", "1 ms", "1e400 GB",
                          "8", "ib"))  # fmt: skip
_OF = ("hardware", "hardware", "models", "nodes", "fabrics", "grids", "prices", "scenarios", "sources", "no")
_ABOUT = {
    "id": ("my-chip", "nvidia-h100-sxm5-80gb", "My Chip", "", 3), "name": ("MyChip", "H100", "my chip", "Mine"), "title": ("A title", 3),
    "kind": ("transformer", "profiled", "gpu", "", "on-demand", 7), "aliases": (["H100"], ["a", "a"], "a", [3]),
    "links": ({"accelerator": "my-chip"}, {"accelerator": "none"}, {"node": "my-chip"}, {"link": "nvlink-4"}, [], {"accelerator": 3}),
    "from": ({"source": "plan"}, {"source": "nobody"}, {"source": "plan", "accessed": "2026-13-45"}, {"kind": "guess"}, 3),
    "plan": ({"version": "1.0"}, {}, 3), "status": ("shipping", "sold out"), "note": ("a\nb", 3), "facts": ([], {}, None),
}  # fmt: skip


@st.composite
def own_entries(draw: st.DrawFn) -> dict[str, Any]:
    """A plan whose zoo, or whose own model, states some facts, rightly or not."""
    plan = copied(BASES[draw(st.sampled_from(("own", "model")))])
    category = draw(st.sampled_from(_OF))
    entry = plan["workload"]["model"] if "model" in plan["workload"] else plan["zoo"]["hardware"][0]
    if "zoo" in plan and category != "hardware":
        entry = {"id": "mine", "name": "Mine", "title": "Mine", "facts": {}}
        plan["zoo"][category] = draw(st.sampled_from(([entry], [entry, entry], entry, {"mine": entry})))
    known = names(category) if category in FACTS and "model" not in plan["workload"] else names("models")
    for _ in range(draw(st.integers(0, 4))):
        fact, value = draw(st.sampled_from(known or ["none"])), draw(_FACTS | ODD)
        said = {"value": value}
        entry["facts"][fact] = draw(st.sampled_from((value, said, {**said, "source": "nobody"}, {**said, "low": "x"})))
    for about in draw(st.lists(st.sampled_from(sorted(_ABOUT)), max_size=2)):
        entry[about] = draw(st.sampled_from(_ABOUT[about]) | ODD)
    if draw(st.integers(0, 9)) == 0:
        plan["zoo"] = draw(ODD)
    return plan
