"""What a condition of `runner diff --fail-if` can name."""

from runner.reports.explanation.difference import DifferenceDocument
from runner.reports.explanation.pairs import WITH_INTERVAL
from runner.reports.gate import Measure
from runner.reports.records import values


def measures(document: DifferenceDocument) -> list[Measure]:
    """Return the means over all images that both experiments explain."""
    first, second = (of.experiment for of in document.experiments)
    return [
        Measure(
            name,
            f"the mean {name} of experiments {first} and {second}",
            *values(document, (name, f"{name}_interval")),
        )
        for name in WITH_INTERVAL
    ]
