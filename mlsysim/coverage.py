"""Coverage of plans by the walls: which laws their quantities rest on, and how much of them is derived."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mlsysim.symbolic.coverage import ALONE, Share, Use, share, uses
from mlsysim.symbolic.graph import chapters
from mlsysim.symbolic.quantity import VARIANTS


@dataclass(frozen=True)
class WallUse:
    """A wall, and what plans evaluate by its laws."""

    number: int
    name: str
    laws: tuple[Use, ...]

    @property
    def stands_alone(self) -> bool:
        """Whether no quantity of any plan rests on a law of this wall."""
        return not any(law.quantities for law in self.laws)


@dataclass(frozen=True)
class Coverage:
    """All walls by number, and the derived share of every variant of the graph by name."""

    walls: tuple[WallUse, ...]
    variants: dict[str, Share]

    def to_dict(self) -> dict[str, Any]:
        """The coverage as plain data."""
        return {
            "walls": [
                {
                    "number": wall.number, "name": wall.name, "stands_alone": wall.stands_alone,
                    "laws": [{"name": law.law, "quantities": list(law.quantities)} for law in wall.laws],
                }
                for wall in self.walls
            ],
            "variants": {
                name: {"evaluated": len(of.evaluated), "derived": len(of.derived), "share": round(of.share, 4)}
                for name, of in self.variants.items()
            },
        }  # fmt: skip

    def page(self) -> str:
        """The coverage as text for a terminal."""
        lines = ["Wall                  laws   in plans   quantities of plans"]
        for wall in self.walls:
            used = [law for law in wall.laws if law.quantities]
            resting = {name for law in used for name in law.quantities}
            shown = f"{len(used):>8}   {len(resting):>19}" if used else f"       {ALONE}"
            lines.append(f"{wall.number:>2} {wall.name:<16}{len(wall.laws):>7}   {shown}")
        lines += ["", "Plan                    evaluated   derived   share"]
        for name, of in self.variants.items():
            row = f"{len(of.evaluated):>10}{len(of.derived):>10}{of.share:>8.1%}"
            lines.append(f"{name.replace('_', ', '):<23}{row}")
        return "\n".join(lines)


def coverage() -> Coverage:
    """Count, for all walls and variants, what plans evaluate by the walls' laws.

    >>> coverage().variants["transformer_training"].share > 0.1
    True
    """
    walls = sorted((c.wall for c in chapters() if c.is_wall and c.wall), key=lambda wall: wall.number)
    return Coverage(
        tuple(WallUse(wall.number, wall.name, uses(wall.number)) for wall in walls),
        {variant: share(variant) for variant in VARIANTS},
    )
