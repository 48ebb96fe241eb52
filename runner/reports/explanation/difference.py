"""The explanations of the same images in two experiments, compared: `runner diff`."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean
from typing import Any

from runner.errors import InputError
from runner.reports.explanation.pairs import LEFT_OUT, MEASURES, explanation_pairs
from runner.reports.explanation.rows import explanation_rows
from runner.reports.formats.csv_file import csv_file
from runner.reports.lookup import experiment_row
from runner.reports.model import Note, Part, Report, Table, titled
from runner.reports.stats.uncertainty import mean_interval
from runner.states import JobState, Kind
from runner.store.engine import Connection, Store
from runner.store.queries import reports

Row = Mapping[str, Any]

# What can differ between two experiments that explain the same images.
ASKED = ("trial", "method", "segmentation", "samples", "labels", "seed")

# What classes are ranked by. The overlap would not do: five regions are shown, however little four
# of them weigh, so it tells little of a network that looks at a single one.
DECIDES = "shared_weight"


def difference_document(store: Store, experiments: tuple[int, int]) -> dict[str, Any]:
    """Return how the explanations of two experiments differ, image by image and by class.

    Raises InputError if one of them does not explain, or they do not explain the same images.
    """
    with store.read() as connection:
        first, second = (_experiment(connection, number) for number in experiments)
        classes = first["dataset"]["classes"]
        _check_datasets(first, second)
        found = [_by_image(connection, number, classes) for number in experiments]
    common = found[0].keys() & found[1].keys()
    if not common:
        raise InputError(
            f"experiments {experiments[0]} and {experiments[1]} have no image in common",
            "two experiments with some of the same --images",
            "submit one of them again with the --images of the other",
        )
    pairs = list(explanation_pairs(store, *found))
    return {
        "dataset": first.pop("dataset"),
        "experiments": [first, {name: second[name] for name in first}],
        "differ_in": [name for name in ASKED if first[name] != second[name]],
        "pictures": len(common),
        **_summary(pairs),
        "other_segments": sum(row["same_segments"] is False for row in pairs),
        "classes": _by_class(pairs),
        "pairs": pairs,
    }


def _experiment(connection: Connection, number: int) -> dict[str, Any]:
    """Return what an experiment was asked to explain, and how."""
    experiment = experiment_row(connection, number)
    if experiment["kind"] != Kind.EXPLAIN:
        raise InputError(
            f"experiment {number} is of kind {experiment['kind']}",
            "two experiments of kind explain",
            "`runner status` lists experiments with their kinds",
        )
    asked = {**experiment["configuration"], "seed": experiment["seed"]}
    (trained,) = reports.jobs(connection, trial=asked["trial"])
    jobs = reports.jobs(connection, experiment=number)
    return {
        "experiment": number,
        "command": experiment["provenance"]["command"],
        **{name: asked[name] for name in ASKED},
        "trained_on": trained["dataset"]["title"],
        "jobs": len(jobs),
        "jobs_without_result": sum(job["state"] != JobState.SUCCEEDED for job in jobs),
        "dataset": asked["dataset"],
    }


def _check_datasets(first: Row, second: Row) -> None:
    datasets = [of["dataset"] for of in (first, second)]
    if datasets[0]["fingerprint"] != datasets[1]["fingerprint"]:
        names = ", ".join(f"{of['title']} {of['fingerprint'][:12]}" for of in datasets)
        raise InputError(
            f"experiments {first['experiment']} and {second['experiment']} explain images of"
            f" different data sets: {names}",
            "two experiments that explain images of the same data set",
            "`runner submit explain --dataset` explains a trial on those of another",
        )


def _by_image(
    connection: Connection, number: int, classes: list[str]
) -> dict[int, list[dict[str, Any]]]:
    """Return the explanations of an experiment, a list for each image."""
    found: dict[int, list[dict[str, Any]]] = {}
    for row in explanation_rows(connection, number, classes):
        found.setdefault(row["image"], []).append(row)
    if not found:
        raise InputError(
            f"experiment {number} has no explanation yet",
            "two experiments with results",
            f"wait for it with `runner watch {number}`",
        )
    return found


def _by_class(pairs: Sequence[Row]) -> list[dict[str, Any]]:
    """Return a row for each true class, the one that changed most first."""
    groups: dict[str, list[Row]] = {}
    for row in pairs:
        groups.setdefault(row["true_class"], []).append(row)
    rows = [{"true_class": name, **_summary(group)} for name, group in groups.items()]
    compared = sorted((row for row in rows if row["compared"]), key=lambda row: row[DECIDES])
    ranked = [{"rank": rank, **row} for rank, row in enumerate(compared, start=1)]
    return ranked + [{"rank": None, **row} for row in rows if not row["compared"]]


def _summary(pairs: Sequence[Row]) -> dict[str, Any]:
    """Return how many were compared, why others were not, and the means."""
    compared = [row for row in pairs if row["left_out"] is None]
    means = {name: _of_pictures(compared, name) for name in MEASURES}
    return {
        "compared": len(compared),
        "compared_pictures": len(means[DECIDES]),
        **{reason: sum(row["left_out"] == reason for row in pairs) for reason in LEFT_OUT},
        **{name: fmean(values) if values else None for name, values in means.items()},
        **{f"{name}_interval": _interval(means[name]) for name in (DECIDES, "overlap")},
    }


def _of_pictures(pairs: Sequence[Row], name: str) -> list[float]:
    """Return the mean of each image, so that one with several classes counts once."""
    values: dict[int, list[float]] = {}
    for row in pairs:
        if row[name] is not None:
            values.setdefault(row["image"], []).append(row[name])
    return [fmean(found) for found in values.values()]


def _interval(shares: Sequence[float]) -> list[float] | None:
    if len(shares) < 2:
        return None
    low, high = mean_interval(shares)
    return [max(0.0, low), min(1.0, high)]


# More images nobody reads one by one; JSON and CSV have every one.
SHOWN_PAIRS = 20

SHOWN_ASKED = ("experiment", "trial", "trained_on", "method", "segmentation", "samples", "seed")
INTERVAL = f"{DECIDES}_interval"
CLASSES = ("rank", "true_class", DECIDES, INTERVAL, *MEASURES[1:], "compared")
PAIRS = ("image", "true_class", "class", "predicted_classes", "verdicts", *MEASURES)

MEANING = (
    "shared_weight: the share of the weight that both put on the same places, for or against (it"
    " ignores signs); shared_weight_chance: what it would be with the second's weights dealt out"
    " anew among its superpixels; overlap: intersection over union of the shown regions;"
    " rank_correlation: Spearman's, of the weights of all superpixels; sign_flips: the share of the"
    " area shown in both that speaks for the class in one and against it in the other. Means are"
    " over images, intervals Student's with 95 %."
)
OTHER_SEGMENTS = (
    "{} of {} compared explanations are of different superpixels: their rank correlation is over"
    " pixels, each with the weight of its superpixel."
)


def difference_report(document: dict[str, Any]) -> Report:
    """Return the report of a difference's document."""
    numbers = " and ".join(str(row["experiment"]) for row in document["experiments"])
    return Report(
        titled(document, f"Explanations of experiments {numbers}"),
        document | {"files": []},
        lay_out=lambda _: difference_parts(document),
        texts={"csv": lambda: _spreadsheet(document)},
    )


