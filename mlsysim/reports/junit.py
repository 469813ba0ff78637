"""A report of tests in the XML of JUnit, which every build server reads: each condition and each assert is a test.

Source: the schema of Jenkins' xUnit plugin, junit-10.xsd.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree

from mlsysim.reports.remarks import Remark

#: What XML 1.0 cannot hold.
_CONTROL = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: What is shown instead.
UNKNOWN = "\N{REPLACEMENT CHARACTER}"


def render(plans: Sequence[tuple[str, Sequence[Remark]]]) -> str:
    """Remarks as test suites. A warning is a test that passes and says so in its output.

    Args:
        plans: the name of each plan, and what was looked at in it.
    """
    every = [remark for _, remarks in plans for remark in remarks]
    suites = ElementTree.Element("testsuites", {"name": "mlsysim", **_counts(every)})
    for name, remarks in plans:
        suite = ElementTree.SubElement(suites, "testsuite", {"name": _printable(name), **_counts(remarks)})
        for remark in remarks:
            _case(suite, remark)
    ElementTree.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(suites, encoding="unicode") + "\n"


def _counts(remarks: Sequence[Remark]) -> dict[str, str]:
    errors = sum(remark.rule == "input" for remark in remarks)
    failures = sum(remark.level == "error" for remark in remarks) - errors
    skipped = sum(remark.level == "skipped" for remark in remarks)
    counts = {"tests": len(remarks), "failures": failures, "errors": errors, "skipped": skipped}
    return {name: str(count) for name, count in counts.items()}


def _case(suite: ElementTree.Element, remark: Remark) -> None:
    place = remark.place
    told = {"classname": remark.rule.replace("/", "."), "name": _printable(remark.title)}
    if place:
        told["file"] = _printable(place.file)
        told |= {"line": str(place.line)} if place.line else {}
    case = ElementTree.SubElement(suite, "testcase", told)
    text = _printable(remark.text)
    if remark.level == "error":
        kind = "error" if remark.rule == "input" else "failure"
        ElementTree.SubElement(case, kind, {"message": text, "type": remark.rule}).text = _located(remark, text)
    elif remark.level == "skipped":
        ElementTree.SubElement(case, "skipped", {"message": text})
    elif remark.level == "warning":
        ElementTree.SubElement(case, "system-out").text = f"warning: {_located(remark, text)}"


def _located(remark: Remark, text: str) -> str:
    place = remark.place
    if place is None:
        return text
    numbers = [str(number) for number in (place.line, place.column) if number]
    return f"{_printable(':'.join([place.file, *numbers]))}: {text}"


def _printable(text: str) -> str:
    """Text without characters that XML cannot hold."""
    return _CONTROL.sub(UNKNOWN, text)
