"""The commands. What a command needs is imported when it runs, so that help and lists stay quick."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from mlsysim import __version__
from mlsysim.answer_schemas import KINDS
from mlsysim.cli import completion
from mlsysim.cli.findings import Looked, exit_code, show_found, show_several
from mlsysim.cli.optimize import optimize as optimize_commands
from mlsysim.cli.options import (
    EXIT_CODES,
    USUAL_FILE,
    Fail,
    FailOn,
    Format,
    Output,
    PlanFile,
    PlanFiles,
    is_file,
    is_scenario,
    whole,
)
from mlsysim.cli.output import OUTPUT, emit, show, wants_color
from mlsysim.cli.zoo import zoo as zoo_commands
from mlsysim.symbolic.errors import InputError, nearest

app = typer.Typer(
    name="mlsysim", no_args_is_help=True, add_completion=True, pretty_exceptions_enable=False, epilog=EXIT_CODES,
    rich_markup_mode="rich", context_settings={"help_option_names": ["-h", "--help"]},
)  # fmt: skip


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
    OUTPUT.chosen = output or Format.text
    if zoo is not None:
        os.environ["MLSYSIM_ZOO"] = str(zoo)


@app.command("eval", epilog=EXIT_CODES)
def evaluate(
    what: Annotated[
        str,
        typer.Argument(
            metavar="PLAN|SCENARIO|MODEL",
            help="A plan in YAML, a scenario, or a model.",
            show_default=False,
            autocompletion=completion.subjects,
        ),
    ],
    hardware: Annotated[
        str | None,
        typer.Argument(
            help="An accelerator, after a model.", show_default=False, autocompletion=completion.entries("hardware")
        ),
    ] = None,
    batch_size: Annotated[str | None, typer.Option(help="Sequences, requests or samples at once.")] = None,
    nodes: Annotated[str | None, typer.Option(help="Standard nodes; makes the phase training.")] = None,
    accelerators: Annotated[str | None, typer.Option(help="Accelerators, instead of nodes.")] = None,
    phase: Annotated[
        str | None,
        typer.Option(help="training, inference or serving.", autocompletion=completion.field("workload", "phase")),
    ] = None,
    sequence_length: Annotated[
        str | None, typer.Option(help="Tokens of a sequence or prompt, such as 8192 or 32Ki.")
    ] = None,
    output_tokens: Annotated[str | None, typer.Option(help="Tokens generated for a request.")] = None,
    precision: Annotated[
        str | None, typer.Option(help="Number format, such as bf16.", autocompletion=completion.entries("datatypes"))
    ] = None,
    efficiency: Annotated[
        str | None, typer.Option(help="Share of peak that kernels reach, such as 0.5 or 50%.")
    ] = None,
    region: Annotated[
        str | None, typer.Option(help="Grid, such as Quebec.", autocompletion=completion.entries("grids"))
    ] = None,
    duration_days: Annotated[
        str | None, typer.Option(help="Days for which the accelerators are held, or such as 2weeks.")
    ] = None,
    fail_on: Fail = FailOn.error,
    output: Output = None,
) -> int:
    """Evaluate a plan, or a model on an accelerator: feasibility, performance, macro."""
    from mlsysim.api import evaluate_whole

    fields = {
        "batch_size": batch_size, "nodes": nodes, "accelerators": accelerators, "phase": phase,
        "sequence_length": sequence_length, "output_tokens": output_tokens, "precision": precision,
        "efficiency": efficiency, "region": region, "duration_days": duration_days,
    }  # fmt: skip
    if hardware is not None and is_file(what):
        raise InputError(f"{hardware}: a plan names its accelerators itself", where=what, hint="leave it out")
    if hardware is None:
        plan = _plan(what)
        given = [f"--{name.replace('_', '-')}" for name, value in fields.items() if value is not None]
        if given:
            raise InputError(f"{', '.join(given)}: a plan says this itself", where=what, hint="change the plan")
        found = evaluate_whole(plan)
    else:
        found = evaluate_whole(what, hardware, **_read(fields))
    show_found(output, found, found.to_dict, lambda: found.scorecard(color=wants_color()), fail_on)
    return exit_code(found, fail_on)


def _read(options: dict[str, str | None]) -> dict[str, Any]:
    """The options that were given, as the fields that they stand for."""
    from mlsysim.plan.options import as_field
    from mlsysim.plan.pairing import FIELDS

    given = {name: text for name, text in options.items() if text is not None}
    return {name: as_field(f"--{name.replace('_', '-')}", FIELDS[name], name, text) for name, text in given.items()}


def _plan(what: str) -> Any:
    """The plan that one word means: a file or a scenario; a model alone lacks its accelerator."""
    if is_file(what) or is_scenario(what):
        return Path(what)
    from mlsysim.registry import standard

    zoo = standard()
    if zoo.knows("models", what):
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
def check(plans: PlanFiles = None, fail_on: Fail = FailOn.error, output: Output = None) -> int:
    """Say whether plans are valid, feasible and keep their asserts, and if not why, without the full report."""
    from mlsysim.api import evaluate_whole
    from mlsysim.checked import Checked

    plans = plans or [Path(USUAL_FILE)]
    if len(plans) > 1 or ((format := OUTPUT.choose(output, builds=True)).table and not format.one):
        looked = [Looked.at(str(plan), lambda file: evaluate_whole(_plan(file)), fail_on) for plan in plans]
        return show_several(output, looked)
    found = evaluate_whole(_plan(str(plans[0])))
    checked = Checked(found)
    show_found(output, found, checked.to_dict, checked.page, fail_on)
    return exit_code(found, fail_on)


@app.command(epilog=EXIT_CODES)
def diff(
    before: Annotated[
        Path, typer.Argument(help="A plan in YAML, or a scenario.", show_default=False, autocompletion=completion.plans)
    ],
    after: Annotated[Path, typer.Argument(help="Another.", show_default=False, autocompletion=completion.plans)],
    fail_on: Fail = FailOn.error,
    output: Output = None,
) -> int:
    """Say what changes from one plan to another in every metric, and which wall then binds; the exit code is of the second."""
    from mlsysim.api import evaluate as evaluate_plan
    from mlsysim.comparison import Comparison

    found = Comparison(*(evaluate_plan(_plan(str(plan))) for plan in (before, after)))
    show(output, found.to_dict, found.page)
    return exit_code(found.after, fail_on)


@app.command()
def init(
    file: Annotated[Path, typer.Argument(help="The file to write, - for standard output.")] = Path(USUAL_FILE),
) -> None:
    """Write a plan to start from, with what its fields mean."""
    from mlsysim.cli.files import write_new
    from mlsysim.plan.starter import STARTER

    write_new(file, STARTER)


@app.command(epilog=EXIT_CODES)
def derive(
    what: Annotated[
        str,
        typer.Argument(
            help="A wall by name or number, or a metric of the plan.",
            show_default=False,
            autocompletion=completion.walls,
        ),
    ],
    plan: Annotated[
        Path | None, typer.Option(help="The plan whose values stand in the example.", autocompletion=completion.plans)
    ] = None,
    format: Annotated[
        str,
        typer.Option(
            help="text or latex; for a wall also web or mathml.",
            autocompletion=completion.words("text", "latex", "web", "mathml"),
        ),
    ] = "text",
    full: Annotated[
        bool, typer.Option("--full", help="For a metric: every equation behind it, not only what carries it.")
    ] = False,
    output: Output = None,
) -> None:
    """Print a wall's derivation, or where a metric of a plan comes from, as a worked example."""
    from mlsysim.api import derive as derive_what

    if OUTPUT.choose(output).table:
        raise InputError(
            "--output: a derivation is no table", hint="choose text, json or yaml, and --format latex or web"
        )
    page = derive_what(what, plan=plan, format=format, full=full)
    show(output, lambda: {"what": what, "format": format, "derivation": page}, lambda: page)


