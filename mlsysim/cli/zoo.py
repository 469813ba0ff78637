"""``mlsysim zoo``: the registry's entries, each value with its source."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from mlsysim.cli.output import OUTPUT, emit, emit_json
from mlsysim.registry.categories import SAYS
from mlsysim.symbolic.errors import InputError

zoo = typer.Typer(
    help="List what the registry knows, show an entry with its sources, check and extend it.", rich_markup_mode="rich",
    epilog="Entries of your own: a zoo.yaml beside a plan, or a file or folder named by MLSYSIM_ZOO.",
)  # fmt: skip


class TableFormat(StrEnum):
    """How lists are written."""

    text = "text"
    json = "json"
    csv = "csv"
    markdown = "markdown"


TableOutput = Annotated[
    TableFormat | None, typer.Option("--output", "-o", help="How to write the list.", show_default=False)
]
Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where", "-w", help="A condition, such as 'memory.capacity >= 80 GB' or 'vendor ~ nvidia'; repeatable."
    ),
]


def _format(output: TableFormat | None) -> str:
    return OUTPUT.choose(output and output.value)


@zoo.callback(invoke_without_command=True)
def overview(context: typer.Context, output: TableOutput = None) -> None:
    """List what the registry knows, show an entry with its sources, check and extend it."""
    if context.invoked_subcommand is None:
        from mlsysim.cli.listing import overview as count
        from mlsysim.cli.tables import show as show_rows

        show_rows(count(), _format(output), "zoo")
    elif output is not None:
        OUTPUT.chosen = output.value


def _lister(title: str, categories: tuple[str, ...]) -> Any:
    """A command that lists one category, or several under one title."""

    def command(
        where: Where = None,
        sort: Annotated[str | None, typer.Option(help="Sort by a fact, such as memory.bandwidth.")] = None,
        descending: Annotated[bool, typer.Option("--descending", "-d", help="The largest first.")] = False,
        columns: Annotated[str | None, typer.Option(help="What to show, separated by commas.")] = None,
        output: TableOutput = None,
    ) -> None:
        from mlsysim.cli.listing import listing
        from mlsysim.cli.tables import show as show_rows

        rows = []
        for category in categories:
            found = listing(category, where or (), sort, descending, columns)
            rows += found if len(categories) == 1 else [{"category": category, **row} for row in found]
        if not rows and _format(output) != "json":
            sys.stderr.write(f"no entry of {title} fits\n")
        show_rows(rows, _format(output), title)

    return command


for _category, _says in SAYS.items():
    zoo.command(_category, help=_says, rich_help_panel="Categories")(_lister(_category, (_category,)))
zoo.command("systems", help="Nodes and fleets together.", rich_help_panel="Categories")(
    _lister("systems", ("nodes", "fleets"))
)


@zoo.command(rich_help_panel="One entry")
def show(
    name: Annotated[str, typer.Argument(help="An entry, by name or alias; category/name where several share it.")],
    output: TableOutput = None,
) -> None:
    """Show an entry: every value, where it comes from and how far it is verified."""
    from mlsysim.cli import entries as pages
    from mlsysim.cli.tables import show as show_rows

    entry = pages.named(name)
    format = _format(output)
    if format == "json":
        emit_json(pages.as_data(entry))
    elif format == "text":
        pages.page(entry)
    else:
        show_rows(pages.rows(entry), format)


@zoo.command(rich_help_panel="One entry")
def cite(name: Annotated[str, typer.Argument(help="An entry, by name or alias.")]) -> None:
    """Print the sources of an entry as BibTeX."""
    from mlsysim.cli import entries as pages
    from mlsysim.registry.bibliography import bibliography

    entry = pages.named(name)
    cited = pages.sources(entry)
    if not cited:
        raise InputError(f"{entry.name} states no values, so it has no sources", hint="cite what it is made of")
    emit(bibliography(cited))


@zoo.command(rich_help_panel="The whole zoo")
def audit(output: TableOutput = None) -> int:
    """Check every file of the registry, and count values by kind and by how far they are verified."""
    from mlsysim.cli.audit import audit as check
    from mlsysim.cli.tables import show as show_rows

    rows, notes = check()
    show_rows(rows, _format(output), "audit")
    for note in notes if _format(output) == "text" else ():
        emit(note)
    return 0


@zoo.command("import", rich_help_panel="The whole zoo")
def import_(
    config: Annotated[
        Path, typer.Argument(help="A model's config.json, as Hugging Face publishes it.", show_default=False)
    ],
    name: Annotated[str | None, typer.Option(help="The entry's name in plans.")] = None,
    write: Annotated[Path | None, typer.Option(help="A file to write the entry to, such as zoo.yaml.")] = None,
) -> None:
    """Turn a Hugging Face model configuration into an entry of your own."""
    from mlsysim.cli.output import write_new
    from mlsysim.importing import imported

    _, text = imported(config, name)
    if write is None:
        emit(text)
    else:
        write_new(write, text)
