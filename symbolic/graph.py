"""The equation graph: every quantity defined once per variant, from leaves to metrics."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from types import ModuleType

from mlsysim.symbolic import foundations, systems, walls
from mlsysim.symbolic.errors import MlsysimError, UnknownNameError
from mlsysim.symbolic.quantity import VARIANTS, Quantity
from mlsysim.symbolic.step import Step
from mlsysim.symbolic.wall import Condition, Wall


@dataclass(frozen=True, eq=False)
class Chapter:
    """One module of physics: a wall, a foundation that walls stand on, or a system that adds them up.

    A chapter takes quantities from others by name but refers to their steps through the module, so the steps in its
    namespace are its own.
    """

    name: str
    module: ModuleType
    wall: Wall | None

    @cached_property
    def steps(self) -> list[tuple[str, Step]]:
        """The steps the module states, with their Python names, in the order of the file."""
        return [(name, value) for name, value in vars(self.module).items() if isinstance(value, Step)]

    @property
    def is_wall(self) -> bool:
        """Whether the wall is stated here; other chapters may carry its name because their equations belong to it."""
        return "wall" in vars(self.module)

    @property
    def conditions(self) -> list[Condition]:
        """The conditions the module states."""
        return [value for value in vars(self.module).values() if isinstance(value, Condition)]

    @property
    def quantities(self) -> list[Quantity]:
        """The quantities the module names."""
        return [value for value in vars(self.module).values() if isinstance(value, Quantity)]


@cache
def chapters() -> tuple[Chapter, ...]:
    """All chapters: foundations and systems first, then the walls by number."""
    of_folder = {module.__package__: vars(module)["wall"] for module in walls.MODULES if "wall" in vars(module)}
    found = [
        Chapter(_title(module), module, of_folder.get(module.__package__))
        for module in (*foundations.MODULES, *walls.MODULES, *systems.MODULES)
    ]
    return tuple(sorted(found, key=lambda chapter: (chapter.wall.number if chapter.wall else 0, chapter.name)))


def _title(module: ModuleType) -> str:
    """A chapter's name: that of its wall where it states one, else that of its file."""
    folder, _, file = module.__name__.rpartition(".")
    return folder.rpartition(".")[2] if "wall" in vars(module) else file


def wall(name: str | int) -> Chapter:
    """Find a wall by name or number.

    Raises:
        UnknownNameError: there is no such wall; the nearest names are suggested.
    """
    known = {c.wall.name: c for c in chapters() if c.is_wall and c.wall}
    for chapter in known.values():
        if chapter.wall and str(name).lower() in (chapter.wall.name, str(chapter.wall.number)):
            return chapter
    raise UnknownNameError("wall", str(name), known, see=f"the walls are {', '.join(known)}")


class Graph:
    """The definitions of one variant, in the order in which they can be computed."""

    def __init__(self, variant: str) -> None:
        self.variant = variant
        self.steps: dict[Quantity, Step] = {}
        self.chapter: dict[Quantity, Chapter] = {}
        self.conditions: list[Condition] = []
        for chapter in chapters():
            self.conditions += [c for c in chapter.conditions if variant in c.when]
            for _, step in chapter.steps:
                quantity = step.result.left
                if variant not in step.when:
                    continue
                if quantity in self.steps:
                    raise MlsysimError(f"{quantity} is defined twice for {variant}")
                self.steps[quantity], self.chapter[quantity] = step, chapter

    def parents(self, quantity: Quantity) -> list[Quantity]:
        """The quantities that a definition mentions directly, in a fixed order."""
        return self.steps[quantity].result.quantities_of_right if quantity in self.steps else []

    @cached_property
    def order(self) -> tuple[Quantity, ...]:
        """Every quantity after those it is computed from; leaves are not listed."""
        done: dict[Quantity, None] = {}
        open_: set[Quantity] = set()

        def visit(quantity: Quantity) -> None:
            if quantity in done or quantity not in self.steps:
                return
            if quantity in open_:
                raise MlsysimError(f"{quantity} is defined by itself in {self.variant}")
            open_.add(quantity)
            for parent in self.parents(quantity):
                visit(parent)
            open_.discard(quantity)
            done[quantity] = None

        for quantity in self.steps:
            visit(quantity)
        return tuple(done)

    @cached_property
    def leaves(self) -> tuple[Quantity, ...]:
        """The quantities that must be bound from outside, by name."""
        used = {p for q in self.order for p in self.parents(q)}
        used |= {q for c in self.conditions for q in (c.needed, c.available) if isinstance(q, Quantity)}
        found = {q for q in used if q not in self.steps and q.constant is None}
        return tuple(sorted(found, key=lambda q: q.name))

    def quantity(self, name: str) -> Quantity:
        """Find a quantity of this variant by its full name or by its last word.

        Raises:
            UnknownNameError: there is none; the nearest names are suggested.
        """
        everything = {q.name: q for q in (*self.order, *self.leaves)}
        if name in everything:
            return everything[name]
        ends = [q for full, q in everything.items() if full.rpartition(".")[2] == name]
        if len(ends) == 1:
            return ends[0]
        raise UnknownNameError("quantity", name, everything)

    def depends_on(self, quantity: Quantity) -> tuple[Quantity, ...]:
        """The leaves that a quantity rests on, by name."""
        found: set[Quantity] = set()
        seen: set[Quantity] = set()

        def visit(q: Quantity) -> None:
            if q in seen:
                return
            seen.add(q)
            if q in self.steps:
                for parent in self.parents(q):
                    visit(parent)
            elif q.constant is None:
                found.add(q)

        visit(quantity)
        return tuple(sorted(found, key=lambda q: q.name))


@cache
def graph(variant: str) -> Graph:
    """The graph of one variant.

    Raises:
        UnknownNameError: there is no such variant.
    """
    if variant not in VARIANTS:
        raise UnknownNameError("variant", variant, VARIANTS)
    return Graph(variant)