@app.command(epilog=EXIT_CODES)
def walls(
    coverage: Annotated[
        bool, typer.Option("--coverage", help="Show which laws plans use, and how much they derive.")
    ] = False,
    evaluate: Annotated[
        str | None,
        typer.Option(
            metavar="WALL",
            help="Evaluate the laws of this wall, by name or number, outside any plan, on the values that follow.",
            autocompletion=completion.walls,
        ),
    ] = None,
    values: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME=VALUE]...",
            help="For --evaluate: quantities of its laws, with a unit ('bandwidth=3.35 TB/s') or in s, byte, flop, J, USD.",
            show_default=False,
        ),
    ] = None,
    output: Output = None,
) -> None:
    """List the walls, with their core equations and when each binds, or evaluate the laws of one."""
    from mlsysim.cli.tables import show_rows

    if evaluate:
        from mlsysim.standalone import assignments, evaluate_wall

        alone = evaluate_wall(evaluate, assignments(values or []))
        show(output, alone.to_dict, alone.page)
        return
    if values:
        raise InputError(f"{values[0]!r} belongs to no wall", hint="add --evaluate with a wall's name or number")
    if coverage:
        from mlsysim.coverage import coverage as counted

        used = counted()
        show(output, used.to_dict, used.page)
        return
    from mlsysim.symbolic.kernels import catalogue

    rows = [{key: wall[key] for key in ("number", "name", "domain", "core", "binds")} for wall in catalogue().WALLS]
    show_rows(rows, output, title="walls")


