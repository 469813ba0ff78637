"""``mlsysim optimize``: the best design of a plan, one command for each thing that can be decided."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from mlsysim.cli import completion
from mlsysim.cli.options import EXIT_CODES, Format, Output, PlanFile, is_file, is_scenario, seconds, whole
from mlsysim.cli.output import OUTPUT, show, wants_color
from mlsysim.registry.document import STANDARD_OUTPUT
from mlsysim.symbolic.errors import InputError


class OfThePlan(TyperGroup):
    """The problems as commands; a plan in their place is the problem that the plan asks for."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command of a first word, which may be a plan."""
        if args and args[0] not in self.commands and (is_file(args[0]) or is_scenario(args[0])):
            from mlsysim.plan import load
            from mlsysim.search.optimization import problem_of

            args = [problem_of(load(Path(args[0]))), *args]
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """Problems, options, and plans in the place of a problem."""
        offered = completion.plans(ctx, incomplete)
        return [*super().shell_complete(ctx, incomplete), *(SimpleNamespace(value=v, help=h) for v, h in offered)]


optimize = typer.Typer(
    cls=OfThePlan, rich_markup_mode="rich", epilog=EXIT_CODES, subcommand_metavar="[PROBLEM] PLAN ...",
    help="Find the best design for a plan by integer programming, with a proven bound: a problem below, or what the plan's "
    "`search` section asks for. Options stand behind the plan; `mlsysim optimize parallelism --help` lists those of a problem.",
)  # fmt: skip

Objective = Annotated[
    str | None,
    typer.Option(
        help='A metric, or a sum such as "latency + 0.5*tco" with weights per unit of each; or fewest, cheapest, '
        "cleanest, soonest.",
        show_default=False,
        autocompletion=completion.objectives,
    ),
]
Maximize = Annotated[
    bool | None,
    typer.Option("--maximize/--minimize", help="By default what is better for the metric.", show_default=False),
]
Top = Annotated[
    int,
    typer.Option(
        parser=whole(), metavar="INTEGER", help="How many designs to show: the best, and those that come next."
    ),
]
Explain = Annotated[bool, typer.Option("--explain", help="Say why the design is the best.")]
Pareto = Annotated[
    str | None,
    typer.Option(
        help="Metrics to trade, such as latency,memory_required: the exact front.",
        show_default=False,
        autocompletion=completion.several(completion.metrics),
    ),
]
Write = Annotated[
    Path | None,
    typer.Option(
        help="A file to write the plan to, with the choice filled in; - for standard output, instead of the answer.",
        show_default=False,
    ),
]
Gap = Annotated[
    str, typer.Option(help="End the search within this distance from the bound, such as 0.5%.", show_default=False)
]
TimeLimit = Annotated[
    float,
    typer.Option(parser=seconds, metavar="TIME", help="Seconds for the search, its tables included, or such as 2min."),
]
Workers = Annotated[int, typer.Option(parser=whole(1, 64), metavar="INTEGER", help="Threads of the search, 1 to 64.")]
Seed = Annotated[int, typer.Option(parser=whole(0, 2**31 - 1), metavar="INTEGER", help="Seed of the search.")]
Sla = Annotated[
    list[str] | None,
    typer.Option(
        help='A limit: "50 ms" for each token of an answer, or "ttft <= 500 ms"; repeatable.',
        show_default=False,
        autocompletion=completion.metrics,
    ),
]
Qps = Annotated[
    str | None, typer.Option(help="Requests that arrive per second, or such as 600 requests/min.", show_default=False)
]
Percentile = Annotated[str | None, typer.Option(help="Of the latencies, such as p95; default: 99.", show_default=False)]


@optimize.command(epilog=EXIT_CODES)
def parallelism(
    plan: PlanFile,
    objective: Objective = None,
    maximize: Maximize = None,
    pareto: Pareto = None,
    top: Top = 1,
    explain: Explain = False,
    write: Write = None,
    gap: Gap = "0",
    time_limit: TimeLimit = 60.0,
    workers: Workers = 2,
    seed: Seed = 1,
    output: Output = None,
) -> int:
    """Split a model over the accelerators of a plan; by default for the least latency.

    Ctrl-C, like the time limit, ends the search with the best design so far and its gap.
    """
    effort = {"gap": gap, "time_limit": time_limit, "seed": seed, "workers": workers}
    return _answer("parallelism", plan, objective, maximize, pareto, top, explain, write, output, effort, {})


