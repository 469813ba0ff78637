"""``mlsysim zoo``: the registry's entries, each value with its source."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from mlsysim.cli import completion
from mlsysim.cli.options import Format, Output
from mlsysim.cli.output import OUTPUT, emit
from mlsysim.cli.output import show as write
from mlsysim.cli.program import say
from mlsysim.registry.categories import SAYS, ordered_by
from mlsysim.registry.document import STANDARD_OUTPUT
from mlsysim.symbolic.errors import InputError

zoo = typer.Typer(
    help="List what the registry knows, show an entry with its sources, check and extend it.", rich_markup_mode="rich",
    epilog="Entries of your own: a zoo.yaml beside a plan, or a file or folder named by MLSYSIM_ZOO.",
)  # fmt: skip


Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        "-w",
        help="A condition, such as 'memory.capacity >= 80 GB' or 'vendor ~ nvidia'; repeatable.",
        autocompletion=completion.facts,
    ),
]


@zoo.callback(invoke_without_command=True)
def overview(context: typer.Context, output: Output = None) -> None:
    """List what the registry knows, show an entry with its sources, check and extend it."""
    if context.invoked_subcommand is None:
        from mlsysim.cli.tables import show_rows
        from mlsysim.listing import overview as count

        show_rows(count(), output, "zoo")
    elif output is not None:
        OUTPUT.chosen = output


def _lister(category: str) -> Any:
    """A command that lists a category, or several that are listed together."""

    def command(
        where: Where = None,
        sort: Annotated[
            str | None, typer.Option(help="Sort by a fact, such as memory.bandwidth.", autocompletion=completion.facts)
        ] = None,
        descending: Annotated[bool, typer.Option("--descending", "-d", help="The largest first.")] = False,
        columns: Annotated[
            str | None,
            typer.Option(
                help="What to show, separated by commas.", autocompletion=completion.several(completion.facts)
            ),
        ] = None,
        output: Output = None,
    ) -> None:
        from mlsysim.cli.tables import show_rows
        from mlsysim.listing import listing

        rows = listing(category, where or (), sort, descending, columns)
        if not rows and not OUTPUT.choose(output).answer:
            say(f"no entry of {category} fits\n")
        show_rows(rows, output, category)

    return command


for _category, _says in {**SAYS, "systems": "Nodes and fleets together."}.items():
    _order = f"Ordered by {ordered_by(_category)}, " if _category in SAYS else "Each in the order of its own list, "
    zoo.command(_category, help=f"{_says} {_order}unless --sort says otherwise.", short_help=_says,
                rich_help_panel="Categories")(_lister(_category))  # fmt: skip


@zoo.command(rich_help_panel="One entry")
def show(
    name: Annotated[
        str,
        typer.Argument(
            help="An entry, by name or alias; category/name where several share it.",
            autocompletion=completion.everything,
        ),
    ],
    output: Output = None,
) -> None:
    """Show an entry: every value, where it comes from and how far it is verified."""
    from mlsysim import entries
    from mlsysim.cli.entries import page
    from mlsysim.zoo import named

    entry = named(name)
    if OUTPUT.choose(output) == Format.text:
        page(entry)
    else:
        tabular = OUTPUT.choose(output).table
        write(output, lambda: entries.rows(entry) if tabular else entries.as_data(entry), str)


@zoo.command(rich_help_panel="One entry")
def cite(
    name: Annotated[str, typer.Argument(help="An entry, by name or alias.", autocompletion=completion.everything)],
) -> None:
    """Print the sources of an entry as BibTeX."""
    from mlsysim.entries import sources
    from mlsysim.registry.bibliography import bibliography
    from mlsysim.zoo import named

    entry = named(name)
    cited = sources(entry)
    if not cited:
        raise InputError(f"{entry.name} states no values, so it has no sources", hint="cite what it is made of")
    emit(bibliography(cited))


@zoo.command(rich_help_panel="The whole zoo")
def audit(output: Output = None) -> int:
    """Check every file of the registry, and count values by kind and by how far they are verified."""
    from mlsysim.cli.audit import audit as check
    from mlsysim.cli.tables import show_rows

    rows, notes = check()
    show_rows(rows, output, "audit")
    for note in notes if OUTPUT.choose(output) == Format.text else ():
        emit(note)
    return 0


@zoo.command("import", rich_help_panel="The whole zoo")
def import_(
    config: Annotated[
        Path, typer.Argument(help="A model's config.json, as Hugging Face publishes it.", show_default=False)
    ],
    name: Annotated[str | None, typer.Option(help="The entry's name in plans.")] = None,
    part: Annotated[
        str | None, typer.Option(help="The part of the file that is the model, such as text_config.")
    ] = None,
    write: Annotated[
        Path,
        typer.Option(
            help="A file to write the entry to, such as zoo.yaml; default: standard output.", show_default=False
        ),
    ] = STANDARD_OUTPUT,
) -> None:
    """Turn a Hugging Face model configuration into an entry of your own."""
    from mlsysim.cli.files import refuse_unwritable, write_new
    from mlsysim.importing import imported

    refuse_unwritable(write)
    entry, text = imported(config, name, part)
    if "note" in entry:
        say(f"note: {entry['note']}\n")
    write_new(write, text)
