"""Words under Tab: what the shell offers for an argument or an option, from the tables that the commands look names up in.

Nothing heavy is imported. Where nothing is offered the shell completes names of files.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from mlsysim.symbolic.errors import MlsysimError

if TYPE_CHECKING:
    from mlsysim.registry import Zoo

#: A word and what it is.
Offered = tuple[str, str]
Completer = Callable[[typer.Context, str], list[Offered]]
#: How files of plans end.
_PLANS = (".yaml", ".yml")
#: What may be offered, and what is left out of the words that explain it.
_WORD, _TOLD = re.compile(r"[\w.,/+=@%~-]+"), re.compile(r"[\\`$\"'\[\]]|[^\x20-\U0010ffff]")


def entries(*categories: str) -> Completer:
    """Entries of some categories by name, and by other names where no name begins so."""

    def complete(context: typer.Context, incomplete: str) -> list[Offered]:
        zoo = _zoo(context)
        known = [entry for category in categories for entry in zoo.entries(category).values()]
        named = [(entry.name, entry.title) for entry in known]
        other = [(word, entry.name) for entry in known for word in (*entry.aliases, entry.id)]
        return _beginning(incomplete, named) or _beginning(incomplete, other)

    return complete


def plans(context: typer.Context, incomplete: str) -> list[Offered]:
    """Scenarios, and files of plans in the folder that the word names."""
    folder, slash, begun = incomplete.rpartition("/")
    files = sorted(path for path in Path(folder + slash or ".").glob("*") if path.suffix in _PLANS and path.is_file())
    shown = [path.name for path in files if begun or not path.name.startswith(".")]
    found = [(f"{folder}{slash}{name}", "a plan") for name in shown]
    return [*_matching(incomplete, found), *entries("scenarios")(context, incomplete)]


def subjects(context: typer.Context, incomplete: str) -> list[Offered]:
    """What can be evaluated: plans, scenarios and models."""
    return [*plans(context, incomplete), *entries("models")(context, incomplete)]


def everything(context: typer.Context, incomplete: str) -> list[Offered]:
    """Entries of every category."""
    from mlsysim.registry import CATEGORIES

    return entries(*CATEGORIES)(context, incomplete)


def several(complete: Completer) -> Completer:
    """Words separated by commas."""

    def last(context: typer.Context, incomplete: str) -> list[Offered]:
        before, comma, word = incomplete.rpartition(",")
        return [(f"{before}{comma}{value}", says) for value, says in complete(context, word)]

    return last


def metrics(context: typer.Context, incomplete: str) -> list[Offered]:
    """Metrics by their full names, and by their last words where no full name begins so."""
    from mlsysim.constraints.asserts import metrics as known

    full = [(name, record["meaning"]) for name, record in sorted(known().items())]
    short = [(name.rpartition(".")[2], says) for name, says in full]
    return _matching(incomplete, full) or _matching(incomplete, short)


def objectives(context: typer.Context, incomplete: str) -> list[Offered]:
    """What a search can make least or largest: a word for it, or a metric."""
    from mlsysim.search.goals import WORDS

    words = [(word, f"least {metric}") for word, (_, metric) in WORDS.items()]
    return [*_matching(incomplete, words), *metrics(context, incomplete)]


def walls(context: typer.Context, incomplete: str) -> list[Offered]:
    """Walls by name or number, and metrics."""
    from mlsysim.symbolic.kernels import catalogue

    known = catalogue().WALLS
    by_number = [(str(wall["number"]), wall["name"]) for wall in known] if incomplete.isdigit() else []
    by_name = [(wall["name"], wall["binds"]) for wall in known]
    return [*_matching(incomplete, [*by_name, *by_number]), *metrics(context, incomplete)]


def facts(context: typer.Context, incomplete: str) -> list[Offered]:
    """What the entries of the category that a command lists state, and what they say of themselves."""
    from mlsysim.listing import ABOUT, TOGETHER
    from mlsysim.registry.vocabulary import meaning, names

    told = dict.fromkeys(ABOUT, "")
    for category in TOGETHER.get(context.info_name or "", (context.info_name or "",)):
        told |= {name: said.says for name in names(category) if (said := meaning(category, name))}
    return _matching(incomplete, told.items())


def field(section: str, name: str) -> Completer:
    """The words that a field of a plan can be."""

    def complete(context: typer.Context, incomplete: str) -> list[Offered]:
        from mlsysim.plan.acceptance import choices

        return _matching(incomplete, [(word, "") for word in choices(section, name)])

    return complete


def words(*known: str) -> Completer:
    """Words that are always the same."""

    def complete(context: typer.Context, incomplete: str) -> list[Offered]:
        return _matching(incomplete, [(word, "") for word in known])

    return complete


def _zoo(context: typer.Context) -> Zoo:
    """Where the command would look names up; the registry alone where entries of one's own are malformed."""
    from mlsysim.registry import standard

    try:
        return standard(context.find_root().params.get("zoo"))
    except MlsysimError:
        return standard("")


def _matching(incomplete: str, known: Iterable[Offered]) -> list[Offered]:
    return _plain((word, says) for word, says in known if word.startswith(incomplete))


def _beginning(incomplete: str, known: Iterable[Offered]) -> list[Offered]:
    """Names that begin so in whatever case; what was typed stays as it is, which shells ask for."""
    begun, length = incomplete.casefold(), len(incomplete)
    return _plain((incomplete + word[length:], says) for word, says in known if word.casefold().startswith(begun))


def _plain(offered: Iterable[Offered]) -> list[Offered]:
    """What no shell takes for a command: names of files, and titles of entries of one's own, may hold anything."""
    return [(word, _TOLD.sub("", says)) for word, says in offered if _WORD.fullmatch(word)]
