"""The tool that searches: the best design of a plan, within a bounded time."""

from __future__ import annotations

from typing import Any

from mlsysim.agents.tool import Schema, Tool, plan_text, record, text, texts

#: Seconds of a search at most, and unless it is told.
LONGEST_SEARCH, USUAL_SEARCH = 30.0, 10.0
#: What can be decided; tests hold it against ``mlsysim.search.optimization.PROBLEMS``.
PROBLEMS = ("parallelism", "nodes", "placement", "batching")


def optimize_plan(
    plan_yaml: str,
    problem: str | None = None,
    maximize: bool | None = None,
    time_limit_s: float = USUAL_SEARCH,
    **options: Any,
) -> dict[str, Any]:
    """The best design, or why there is none; neither is an error."""
    from mlsysim.api import optimize
    from mlsysim.plan import loads
    from mlsysim.reports.errors import as_data
    from mlsysim.search.writing import plan_text
    from mlsysim.symbolic.errors import InfeasibleError, UnprovenError

    loaded = loads(plan_yaml)
    try:
        found = optimize(loaded, problem, largest=maximize, time_limit=time_limit_s, **options)
    except (InfeasibleError, UnprovenError) as error:
        said = as_data(error)["error"]
        status = "infeasible" if isinstance(error, InfeasibleError) else "unknown"
        return {"status": status, "exit_code": said["exit_code"], "message": said["message"], "hint": said["hint"],
                "result": None, "plan_yaml": None}  # fmt: skip
    result = found.to_dict()
    return {
        "status": result["o_status"], "exit_code": result["exit_code"], "message": result.get("o_conflict"),
        "hint": None, "result": result, "plan_yaml": plan_text(loaded, found),
    }  # fmt: skip


def _search_schema() -> Schema:
    word: Schema = {"type": ["string", "null"]}
    return record(
        status={"enum": ["optimal", "feasible", "infeasible", "unknown"], "description":
                "optimal: proven; feasible: the best found in the time, result.o_gap from the bound; infeasible: no design "
                "keeps the limits (result, if any, is the best without them); unknown: time ended before any was known"},
        exit_code={"enum": [0, 3, 4, 5]}, message={**word, "description": "why there is no design, in words"},
        hint={**word, "description": "the cure"},
        result={"type": ["object", "null"], "description": "the best design as evaluate_cluster_yaml returns it, with o_* of "
                "the search: choice, objective, bound, gap; get_schemas has its schema"},
        plan_yaml={**word, "description": "the plan with the choice filled in; evaluating it gives the same numbers"},
    )  # fmt: skip


TOOLS = (
    Tool(
        "optimize_plan", "Find the best design",
        "Find a plan's best design by integer programming, with a proven bound: the split over accelerators (parallelism), "
        "which accelerators and how many (nodes), where and when (placement), or how many requests at once (batching). The "
        "plan's asserts are constraints. Returns the choice, its full evaluation and the plan with the choice filled in. "
        "That nothing keeps the limits, or that time ran out, is an answer with a status.",
        {"plan_yaml": plan_text(),
         "problem": {"type": "string", "enum": list(PROBLEMS), "description": "what to decide; by default what the plan asks"},
         "objective": text("a metric, a sum such as 'latency + 0.5*tco', or fewest, cheapest, cleanest, soonest"),
         "maximize": {"type": "boolean", "description": "whether the objective is to be large; by default what is better"},
         "top": {"type": "integer", "minimum": 1, "maximum": 10, "description": "designs wanted: the best and the next ones"},
         "explain": {"type": "boolean", "description": "say why the design is the best"},
         "time_limit_s": {"type": "number", "minimum": 0.1, "maximum": LONGEST_SEARCH,
                          "description": f"seconds for the search, {USUAL_SEARCH:g} where it is left out"},
         "seed": {"type": "integer", "minimum": 0, "maximum": 2**31 - 1, "description": "the same seed, the same answer"},
         "hardware": texts("of nodes: accelerators to choose from, such as H100; to serve, H100=16 says how many there are"),
         "nodes": text("of nodes, to train: numbers of nodes, such as 1-64 or 8,16,32"),
         "tokens": {"type": "number", "minimum": 1, "maximum": 1e18, "description": "of nodes, to train: tokens of the run"},
         "deadline": text("of nodes, to train: by when the run must end, such as '14 days'"),
         "budget": text("of nodes: what it may cost, such as '2 MUSD'"),
         "carbon_cap": text("of nodes: what it may emit, such as '300 tCO2e'"),
         "sla": texts("of batching and nodes: limits on latency, such as 'ttft <= 500 ms', or '50 ms' for each token"),
         "qps": {"type": "number", "minimum": 1e-9, "maximum": 1e12, "description": "of batching and nodes: requests a second"},
         "percentile": {"type": "number", "minimum": 1, "maximum": 99.999, "description": "of the latencies, 99 by default"},
         "regions": texts("of placement: regions or sites to choose from", most=200),
         "carbon_tax": text("of placement: USD/tCO2e, instead of the plan's")},
        ("plan_yaml",), optimize_plan, _search_schema, slow=True,
    ),
)  # fmt: skip
