"""The report of a reproduction, in every format."""

from runner.reports.model import Figure, Report
from runner.reproduction.document import reproduction_document
from runner.reproduction.measured import Sources
from runner.reproduction.view import reproduction_parts, reproduction_title


def reproduction_report(sources: Sources) -> Report:
    """Return the report of what the store has of a reproduction."""
    document = reproduction_document(sources)
    by_output: dict[str, list[Figure]] = {}

    def draw() -> list[Figure]:
        from runner.reproduction.figures import draw

        by_output.update(draw(sources, document))
        return [figure for figures in by_output.values() for figure in figures]

    return Report(
        reproduction_title(document),
        document,
        # Each figure stands beside the output that it is for.
        lay_out=lambda _: reproduction_parts(sources, document, by_output),
        draw=draw,
    )
