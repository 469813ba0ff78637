"""Results in SARIF 2.1.0, the OASIS standard that code-scanning services read.

Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mlsysim.reports.data import as_json
from mlsysim.reports.remarks import Place, Remark

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {"error": "error", "warning": "warning"}
#: What a kind of remark means, by the first part of its rule.
_MEANINGS = {
    "feasibility": "a limit that every design must keep to exist", "assert": "a limit that the plan sets",
    "input": "a plan, a name or an option that cannot be accepted as it stands",
}  # fmt: skip


def render(remarks: Sequence[Remark], exit_code: int) -> str:
    """What does not hold as the results of one run.

    Args:
        remarks: what was looked at; what holds is not listed.
        exit_code: of the command.
    """
    from mlsysim import __version__

    wrong = [remark for remark in remarks if remark.level in _LEVELS]
    rules = sorted({remark.rule for remark in wrong})
    driver: dict[str, Any] = {
        "name": "mlsysim", "version": __version__,
        "rules": [{"id": rule, "shortDescription": {"text": _MEANINGS[rule.partition("/")[0]]}} for rule in rules],
    }  # fmt: skip
    run = {
        "tool": {"driver": driver},
        "invocations": [{"executionSuccessful": all(r.rule != "input" for r in wrong), "exitCode": exit_code}],
        "results": [_result(remark, rules) for remark in wrong],
        "columnKind": "unicodeCodePoints",
    }  # fmt: skip
    return as_json({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}) + "\n"


def _result(remark: Remark, rules: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "ruleId": remark.rule, "ruleIndex": rules.index(remark.rule), "level": _LEVELS[remark.level],
        "message": {"text": f"{remark.title}: {remark.text}" if remark.rule != "input" else remark.text},
    }  # fmt: skip
    if remark.place:
        found["locations"] = [{"physicalLocation": _location(remark.place)}]
    return found


def _location(place: Place) -> dict[str, Any]:
    region = {"startLine": place.line, "startColumn": place.column}
    known = {name: number for name, number in region.items() if number}
    return {"artifactLocation": {"uri": uri(place.file)}, **({"region": known} if known else {})}


def uri(file: str) -> str:
    """A file as an address: relative to the folder in which the command runs, where it lies below.

    >>> uri("plans/a plan.yaml")
    'plans/a%20plan.yaml'
    """
    path = Path(file)
    if path.is_absolute():
        below = path.is_relative_to(Path.cwd())
        return quote(path.relative_to(Path.cwd()).as_posix()) if below else path.as_uri()
    return quote(path.as_posix())
