"""Checked conditions as JUnit XML, as CI systems read it: one test case for each condition."""

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from cifar_model.errors import printable
from runner.reports.records import FAILED, UNDECIDED, CheckedCondition

# The elements of the outcomes. A condition that cannot be decided is shown as skipped.
ELEMENTS = {FAILED: "failure", UNDECIDED: "skipped"}


def as_junit(
    command: str, numbers: Sequence[int], title: str, conditions: Sequence[CheckedCondition]
) -> str:
    """Return the XML text for a command about two numbers and the title of its report."""
    name = " ".join(["runner", command, *map(str, numbers)])
    class_name = f"runner.{command}.{'-'.join(map(str, numbers))}"
    counts = {"tests": len(conditions), "failures": _count(conditions, FAILED), "errors": 0}
    counted = {key: str(count) for key, count in counts.items()}
    suites = ET.Element("testsuites", {"name": name, **counted})
    skipped = str(_count(conditions, UNDECIDED))
    suite = ET.SubElement(
        suites, "testsuite", {"name": printable(title), **counted, "skipped": skipped}
    )
    for condition in conditions:
        named = {"classname": class_name, "name": condition.condition}
        case = ET.SubElement(suite, "testcase", named)
        # Control characters are not allowed in XML, so they are spelled out.
        reason = printable(condition.reason)
        if condition.outcome in ELEMENTS:
            said = {"message": reason, "type": condition.outcome}
            ET.SubElement(case, ELEMENTS[condition.outcome], said).text = reason
        else:
            ET.SubElement(case, "system-out").text = reason
    ET.indent(suites)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(suites, encoding="unicode")}\n'


def _count(conditions: Sequence[CheckedCondition], outcome: str) -> int:
    return sum(condition.outcome == outcome for condition in conditions)
