"""JUnit XML has one test case for each condition, as CI systems read it."""

from xml.etree import ElementTree as ET

import pytest

from runner.reports.formats.junit import as_junit
from runner.reports.records import CheckedCondition

CONDITIONS = [
    CheckedCondition("accuracy < -0.01", -0.2, [-0.3, -0.1], "failed", "worse: -0.2 < -0.01"),
    CheckedCondition("accuracy < -0.2", -0.2, [-0.3, -0.1], "undecided", "contains -0.2"),
    CheckedCondition("accuracy < -0.5", -0.2, [-0.3, -0.1], "passed", "no part"),
]

# What the schema of the Jenkins plugin xUnit (junit-10.xsd) allows, for the elements used here.
ATTRIBUTES = {
    "testsuites": {"name", "time", "tests", "failures", "errors"},
    "testsuite": {"name", "tests", "failures", "errors", "time", "skipped", "timestamp"},
    "testcase": {"name", "time", "classname"},
    "failure": {"type", "message"},
    "skipped": {"type", "message"},
    "system-out": set(),
}
CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"testcase"},
    "testcase": {"failure", "skipped", "system-out"},
}


def test_each_condition_is_a_test_case_with_its_outcome() -> None:
    suites = ET.fromstring(as_junit("compare", (13, 27), "Trials 13 and 27", CONDITIONS))  # noqa: S314 (our own)
    [suite] = suites
    counts = {"tests": "3", "failures": "1", "errors": "0"}
    assert suites.attrib == {"name": "runner compare 13 27", **counts}
    assert suite.attrib == {"name": "Trials 13 and 27", **counts, "skipped": "1"}
    failed, undecided, passed = suite
    assert failed.attrib == {"classname": "runner.compare.13-27", "name": "accuracy < -0.01"}
    [failure] = failed
    assert failure.tag == "failure"
    assert failure.attrib == {"message": "worse: -0.2 < -0.01", "type": "failed"}
    assert [child.tag for child in undecided] == ["skipped"]
    assert [(child.tag, child.text) for child in passed] == [("system-out", "no part")]


@pytest.mark.parametrize(
    "name",
    [
        "<b> & \"quoted\" 'names'",
        "]]>",
        "\x00\x1b[31m \ud800 \ufffe",
        "größe 图片 \U0001f431",
        "\n",
    ],
)
def test_it_is_well_formed_with_any_name(name: str) -> None:
    conditions = [
        CheckedCondition("accuracy < 0.0", None, None, outcome, f"{name} has no value")
        for outcome in ("failed", "undecided", "passed")
    ]
    text = as_junit("diff", (1, 2), name, conditions)
    suites = ET.fromstring(text.encode())  # noqa: S314 (our own)
    for element in suites.iter():
        assert element.attrib.keys() <= ATTRIBUTES[element.tag]
        assert {child.tag for child in element} <= CHILDREN.get(element.tag, set())
    if name.isprintable():
        assert suites[0].get("name") == name
