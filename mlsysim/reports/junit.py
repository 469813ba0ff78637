"""A report of tests in the XML of JUnit, which every build server reads: each condition and each assert is a test.

Source: the schema of Jenkins' xUnit plugin, junit-10.xsd. It has no place for a file and a line, which stand in the text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from xml.etree import ElementTree

from mlsysim.reports.remarks import Remark
from mlsysim.symbolic.escapes import line, xml


def render(plans: Sequence[tuple[str, Sequence[Remark]]]) -> str:
    """Remarks as test suites. A warning is a test that passes and says so in its output.

    No two tests share their class and name: the class is the plan and the kind of remark.

    Args:
        plans: the name of each plan, and what was looked at in it.
    """
    counts = _counts([remark for _, remarks in plans for remark in remarks])
    counts.pop("skipped")
    suites = _element(None, "testsuites", name="mlsysim", **counts)
    names = [*_distinct(("", name) for name, _ in plans)]
    classes = [*_distinct(("", name.replace(".", "_")) for name in names)]
    for (_, remarks), name, plan in zip(plans, names, classes, strict=True):
        suite = _element(suites, "testsuite", name=name, **_counts(remarks))
        tests = [(_class(plan, remark), remark.title) for remark in remarks]
        for remark, (of, _), title in zip(remarks, tests, _distinct(tests), strict=True):
            _case(_element(suite, "testcase", classname=of, name=title), remark)
    ElementTree.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(suites, encoding="unicode") + "\n"


def _element(parent: ElementTree.Element | None, tag: str, text: str = "", **attributes: str) -> ElementTree.Element:
    told = {name: line(value) for name, value in attributes.items()}
    made = ElementTree.Element(tag, told) if parent is None else ElementTree.SubElement(parent, tag, told)
    made.text = xml(text) or None
    return made


def _counts(remarks: Sequence[Remark]) -> dict[str, str]:
    errors = sum(remark.rule == "input" for remark in remarks)
    failures = sum(remark.level == "error" for remark in remarks) - errors
    skipped = sum(remark.level == "skipped" for remark in remarks)
    counts = {"tests": len(remarks), "failures": failures, "errors": errors, "skipped": skipped}
    return {name: str(count) for name, count in counts.items()}


def _class(plan: str, remark: Remark) -> str:
    """The class of a test, whose parts are separated by dots: the plan without them, and the kind of remark."""
    return f"{plan}.{remark.rule.replace('.', '_').replace('/', '.')}"


def _distinct(named: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Names, of which those that came before in the same class are numbered."""
    seen: set[tuple[str, str]] = set()
    for of, name in named:
        said, count = line(name), 1
        while (line(of), said) in seen:
            count += 1
            said = f"{line(name)} ({count})"
        seen.add((line(of), said))
        yield said


def _case(case: ElementTree.Element, remark: Remark) -> None:
    if remark.level == "error":
        kind = "error" if remark.rule == "input" else "failure"
        _element(case, kind, _located(remark), message=remark.text, type=remark.rule)
    elif remark.level == "skipped":
        _element(case, "skipped", message=remark.text)
    elif remark.level == "warning":
        _element(case, "system-out", f"warning: {_located(remark)}")


def _located(remark: Remark) -> str:
    place = remark.place
    if place is None:
        return remark.text
    numbers = [str(number) for number in (place.line, place.column) if number]
    return f"{':'.join([place.file, *numbers])}: {remark.text}"
