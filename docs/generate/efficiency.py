"""The rows of the efficiency guide, from the registry's software entries; the guide itself is written around them."""

from __future__ import annotations

from docs.generate.markdown import code, table, words


def pages() -> dict[str, str]:
    """Two tables to be included: the rows of the guide, and the defaults of the ideal level."""
    from mlsysim.registry import standard
    from mlsysim.registry.vocabulary import FACTS

    rows, defaults = [], []
    for entry in standard().entries("software").values():
        for name, value in entry.facts.items():
            if name == "efficiency":
                span = f"{value.low} to {value.high}" if value.low else ""
                rows.append([words(entry.title), span, value.text, _trust(value), code(value.source.key)])
            else:
                said = FACTS["software"][name].says
                defaults.append([words(said), words(value.text), _trust(value), code(value.source.key)])
    guide = table(["kind of work", "range", "taken", "how it is known", "source"], rows)
    ideal = table(["what", "taken", "how it is known", "source"], defaults)
    return {"fragments/efficiency-guide": guide, "fragments/ideal-level": ideal}


def _trust(value: object) -> str:
    verified, kind, how = (getattr(value, name) for name in ("verified", "kind", "how"))
    return words(f"{kind}, {'' if verified else 'not '}verified: {how}")
