"""A leaderboard in each form of a report."""

import csv
import io
from typing import Any

from runner.report.leaderboard_parts import leaderboard_parts, leaderboard_title
from runner.report.produce import Place, Produced, as_json, deliver, render_parts
from runner.store.leaderboard import METRICS

ORIGIN = ("experiment", "trial", "job", "number", "seed", "dataset", "data_fingerprint")


def produce_leaderboard(document: dict[str, Any], form: str, place: Place) -> Produced:
    """Write a leaderboard to its place, or return it for stdout."""
    files = [str(place.out)] if place.out else []
    document = document | {"files": files}
    if form == "json":
        text = as_json(document)
    elif form == "csv":
        text = _spreadsheet(document)
    else:
        text = render_parts(leaderboard_title(document), leaderboard_parts(document), form, place)
    return deliver(text, files, place)


def _spreadsheet(document: dict[str, Any]) -> str:
    content = io.StringIO()
    params = list(document["trials"][0]["params"]) if document["trials"] else []
    writer = csv.writer(content, lineterminator="\n")
    writer.writerow(["rank", *ORIGIN, *METRICS, "noise", *params])
    for trial in document["trials"]:
        scores = [trial[name] for name in ("rank", *ORIGIN, *METRICS, "noise")]
        writer.writerow([*scores, *trial["params"].values()])
    return content.getvalue()
