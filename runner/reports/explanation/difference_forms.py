"""A difference of two experiments' explanations in each form of a report."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from runner.reports.explanation.difference import DECIDES
from runner.reports.explanation.pairs import LEFT_OUT, MEASURES
from runner.reports.formats.csv_file import csv_file
from runner.reports.model import Note, Part, Table, titled
from runner.reports.output import Place, Produced, as_json, deliver, render_parts

Row = Mapping[str, Any]

# More pictures nobody reads one by one; JSON and CSV have every one.
SHOWN_PAIRS = 20

ASKED = ("experiment", "trial", "trained_on", "method", "segmentation", "samples", "seed")
INTERVAL = f"{DECIDES}_interval"
CLASSES = ("rank", "true_class", DECIDES, INTERVAL, *MEASURES[1:], "compared")
PAIRS = ("image", "true_class", "class", "predicted_classes", "verdicts", *MEASURES)

MEANING = (
    "shared_weight: the share of the weight that both put on the same places, for or against (it"
    " ignores signs); shared_weight_chance: what it would be with the second's weights dealt out"
    " anew among its superpixels; overlap: intersection over union of the shown regions;"
    " rank_correlation: Spearman's, of the weights of all superpixels; sign_flips: the share of the"
    " area shown in both that speaks for the class in one and against it in the other. Means are"
    " over pictures, intervals Student's with 95 %."
)
OTHER_SEGMENTS = (
    "{} of {} compared explanations are of different superpixels: their rank correlation is over"
    " pixels, each with the weight of its superpixel."
)


def produce_difference(document: dict[str, Any], form: str, place: Place) -> Produced:
    """Write a difference to its place, or return it for stdout."""
    files = [str(place.out)] if place.out else []
    document = document | {"files": files}
    if form == "json":
        text = as_json(document)
    elif form == "csv":
        text = _spreadsheet(document)
    else:
        numbers = " and ".join(str(row["experiment"]) for row in document["experiments"])
        title = titled(document, f"Explanations of experiments {numbers}")
        text = render_parts(title, difference_parts(document), form, place)
    return deliver(text, files, place)


def difference_parts(document: Row) -> list[Part]:
    """Return what was compared, which class changed most, and the pictures that changed most."""
    experiments = document["experiments"]
    compared = [row for row in document["pairs"] if row["left_out"] is None]
    most = sorted(compared, key=lambda row: row[DECIDES])[:SHOWN_PAIRS]
    classes = [*document["classes"], {**document, "rank": None, "true_class": "all"}]
    of_classes = (*CLASSES, *(reason for reason in LEFT_OUT if document[reason]))
    return [
        *(Note(f"experiment {row['experiment']}: {row['command']}") for row in experiments),
        _table(document, "What was asked", ASKED, experiments),
        *_warnings(document),
        Note(verdict(document)),
        _table(document, "By true class", of_classes, classes),
        Note(MEANING),
        _table(document, f"The {len(most)} that changed most", PAIRS, most),
    ]


def _table(document: Row, what: str, columns: Sequence[str], rows: Sequence[Row]) -> Table:
    cells = [[row[name] for name in columns] for row in rows]
    return Table(titled(document, what), columns, cells, sortable=True)


def verdict(document: Row) -> str:
    """Return in words which class changed most what it is explained by, and how sure that is."""
    ranked = [row for row in document["classes"] if row["rank"] is not None]
    if not ranked:
        return "No two explanations could be compared."
    said = f"Class {ranked[0]['true_class']} changed most: shared weight {_share(ranked[0])}"
    if len(ranked) == 1:
        return f"{said}."
    said += f"; then {ranked[1]['true_class']}: {_share(ranked[1])}."
    first, second = (row[INTERVAL] for row in ranked[:2])
    if first is None or second is None or first[1] >= second[0]:
        return f"{said} Which of the two comes first may be chance."
    return f"{said} Their intervals are apart: this is more than noise."


def _share(row: Row) -> str:
    if row[INTERVAL] is None:
        return f"{row[DECIDES]:.3f}, one picture"
    low, high = row[INTERVAL]
    return f"{row[DECIDES]:.3f} ({low:.3f} to {high:.3f})"


def _warnings(document: Row) -> Iterator[Note]:
    for row in document["experiments"]:
        if row["jobs_without_result"]:
            jobs = f"{row['jobs_without_result']} of {row['jobs']} jobs have no result"
            yield Note(f"experiment {row['experiment']}: {jobs}.", warning=True)
    differ = ", ".join(document["differ_in"]) or "nothing that was asked for"
    pictures = f"{document['pictures']:,} pictures are in both; the experiments differ in {differ}."
    yield Note(pictures)
    left = {reason: document[reason] for reason in LEFT_OUT if document[reason]}
    if left:
        counts = ", ".join(f"{reason.replace('_', ' ')} {n:,}" for reason, n in left.items())
        yield Note(f"not compared: {counts}.", warning=True)
    if document["other_segments"]:
        words = OTHER_SEGMENTS.format(document["other_segments"], document["compared"])
        yield Note(words, warning=True)


def _spreadsheet(document: Row) -> str:
    origin = [row["experiment"] for row in document["experiments"]]
    dataset = [document["dataset"][name] for name in ("title", "fingerprint")]
    names = ("image", "true_class", "class", "same_segments", *MEASURES, "left_out")
    two = ("predicted_class", "verdict")
    heads = [f"{place}_{name}" for name in ("experiment", *two) for place in ("first", "second")]
    rows = []
    for row in document["pairs"]:
        verdicts = row["verdicts"] or [None, None]
        rows.append(
            [
                *(row[name] for name in names),
                *origin,
                *row["predicted_classes"],
                *verdicts,
                *dataset,
            ]
        )
    return csv_file([*names, *heads, "dataset", "fingerprint"], rows)
