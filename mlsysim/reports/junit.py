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


def render(remarks: Sequence[Remark], name: str) -> str:
    """Remarks as a test suite. A warning is a test that passes and says so in its output.

    Args:
        remarks: what was looked at.
        name: of the plan.
    """
    failed = [remark for remark in remarks if remark.level == "error" and remark.rule != "input"]
    counts = {
        "tests": len(remarks), "failures": len(failed),
        "errors": sum(remark.rule == "input" for remark in remarks),
        "skipped": sum(remark.level == "skipped" for remark in remarks),
    }  # fmt: skip
    shown = {key: str(count) for key, count in counts.items()}
    suites = ElementTree.Element("testsuites", {"name": "mlsysim", **shown})
    suite = ElementTree.SubElement(suites, "testsuite", {"name": _printable(name), **shown})
    for remark in remarks:
        _case(suite, remark)
    ElementTree.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(suites, encoding="unicode") + "\n"


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
