"""The commands. What a command needs is imported when it runs, so that help and lists stay quick."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from mlsysim import __version__
from mlsysim.cli.output import OUTPUT, emit, emit_json, wants_color
from mlsysim.cli.zoo import zoo as zoo_commands
from mlsysim.symbolic.errors import InputError, nearest

EXIT_CODES = """Exit codes: 0 fine, 1 internal error, 2 bad input, 3 assert violated, 4 physically infeasible,
5 search ended without proof, 130 interrupted before there was an answer."""

app = typer.Typer(
    name="mlsysim", no_args_is_help=True, add_completion=True, pretty_exceptions_enable=False, epilog=EXIT_CODES,
    rich_markup_mode="rich", context_settings={"help_option_names": ["-h", "--help"]},
)  # fmt: skip


class Format(StrEnum):
    """How results are written."""

    text = "text"
    json = "json"


Output = Annotated[Format | None, typer.Option("--output", "-o", help="How to write the result.", show_default=False)]
PlanFile = Annotated[Path, typer.Argument(help="A plan in YAML, or a scenario.", show_default=False)]


def _version(wanted: bool) -> None:
    if wanted:
        emit(f"mlsysim {__version__}")
        raise typer.Exit


@app.callback()
def mlsysim(
    output: Output = None,
    zoo: Annotated[
        Path | None, typer.Option("--zoo", help="A file or folder of entries of your own.", envvar="MLSYSIM_ZOO")
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """First-principles reasoning about machine-learning systems.

    Does this model fit, how fast will it run, what binds it, what does it cost and emit, and what is the best design?
    """
    OUTPUT.chosen = output.value if output else "text"
    if zoo is not None:
        os.environ["MLSYSIM_ZOO"] = str(zoo)


@app.command("eval", epilog=EXIT_CODES)
def evaluate(
    what: Annotated[
        str,
        typer.Argument(
            metavar="PLAN|SCENARIO|MODEL", help="A plan in YAML, a scenario, or a model.", show_default=False
        ),
    ],
    hardware: Annotated[str | None, typer.Argument(help="An accelerator, after a model.", show_default=False)] = None,
    batch_size: Annotated[int | None, typer.Option(help="Sequences, requests or samples at once.")] = None,
    nodes: Annotated[int | None, typer.Option(help="Standard nodes; makes the phase training.")] = None,
    accelerators: Annotated[int | None, typer.Option(help="Accelerators, instead of nodes.")] = None,
    phase: Annotated[str | None, typer.Option(help="training or inference.")] = None,
    sequence_length: Annotated[int | None, typer.Option(help="Tokens of a sequence or prompt.")] = None,
    output_tokens: Annotated[int | None, typer.Option(help="Tokens generated for a request.")] = None,
    precision: Annotated[str | None, typer.Option(help="Number format, such as bf16.")] = None,
    efficiency: Annotated[float | None, typer.Option(help="Share of peak that kernels reach.")] = None,
    region: Annotated[str | None, typer.Option(help="Grid, such as Quebec.")] = None,
    duration_days: Annotated[float | None, typer.Option(help="Days for which the accelerators are held.")] = None,
    output: Output = None,
) -> int:
    """Evaluate a plan, or a model on an accelerator: feasibility, performance, macro."""
    from mlsysim.api import evaluate as evaluate_plan

    workload = {"batch_size": batch_size, "phase": phase, "sequence_length": sequence_length,
                "output_tokens": output_tokens, "precision": precision, "efficiency": efficiency}  # fmt: skip
    fleet = {"nodes": nodes, "accelerators": accelerators}
    ops = {"region": region, "duration_days": duration_days}
    given = [f"--{name.replace('_', '-')}" for name, v in {**workload, **fleet, **ops}.items() if v is not None]
    if hardware is None:
        plan = _plan(what)
        if given:
            raise InputError(f"{', '.join(given)}: a plan says this itself", where=what, hint="change the plan")
        evaluation = evaluate_plan(plan)
    else:
        evaluation = evaluate_plan({
            "version": "1.0", "workload": {"name": what, **_present(workload)},
            "hardware": {"name": hardware, **_present(fleet)}, "ops": _present(ops),
        })  # fmt: skip
    if OUTPUT.choose(output and output.value) == "json":
        emit_json(evaluation.to_dict())
    else:
        emit(evaluation.scorecard(color=wants_color()))
    return evaluation.exit_code


def _present(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _plan(what: str) -> Any:
    """The plan that one word means: a file or a scenario; a model alone lacks its accelerator."""
    if Path(what).exists() or what.endswith((".yaml", ".yml")):
        return Path(what)
    from mlsysim.registry import standard

    zoo = standard()
    known = zoo.categories_of(what)
    if "scenarios" in known:
        return Path(what)
    if "models" in known:
        name = zoo.find("models", what).name
        raise InputError(f"{name} on which accelerator?", where=what, hint=f"mlsysim eval {name} H100")
    names = [*zoo.entries("scenarios"), *zoo.entries("models")]
    near = nearest(what, names)
    hint = (
        f"did you mean {' or '.join(map(repr, near))}?"
        if near
        else "see `mlsysim zoo scenarios` and `mlsysim zoo models`"
    )
    raise InputError("there is no such file, scenario or model", where=what, hint=hint)


@app.command(epilog=EXIT_CODES)
def derive(
    what: Annotated[str, typer.Argument(help="A wall by name or number, or a metric of the plan.", show_default=False)],
    plan: Annotated[Path | None, typer.Option(help="The plan whose values stand in the chain.")] = None,
    format: Annotated[str, typer.Option(help="text or latex; for a wall also web or mathml.")] = "text",
    output: Output = None,
) -> None:
    """Print a wall's derivation, or the chain from registry values to a metric of a plan."""
    from mlsysim.api import derive as derive_what

    page = derive_what(what, plan=plan, format=format)
    if OUTPUT.choose(output and output.value) == "json":
        emit_json({"what": what, "format": format, "derivation": page})
    else:
        emit(page)