@app.command(epilog=EXIT_CODES)
def metrics(output: Output = None) -> None:
    """List the metrics that asserts limit and searches optimise: name, unit and meaning."""
    from mlsysim.cli.tables import show_rows
    from mlsysim.constraints.asserts import metrics as known

    rows = [
        {"name": name, "unit": each["display"], "meaning": each["meaning"]} for name, each in sorted(known().items())
    ]
    show_rows(rows, output, title="metrics")


@app.command(epilog=EXIT_CODES)
def sensitivity(
    plan: PlanFile,
    metric: Annotated[
        str, typer.Option(help="The metric whose elasticities are ranked.", autocompletion=completion.metrics)
    ] = "performance.latency",
    top: Annotated[int, typer.Option(parser=whole(), metavar="INTEGER", help="How many inputs to show.")] = 15,
    output: Output = None,
) -> None:
    """Rank the inputs of a plan by what one percent of each does to a metric."""
    from mlsysim.api import sensitivity as rank

    found = rank(plan, metric)
    show(output, found.to_dict, lambda: found.page(top))


@app.command(epilog=EXIT_CODES)
def synthesize(
    plan: PlanFile,
    target: Annotated[
        str, typer.Option(help='What must hold, such as "itl <= 30 ms".', autocompletion=completion.metrics)
    ],
    output: Output = None,
) -> int:
    """Say what hardware a target needs: bandwidth, arithmetic, memory, links, accelerators."""
    from mlsysim.api import synthesize as invert

    found = invert(plan, target)
    show(output, found.to_dict, found.page)
    return int(found.exit_code)


app.add_typer(optimize_commands, name="optimize")
app.add_typer(zoo_commands, name="zoo")


@app.command()
def mcp() -> None:
    """Serve language-model agents over the Model Context Protocol, on standard input and output; needs the extra `mcp`."""
    from mlsysim.agents.server import main as serve

    serve()


@app.command(epilog=EXIT_CODES)
def schema(
    type: Annotated[
        str, typer.Option("--type", help=f"One of {', '.join(KINDS)}.", autocompletion=completion.words(*KINDS))
    ] = "plan",
) -> None:
    """Print the JSON Schema of a plan, of an answer, or of a file of your own entries."""
    from mlsysim.reports.data import as_json
    from mlsysim.schemas import schema_of

    emit(as_json(schema_of(type)))