def difference_parts(document: Row) -> list[Part]:
    """Return what was compared, which class changed most, and the images that changed most."""
    experiments = document["experiments"]
    compared = [row for row in document["pairs"] if row["left_out"] is None]
    most = sorted(compared, key=lambda row: row[DECIDES])[:SHOWN_PAIRS]
    classes = [*document["classes"], {**document, "rank": None, "true_class": "all"}]
    of_classes = (*CLASSES, *(reason for reason in LEFT_OUT if document[reason]))
    return [
        *(Note(f"experiment {row['experiment']}: {row['command']}") for row in experiments),
        _table(document, "Settings", SHOWN_ASKED, experiments),
        *_warnings(document),
        Note(verdict(document)),
        _table(document, "By true class", of_classes, classes),
        Note(MEANING),
        _table(document, f"The {len(most)} largest changes", PAIRS, most),
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
        return f"{said} Their 95 % intervals overlap, so the order may be chance."
    return f"{said} Their 95 % intervals do not overlap."


def _share(row: Row) -> str:
    if row[INTERVAL] is None:
        return f"{row[DECIDES]:.3f}, one image"
    low, high = row[INTERVAL]
    return f"{row[DECIDES]:.3f} ({low:.3f} to {high:.3f})"


def _warnings(document: Row) -> Iterator[Note]:
    for row in document["experiments"]:
        if row["jobs_without_result"]:
            jobs = f"{row['jobs_without_result']} of {row['jobs']} jobs have no result"
            yield Note(f"experiment {row['experiment']}: {jobs}.", warning=True)
    differ = ", ".join(document["differ_in"]) or "nothing that was asked for"
    pictures = f"{document['pictures']:,} images are in both; the experiments differ in {differ}."
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