@app.command(epilog=EXIT_CODES)
def walls(output: Output = None) -> None:
    """List the walls: number, name, domain, core equation, and when each binds."""
    from mlsysim.cli.tables import table
    from mlsysim.symbolic.kernels import catalogue

    rows = [{key: wall[key] for key in ("number", "name", "domain", "core", "binds")} for wall in catalogue().WALLS]
    if OUTPUT.choose(output and output.value) == "json":
        emit_json(rows)
    else:
        table(rows, title="walls")


@app.command(epilog=EXIT_CODES)
def sensitivity(
    plan: PlanFile,
    metric: Annotated[str, typer.Option(help="The metric whose elasticities are ranked.")] = "performance.latency",
    top: Annotated[int, typer.Option(help="How many inputs to show.")] = 15,
    output: Output = None,
) -> None:
    """Rank the inputs of a plan by what one percent of each does to a metric."""
    from mlsysim.api import sensitivity as rank

    found = rank(plan, metric)
    if OUTPUT.choose(output and output.value) == "json":
        emit_json(found.to_dict())
    else:
        emit(found.page(top))


@app.command(epilog=EXIT_CODES)
def synthesize(
    plan: PlanFile,
    target: Annotated[str, typer.Option(help='What must hold, such as "itl <= 30 ms".')],
    output: Output = None,
) -> int:
    """Say what hardware a target needs: bandwidth, arithmetic, memory, links, accelerators."""
    from mlsysim.api import synthesize as invert

    found = invert(plan, target)
    if OUTPUT.choose(output and output.value) == "json":
        emit_json(found.to_dict())
    else:
        emit(found.page())
    return int(found.exit_code)


