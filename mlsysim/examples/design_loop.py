"""Predict, compute, reflect: a designer proposes plans, physics computes them, and what was wrong is fed back.

``python -m mlsysim.examples.design_loop`` runs it offline, with a scripted stand-in for a language model. It starts with
Llama-3 70B on one H100, which does not fit, and ends with what a year of a design that holds costs. A designer is anything
with a method ``propose``; ``gemini_design_loop`` has a real model.
"""

from __future__ import annotations

import argparse
import math
import re
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from mlsysim.agents.tools import Answer, call
from mlsysim.cli.program import program, say
from mlsysim.plan import loads
from mlsysim.symbolic.errors import InputError, UnknownNameError
from mlsysim.symbolic.units import parse

#: Rounds after which a designer that has not come to an end is stopped.
MOST_ROUNDS = 10
#: Days for which the last plan must say the cost.
YEAR = 365
WIDTH = 96


@dataclass(frozen=True)
class Proposal:
    """A plan, what its designer expects of it, and why.

    Attributes:
        plan: as YAML text.
        prediction: expected values by their key in a result, such as ``f_status`` or ``p_itl_ms``.
        because: the thought behind it, as a sentence.
    """

    plan: str
    prediction: Mapping[str, Any]
    because: str


@dataclass(frozen=True)
class Round:
    """A proposal, what physics says of it, and what is to be learnt from both."""

    proposal: Proposal
    answer: Answer
    reflection: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether the plan is valid, fits and keeps its asserts."""
        return not self.answer.failed and self.answer.data["exit_code"] == 0


class Designer(Protocol):
    """What proposes plans: a language model, a script, or a person."""

    def propose(self, task: str, history: Sequence[Round]) -> Proposal:
        """The next plan, after everything that was tried and learnt before."""


@dataclass(frozen=True)
class Task:
    """What is to be designed.

    Attributes:
        model, hardware: names in the registry.
        region: where it runs.
        metric, limit: what must hold, such as ``performance.itl`` and ``20 ms`` at most.
    """

    model: str = "Llama3_70B"
    hardware: str = "H100"
    region: str = "Quebec"
    metric: str = "performance.itl"
    limit: str = "20 ms"

    @property
    def words(self) -> str:
        """The task as a person would put it."""
        return (
            f"Does {self.model} fit on one {self.hardware} for inference? If not, grow the design, as little as it takes, "
            f"until it fits and {self.metric} is at most {self.limit}. End with what it costs to hold it for {YEAR} days in "
            f"{self.region}."
        )

    def plan(self, accelerators: int, days: float) -> str:
        """A plan for the task."""
        return textwrap.dedent(f"""\
            version: "1.0"
            name: "{self.model} on {accelerators} {self.hardware}"
            workload: {{name: {self.model}, phase: inference}}
            hardware: {{name: {self.hardware}, accelerators: {accelerators}}}
            ops: {{region: {self.region}, duration_days: {days:g}}}
            constraints:
              assert:
                - {{metric: {self.metric}, max: "{self.limit}"}}
            """)

    def done(self, last: Round) -> bool:
        """Whether a round answers the task: the plan holds, and the cost is that of a year."""
        if not last.holds or last.answer.data.get("m_tco_usd") is None:
            return False
        return loads(last.proposal.plan).plan.ops.duration_days == YEAR


def design(
    designer: Designer, task: Task, *, most: int = MOST_ROUNDS, tell: Callable[[int, Round], None] | None = None
) -> list[Round]:
    """Let a designer propose, compute and reflect until the task is done.

    Args:
        designer: who proposes.
        task: what is wanted.
        most: rounds at most.
        tell: told of every round and its number.

    Returns:
        Every round; the last is the answer where :meth:`Task.done` says so.
    """
    history: list[Round] = []
    while len(history) < most and not (history and task.done(history[-1])):
        proposal = designer.propose(task.words, tuple(history))
        answer = call("evaluate_cluster_yaml", {"plan_yaml": proposal.plan})
        history.append(Round(proposal, answer, reflect(proposal, answer)))
        if tell:
            tell(len(history), history[-1])
    return history


def reflect(proposal: Proposal, answer: Answer) -> tuple[str, ...]:
    """What is to be learnt: where the prediction was wrong, what is violated, and the cures that are known."""
    if answer.failed:
        problems = answer.data["error"]["problems"]
        return tuple(": ".join(p for p in (each["where"], each["message"], each["hint"]) if p) for each in problems)
    result = answer.data
    compared = [_compared(key, said, result.get(key)) for key, said in proposal.prediction.items()]
    violated = [violation["sentence"] for violation in result["violations"]]
    return (*compared, *([result["f_summary"]] if result["f_status"] == "FAIL" else []), *violated)


def _compared(key: str, said: Any, found: Any) -> str:
    """A prediction beside what was computed."""
    if not (_number(said) and _number(found)):
        right = " as predicted" if said == found else f", predicted {_shown(said)}"
        return f"{key} is {_shown(found)}{right}"
    off = "as predicted" if math.isclose(said, found, rel_tol=1e-9) else f"predicted {_shown(said)}"
    share = "" if off == "as predicted" or not found else f" ({(said - found) / abs(found):+.1%})"
    return f"{key} is {_shown(found)}, {off}{share}"


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _shown(value: Any) -> str:
    if value is None:
        return "not known"
    return f"{value:,.4g}" if _number(value) and abs(value) < 1e4 else f"{value:,.0f}" if _number(value) else str(value)


class StandIn:
    """A scripted designer in place of a language model: simple rules of thumb, corrected by what comes back.

    It knows nothing of the answer. It counts weights alone at first, takes the number of accelerators from the cure it is
    told, and expects everything to be shared evenly.
    """

    def __init__(self, task: Task) -> None:
        self.task = task

    def propose(self, task: str, history: Sequence[Round]) -> Proposal:
        """The first thought, or the last design changed as what came back says."""
        if not history:
            return self._first()
        last = history[-1].answer
        if last.failed:
            raise InputError(last.data["error"]["message"], hint="the stand-in cannot repair a plan")
        result = last.data
        if result["f_status"] == "FAIL":
            count, why = _cure(result["f_summary"], result["accelerators"])
            return self._grown(result, count, why)
        if result["violations"]:
            why = f"it fits, but {result['violations'][0]['metric']} is too high: twice the accelerators"
            return self._grown(result, 2 * result["accelerators"], why)
        expected = {"f_status": "PASS", "m_tco_usd": result["m_tco_usd"] * YEAR}
        plan = self.task.plan(result["accelerators"], YEAR)
        return Proposal(plan, expected, f"everything holds: {YEAR} times the cost of a day")

    def _first(self) -> Proposal:
        """One accelerator, as asked; two bytes for each parameter must fit."""
        parameters = _fact("models", self.task.model, "published.parameters", "param")
        room = _fact("hardware", self.task.hardware, "memory.capacity", "GB")
        fits = "PASS" if 2 * parameters <= room else "FAIL"
        expected = {"f_status": fits, "f_memory_required_gb": 2 * parameters / 1e9}
        why = f"{parameters / 1e9:,.1f} billion parameters of two bytes, and {room / 1e9:g} GB of memory"
        return Proposal(self.task.plan(1, 1), expected, why)

    def _grown(self, result: Mapping[str, Any], count: int, why: str) -> Proposal:
        """More accelerators, over which memory and time are expected to be shared evenly."""
        share = result["accelerators"] / count
        expected: dict[str, Any] = {"f_status": "PASS", "f_memory_required_gb": result["f_memory_required_gb"] * share}
        for key in ("p_itl_ms", "p_latency_ms"):
            if result.get(key) is not None:
                expected[key] = result[key] * share
        if result.get("m_tco_usd") is not None:
            expected["m_tco_usd"] = result["m_tco_usd"] / share
        return Proposal(self.task.plan(count, 1), expected, why)


def _cure(summary: str, held: int) -> tuple[int, str]:
    """The number of accelerators that the answer says would fit; twice as many where it says none."""
    found = re.search(r"(?<![\d,])([\d,]++) accelerators fit", summary)
    if found:
        return int(found[1].replace(",", "")), f"it does not fit; the answer says that {found[0]}"
    return 2 * held, "it does not fit, and no number that would is known: twice the accelerators"


def _fact(category: str, name: str, fact: str, unit: str) -> float:
    """A fact of the registry as the search tool finds it, in coherent units."""
    found = call("search_registry", {"category": category, "words": name, "facts": [fact], "limit": 50}).data
    for entry in found.get("entries", ()):
        if entry["name"] == name:
            return parse(entry["values"][fact]["value"], unit, what=f"{fact} of {name}")
    raise UnknownNameError(category, name, [entry["name"] for entry in found.get("entries", ())])


def page(number: int, found: Round) -> str:
    """A round as text."""
    lines = [f"Round {number}", *_wrapped("predict", [found.proposal.because, *_expected(found.proposal)])]
    data = found.answer.data
    computed = (
        "the plan is refused" if found.answer.failed else f"{data['f_status']}: {data['f_summary'].partition(';')[0]}"
    )
    lines += _wrapped("compute", [computed])
    lines += _wrapped("reflect", found.reflection or ("nothing was predicted, and nothing is wrong",))
    return "\n".join(lines) + "\n"


def _expected(proposal: Proposal) -> list[str]:
    return [", ".join(f"{key} {_shown(value)}" for key, value in proposal.prediction.items())]


def _wrapped(title: str, sentences: Sequence[str]) -> list[str]:
    lines: list[str] = []
    for sentence in sentences:
        head = f"  {title:<9}" if not lines else " " * 11
        lines += textwrap.wrap(sentence, WIDTH, initial_indent=head, subsequent_indent=" " * 13) or [head]
    return lines


def ending(task: Task, history: Sequence[Round]) -> str:
    """What was found, as text."""
    if not (history and task.done(history[-1])):
        return f"No design was found in {len(history)} rounds.\n"
    result = history[-1].answer.data
    return (
        f"Answer: {result['accelerators']} accelerators hold {task.model} ({result['f_summary']} each)"
        + (f"; the {result['p_binding_wall']} wall binds.\n" if "p_binding_wall" in result else ".\n")
        + f"        A year costs {result['m_tco_usd']:,.0f} USD, takes {result['m_energy_kwh']:,.0f} kWh and emits "
        f"{result['m_carbon_kg']:,.0f} kg CO2e.\n"
    )


def show(designer: Designer, task: Task, most: int = MOST_ROUNDS) -> int:
    """Run the loop and print it; 0 where the task was done, 2 where the designer cannot go on, else 4."""
    print(f"{textwrap.fill(task.words, WIDTH)}\n")
    try:
        history = design(designer, task, most=most, tell=lambda number, found: print(page(number, found), flush=True))
    except InputError as error:
        say(f"{error}\n")
        return 2
    print(ending(task, history), end="")
    return 0 if history and task.done(history[-1]) else 4


def main(arguments: Sequence[str] = ()) -> int:
    """Run the loop with the stand-in."""
    argparse.ArgumentParser(prog="python -m mlsysim.examples.design_loop", description=__doc__).parse_args(arguments)
    task = Task()
    return show(StandIn(task), task)


if __name__ == "__main__":
    program(lambda: main(sys.argv[1:]))
