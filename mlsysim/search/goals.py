"""What people ask of a search in a word. Nothing is imported, so that words can be offered quickly."""

from __future__ import annotations

#: What a search minimises where nobody says.
LATENCY = "performance.latency"
#: What people ask for, in a word: of a training run of so many tokens, and of any other plan.
WORDS = {
    "fewest": ("split.devices", "split.devices"), "cheapest": ("macro.run_cost", "macro.tco"),
    "cleanest": ("macro.run_carbon", "macro.carbon"), "soonest": ("macro.run_time", LATENCY),
}  # fmt: skip