@app.command(epilog=EXIT_CODES)
def optimize(
    problem: Annotated[
        str,
        typer.Argument(
            help="What to decide: parallelism, nodes (the fleet and its split), or batching.", show_default=False
        ),
    ],
    plan: PlanFile,
    objective: Annotated[
        str | None,
        typer.Option(
            help='A metric, a sum such as "latency + 0.5*tco", weights per unit of each, or fewest, cheapest, cleanest, '
            "soonest; by default the latency, of batching the number of accelerators.",
            show_default=False,
        ),
    ] = None,
    maximize: Annotated[
        bool | None,
        typer.Option("--maximize/--minimize", help="By default what is better for the metric.", show_default=False),
    ] = None,
    hardware: Annotated[
        str | None, typer.Option(help="Accelerators to choose from, such as H100,H200; with nodes.", show_default=False)
    ] = None,
    nodes: Annotated[
        str | None,
        typer.Option(help="Numbers of nodes to choose from, such as 1-64 or 8,16,32; with nodes.", show_default=False),
    ] = None,
    sla: Annotated[
        list[str] | None,
        typer.Option(help='A limit, such as "50 ms" for each token or "ttft <= 500 ms"; with batching, repeatable.'),
    ] = None,
    qps: Annotated[float | None, typer.Option(help="Requests that arrive per second; with batching.")] = None,
    percentile: Annotated[float | None, typer.Option(help="Of the latencies, by default 99; with batching.")] = None,
    tokens: Annotated[str | None, typer.Option(help="Tokens of the training run; with nodes.")] = None,
    deadline: Annotated[
        str | None, typer.Option(help='By when the run must end, such as "14 days"; with nodes.')
    ] = None,
    budget: Annotated[str | None, typer.Option(help='What it may cost, such as "2 MUSD"; with nodes.')] = None,
    carbon_cap: Annotated[str | None, typer.Option(help='What it may emit, such as "300 tCO2e"; with nodes.')] = None,
    pareto: Annotated[
        str | None, typer.Option(help="Metrics to trade, such as latency,memory_required: the exact front.")
    ] = None,
    top: Annotated[int, typer.Option(help="How many designs to show: the best, and those that come next.")] = 1,
    explain: Annotated[bool, typer.Option("--explain", help="Say why the design is the best.")] = False,
    write: Annotated[Path | None, typer.Option(help="A file to write the plan to, with the choice filled in.")] = None,
    time_limit: Annotated[float, typer.Option(help="Seconds for the search, its tables included.")] = 60.0,
    workers: Annotated[int, typer.Option(help="Threads of the search.", min=1, max=64)] = 2,
    seed: Annotated[int, typer.Option(help="Seed of the search.", min=0, max=2**31 - 1)] = 1,
    output: Output = None,
) -> int:
    """Find the best design for a plan by integer programming, with a proven bound.

    Ctrl-C, like the time limit, ends the search with the best design so far and its gap.
    """
    from mlsysim.api import optimize as search
    from mlsysim.cli.output import progress, refuse_existing, write_new

    refuse_existing(write)
    effort: dict[str, Any] = {"time_limit": time_limit, "seed": seed, "workers": workers}
    options: dict[str, Any] = {
        "hardware": _words(hardware), "nodes": _numbers(nodes), "tokens": _tokens(tokens), "deadline": deadline,
        "budget": budget, "carbon_cap": carbon_cap, "sla": sla, "qps": qps, "percentile": percentile,
    }  # fmt: skip
    if pareto is not None:
        idle = {
            "--write": write is not None,
            "--top": top != 1,
            "--explain": explain,
            "--maximize": maximize is not None,
            "--objective": objective != "performance.latency",
        }
        for option, given in idle.items():
            if given:
                raise InputError(
                    f"{option} changes nothing with --pareto", hint="leave it out: a front is many designs"
                )
        return _front(plan, pareto, problem, output, **effort, **options)
    with progress() as watch:
        found = search(
            plan,
            problem,
            objective=objective,
            largest=maximize,
            top=top,
            explain=explain,
            watch=watch,
            **effort,
            **options,
        )
    if OUTPUT.choose(output and output.value) == "json":
        emit_json(found.to_dict())
    else:
        emit(found.page(color=wants_color()))
    if write is not None:
        import yaml

        write_new(write, yaml.safe_dump(found.plan(), sort_keys=False, allow_unicode=True))
    return int(found.exit_code)


def _words(text: str | None) -> list[str]:
    """Words separated by commas."""
    return [word.strip() for word in (text or "").split(",") if word.strip()]


def _numbers(text: str | None) -> list[int]:
    """Whole numbers separated by commas, and ranges such as 1-64."""
    found: list[int] = []
    for word in _words(text):
        low, dash, high = word.partition("-")
        if not low.isdigit() or (dash and not high.isdigit()) or len(word) > 15:
            raise InputError(f"--nodes: {word!r} is no number of nodes", hint="write 1-64, or 8,16,32")
        found += range(int(low), min(int(high or low), int(low) + 10_000) + 1)
    return found


def _tokens(text: str | None) -> float | str | None:
    """A number of tokens, bare or with its unit."""
    try:
        return None if text is None else float(text)
    except ValueError:
        return text


def _front(plan: Path, metrics: str, problem: str, output: Format | None, **options: Any) -> int:
    """Print the exact front of a plan's designs."""
    from mlsysim.api import pareto as trade

    found = trade(plan, _words(metrics), problem, **options)
    if OUTPUT.choose(output and output.value) == "json":
        emit_json(found.to_dict())
    else:
        emit(found.page())
    return int(found.exit_code)


app.add_typer(zoo_commands, name="zoo")


@app.command(epilog=EXIT_CODES)
def schema(type: Annotated[str, typer.Option("--type", help="plan, result or registry.")] = "plan") -> None:
    """Print the JSON Schema of a plan, of a result, or of a file of your own entries."""
    from mlsysim.schemas import schema_of

    emit_json(schema_of(type))
