"""A comparison of two trials as text for a terminal."""

from collections.abc import Mapping
from typing import Any

from runner.report.comparison import verdict
from runner.report.parts import Table
from runner.report.terminal import plain_table

SCORES = ("trial", "evaluation", "accuracy", "accuracy_interval")
COUNTS = ("both_right", "only_first", "only_second", "both_wrong")


def comparison_text(document: Mapping[str, Any]) -> str:
    """Return the scores, which pictures decide, and the verdict."""
    pictures = f"{document['images']:,} {document['split']} pictures of {document['dataset']}"
    scores = [[trial[name] for name in SCORES] for trial in document["trials"]]
    tables = (
        Table(f"Scores on the same {pictures}", SCORES, scores),
        Table("Pictures by who is right", COUNTS, [[document[name] for name in COUNTS]]),
    )
    blocks = [f"{table.title}\n{plain_table(table, 'simple')}" for table in tables]
    return "\n\n".join([*blocks, verdict(document)])
