"""What a model is told of the tools before it uses them, and the prompts that start a piece of work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mlsysim.agents.arguments import checked
from mlsysim.agents.tool import LONGEST_PLAN, Schema, text
from mlsysim.symbolic.errors import UnknownNameError

#: A plan that has what most plans need.
PLAN = """\
version: "1.0"
name: "Llama-3 70B, served"
workload:
  name: Llama3_70B        # search_registry, category models
  phase: inference        # or training, or serving
  batch_size: 4
hardware:
  name: H100              # search_registry, category hardware
  accelerators: 4         # to train: nodes, of 8 accelerators each
ops:
  region: Quebec          # search_registry, category grids
  duration_days: 365      # without it money, energy and carbon are skipped
constraints:
  assert:
    - performance.itl <= 30 ms   # a number alone is in the metric's own unit
"""
INSTRUCTIONS = f"""\
mlsysim computes from first principles whether a machine-learning system fits, how fast it runs, what binds it, what it
costs and emits, and what the best design is. Do not estimate such numbers: write a plan and evaluate it.

A plan is YAML text:

{PLAN}
get_schemas names the sections of a plan and their fields, and with part: "workload" says what the fields of one can be.
evaluate_cluster_yaml returns one flat object: keys begin with f_ (feasibility), p_ (performance) or m_ (money, energy,
carbon, water) and end with their unit.

An infeasible design is an answer: f_status is "FAIL", f_summary says why and which changes would each be enough. Change
the plan and evaluate again. violations lists asserts that do not hold. assumptions lists what the plan left open: tell
them to whoever reads the numbers.

An error says what is wrong, where (line and column of the plan) and the cure, for every problem at once. Names come from
search_registry, whose values carry their sources. explain_wall derives a number, rank_inputs says what matters,
find_requirements what a target needs, optimize_plan searches for the best design with a proven bound.
"""


@dataclass(frozen=True)
class Prompt:
    """A piece of work in words, with blanks.

    Attributes:
        name: what it is called by.
        title: what people read.
        description: what it is for.
        arguments: the JSON Schema of each blank, by name.
        required: the blanks that must be filled.
        words: makes the words from the filled blanks.
    """

    name: str
    title: str
    description: str
    arguments: Mapping[str, Schema]
    required: tuple[str, ...]
    words: Callable[..., str]


def _size_cluster(model: str, goal: str = "", hardware: str = "", region: str = "") -> str:
    wanted = f"Size a cluster for the model {model}"
    wanted += f" on {hardware}" if hardware else "; choose the accelerator with search_registry"
    wanted += f" in {region}" if region else ""
    return (
        f"{wanted}.\n" + (f"What must hold: {goal}\n" if goal else "") + "\nWrite a plan, with what must hold as asserts, and "
        "evaluate it with evaluate_cluster_yaml. While f_status is FAIL or violations is not empty, change the plan as "
        "f_summary and the violations say, and evaluate again. Then look for a better design with optimize_plan, and set "
        "ops.duration_days: 365 for the cost of a year. Report the plan, whether it fits and by how much, the wall that "
        "binds, the latency, the cost, energy and carbon of a year, and every assumption."
    )  # fmt: skip


def _find_bottleneck(plan_yaml: str, metric: str = "performance.latency") -> str:
    return (
        f"Find what limits {metric} in this plan:\n\n```yaml\n{plan_yaml}\n```\n\nEvaluate it with evaluate_cluster_yaml. "
        "If it does not fit, say why and what would. Else name the wall that binds (p_binding_wall), derive it with "
        f"explain_wall and the plan, and rank the inputs with rank_inputs for {metric}. Propose the three changes that help "
        "most, evaluate each with compare_plans, and report what each gains and costs."
    )  # fmt: skip


PROMPTS: Mapping[str, Prompt] = {
    prompt.name: prompt for prompt in (
        Prompt(
            "size_cluster", "Size a cluster", "Find hardware on which a model fits and does what it must, and its yearly cost.",
            {"model": text("a model of the registry, such as Llama3_70B"),
             "goal": text("what must hold, in words, such as 'itl below 30 ms at batch 8'", longest=2_000),
             "hardware": text("an accelerator of the registry, such as H100"),
             "region": text("a region of the registry, such as Quebec")},
            ("model",), _size_cluster,
        ),
        Prompt(
            "find_bottleneck", "Find the bottleneck", "Find which wall limits a plan, why, and what to change first.",
            {"plan_yaml": text("the plan, as YAML text", longest=LONGEST_PLAN),
             "metric": text("the metric that matters, such as performance.latency")},
            ("plan_yaml",), _find_bottleneck,
        ),
    )
}  # fmt: skip


def prompt(name: str, arguments: Mapping[str, Any] | None = None) -> str:
    """The words of a prompt.

    Raises:
        UnknownNameError: there is no such prompt.
        InputErrors: a blank is unknown, missing or too long.
    """
    if name not in PROMPTS:
        raise UnknownNameError("prompt", name, PROMPTS, see=f"the prompts are {', '.join(PROMPTS)}")
    known = PROMPTS[name]
    schema = {"properties": known.arguments, "required": known.required}
    return known.words(**checked(schema, {} if arguments is None else arguments))