@optimize.command(epilog=EXIT_CODES)
def nodes(
    plan: PlanFile,
    hardware: Annotated[
        str | None,
        typer.Option(
            help="Accelerators to choose from, such as H100,H200; to serve, H100=16,L4 says how many there are.",
            show_default=False,
            autocompletion=completion.several(completion.entries("hardware")),
        ),
    ] = None,
    nodes: Annotated[
        str | None,
        typer.Option(help="To train: numbers of nodes to choose from, such as 1-64 or 8,16,32.", show_default=False),
    ] = None,
    tokens: Annotated[str | None, typer.Option(help="To train: tokens of the run.", show_default=False)] = None,
    deadline: Annotated[
        str | None, typer.Option(help='To train: by when the run must end, such as "14 days".', show_default=False)
    ] = None,
    budget: Annotated[
        str | None, typer.Option(help='What the run, or serving, may cost, such as "2 MUSD".', show_default=False)
    ] = None,
    carbon_cap: Annotated[
        str | None, typer.Option(help='What it may emit, such as "300 tCO2e".', show_default=False)
    ] = None,
    sla: Sla = None,
    qps: Qps = None,
    percentile: Percentile = None,
    objective: Objective = None,
    maximize: Maximize = None,
    pareto: Pareto = None,
    top: Top = 1,
    explain: Explain = False,
    write: Write = None,
    gap: Gap = "0",
    time_limit: TimeLimit = 60.0,
    workers: Workers = 2,
    seed: Seed = 1,
    output: Output = None,
) -> int:
    """Choose kinds and numbers of accelerators, jointly with the split: one fleet to train, one or more pools to serve.

    By default for the least latency of a step; to serve, for the fewest accelerators.
    """
    options = {
        "hardware": _words(hardware), "nodes": nodes, "tokens": tokens, "deadline": deadline,
        "budget": budget, "carbon_cap": carbon_cap, "sla": sla, "qps": qps, "percentile": percentile,
    }  # fmt: skip
    effort = {"gap": gap, "time_limit": time_limit, "seed": seed, "workers": workers}
    return _answer("nodes", plan, objective, maximize, pareto, top, explain, write, output, effort, options)


@optimize.command(epilog=EXIT_CODES)
def placement(
    plan: PlanFile,
    regions: Annotated[
        str | None,
        typer.Option(
            help="Regions or sites to choose from, such as Quebec,Norway; default: all.",
            show_default=False,
            autocompletion=completion.several(completion.entries("grids")),
        ),
    ] = None,
    carbon_tax: Annotated[
        str | None, typer.Option(help="USD/tCO2e, instead of the plan's.", show_default=False)
    ] = None,
    objective: Objective = None,
    maximize: Maximize = None,
    pareto: Pareto = None,
    top: Top = 1,
    write: Write = None,
    gap: Gap = "0",
    time_limit: TimeLimit = 60.0,
    seed: Seed = 1,
    output: Output = None,
) -> int:
    """Choose where a plan's work runs, or where and when each of its jobs; by default for the least total cost."""
    options = {"regions": _words(regions), "carbon_tax": carbon_tax}
    effort = {"gap": gap, "time_limit": time_limit, "seed": seed}
    return _answer("placement", plan, objective, maximize, pareto, top, False, write, output, effort, options)


@optimize.command(epilog=EXIT_CODES)
def batching(
    plan: PlanFile,
    sla: Sla = None,
    qps: Qps = None,
    percentile: Percentile = None,
    objective: Objective = None,
    maximize: Maximize = None,
    pareto: Pareto = None,
    top: Top = 1,
    explain: Explain = False,
    write: Write = None,
    gap: Gap = "0",
    time_limit: TimeLimit = 60.0,
    workers: Workers = 2,
    seed: Seed = 1,
    output: Output = None,
) -> int:
    """Choose requests at once, chunks of prefill and replicas that serve traffic in time; by default on fewest accelerators."""
    effort = {"gap": gap, "time_limit": time_limit, "seed": seed, "workers": workers}
    options = {"sla": sla, "qps": qps, "percentile": percentile}
    return _answer("batching", plan, objective, maximize, pareto, top, explain, write, output, effort, options)


def _answer(
    problem: str,
    plan: Path,
    objective: str | None,
    maximize: bool | None,
    pareto: str | None,
    top: int,
    explain: bool,
    write: Path | None,
    output: Format | None,
    effort: dict[str, Any],
    options: dict[str, Any],
) -> int:
    """Search, and print what was found."""
    from mlsysim.api import optimize as search
    from mlsysim.cli.files import refuse_unwritable, write_new
    from mlsysim.cli.output import progress
    from mlsysim.plan import load
    from mlsysim.search.writing import plan_text

    piped = write == STANDARD_OUTPUT
    if OUTPUT.choose(output) != Format.text and piped:
        raise InputError("--write -: standard output holds the answer", hint="name a file, or leave --output out")
    refuse_unwritable(write)
    if pareto is not None:
        idle = {
            "--write": write is not None, "--top": top != 1, "--explain": explain, "--maximize": maximize is not None,
            "--objective": objective is not None, "--gap": effort.pop("gap") != "0",
        }  # fmt: skip
        for option, given in idle.items():
            if given:
                raise InputError(
                    f"{option} changes nothing with --pareto", hint="leave it out: a front is many designs"
                )
        return _front(plan, pareto, problem, output, **effort, **options)
    loaded = load(plan)
    with progress() as watch:
        found = search(
            loaded, problem, objective=objective, largest=maximize, top=top, explain=explain, watch=watch, **effort,
            **options,
        )  # fmt: skip
    if not piped:
        show(output, found.to_dict, lambda: found.page(color=wants_color()))
    if write is not None:
        write_new(write, plan_text(loaded, found))
    return int(found.exit_code)


def _words(text: str | None) -> list[str]:
    """Words separated by commas."""
    return [word.strip() for word in (text or "").split(",") if word.strip()]


def _front(plan: Path, metrics: str, problem: str, output: Format | None, **options: Any) -> int:
    """Print the exact front of a plan's designs."""
    from mlsysim.api import pareto as trade

    found = trade(plan, _words(metrics), problem, **options)
    show(output, found.to_dict, found.page)
    return int(found.exit_code)
