"""Lay out a comparison of the explanations of two experiments."""

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace

from runner.reports.explanation.difference import (
    ClassDifference,
    DifferenceDocument,
    Summary,
    most_changed,
)
from runner.reports.explanation.pairs import LEFT_OUT, MEASURES
from runner.reports.formats.csv_file import csv_file
from runner.reports.formats.junit import as_junit
from runner.reports.model import Note, Part, Report, Table, first_rows, next_steps, titled
from runner.reports.records import values

# The number of images in the table; JSON and CSV have all of them.
SHOWN_PAIRS = 20

SHOWN_ASKED = ("experiment", "trial", "trained_on", "method", "segmentation", "samples", "seed")
CLASSES = (
    *("rank", "true_class", "shared_weight", "shared_weight_interval"),
    *(*MEASURES[1:], "compared"),
)
PAIRS = ("image", "true_class", "class", "predicted_classes", "verdicts", *MEASURES)

MEANING = (
    "shared_weight: the share of the absolute weight that both explanations assign to the same"
    " pixels (signs are ignored); shared_weight_signed: the same, without pixels that support the"
    " class in one and oppose it in the other; shared_weight_chance, shared_weight_signed_chance:"
    " the expected values if the second's weights were randomly permuted among its superpixels;"
    " overlap: intersection over union of the shown regions; rank_correlation: Spearman's, for the"
    " weights of all superpixels; sign_flips: the share of the area shown in both that supports the"
    " class in one and opposes it in the other. Means are over images; intervals are Student's t"
    " 95 % intervals."
)
BRIEF_MEANING = (
    "shared_weight: the share of the absolute weight that both assign to the same pixels;"
    " intervals are 95 % intervals; --wide explains every column."
)
OTHER_SEGMENTS = (
    "{} of {} compared pairs of explanations have different superpixels: their rank correlation is"
    " computed over pixels, each with the weight of its superpixel."
)


def difference_report(document: DifferenceDocument) -> Report:
    """Return the report of a comparison of explanations."""
    numbers = [of.experiment for of in document.experiments]
    both = " and ".join(map(str, numbers))
    title = titled(document.dataset, f"Explanations of experiments {both}")
    return Report(
        title,
        document,
        lay_out=lambda _: difference_parts(document),
        brief=lambda: brief_difference_parts(document),
        texts={
            "csv": lambda: _spreadsheet(document),
            "junit": lambda: as_junit("diff", numbers, title, document.conditions),
        },
    )


def difference_parts(document: DifferenceDocument) -> list[Part]:
    """Return the settings, the differences by class, and the images that changed most."""
    most = most_changed(document.pairs)[:SHOWN_PAIRS]
    return [
        *(Note(f"experiment {of.experiment}: {of.command}") for of in document.experiments),
        _table(document, "Settings", SHOWN_ASKED, document.experiments),
        *_warnings(document),
        Note(verdict(document)),
        _classes(document),
        Note(MEANING),
        _table(document, f"The {len(most)} largest changes", PAIRS, most),
    ]


def brief_difference_parts(document: DifferenceDocument) -> list[Part]:
    """Return the parts for a terminal: how similar the explanations are, then by class."""
    first, second = (of.experiment for of in document.experiments)
    classes = first_rows(replace(_classes(document), title=""))
    report = f"runner diff {first} {second}"
    return [
        *_similarity(document),
        *_changed_most(document),
        *_warnings(document),
        *classes,
        Note(BRIEF_MEANING),
        _table(document, "Settings", SHOWN_ASKED, document.experiments),
        next_steps(
            [
                (f"{report} --wide", "everything, with the images that changed most"),
                (f"{report} --format html", "a page with sortable tables"),
            ]
        ),
    ]


def _classes(document: DifferenceDocument) -> Table:
    summary = {of.name: getattr(document, of.name) for of in fields(Summary)}
    classes = [*document.classes, ClassDifference(None, "all", **summary)]
    columns = (*CLASSES, *(reason for reason in LEFT_OUT if getattr(document, reason)))
    return _table(document, "By true class", columns, classes)


def _similarity(document: DifferenceDocument) -> Iterator[Note]:
    """Yield a sentence with the mean shared weight over all images."""
    if document.shared_weight is None:
        return
    over = f"{document.compared_pictures:,} image{'s' * (document.compared_pictures != 1)}"
    mean = f"{document.shared_weight:.3f}"
    if document.shared_weight_interval:
        low, high = document.shared_weight_interval
        mean += f" ({low:.3f} to {high:.3f}), 95 % interval"
    signed, chance = document.shared_weight_signed, document.shared_weight_signed_chance
    yield Note(
        f"Shared weight of the explanations, mean of {over}: {mean};"
        f" {document.shared_weight_chance:.3f} is expected by chance. Weight of the same sign only:"
        f" {signed:.3f}; {chance:.3f} is expected by chance."
    )


def _changed_most(document: DifferenceDocument) -> Iterator[Note]:
    """Yield which class changed most, unless there is only one."""
    if len(document.classes) > 1 or not document.compared:
        yield Note(verdict(document))


def _table(
    document: DifferenceDocument, what: str, columns: Sequence[str], rows: Sequence[object]
) -> Table:
    cells = [values(row, columns) for row in rows]
    return Table(titled(document.dataset, what), columns, cells, sortable=True)


def verdict(document: DifferenceDocument) -> str:
    """Return a sentence that names the class that changed most, and says if this may be chance."""
    ranked = [of for of in document.classes if of.rank is not None]
    if not ranked:
        return "No two explanations could be compared."
    said = f"Class {ranked[0].true_class} changed most: shared weight {_share(ranked[0])}"
    if len(ranked) == 1:
        return f"{said}."
    said += f"; then {ranked[1].true_class}: {_share(ranked[1])}."
    first, second = (of.shared_weight_interval for of in ranked[:2])
    if first is None or second is None or first[1] >= second[0]:
        return f"{said} Their 95 % intervals overlap, so this order may be due to chance."
    return f"{said} Their 95 % intervals do not overlap."


def _share(of: ClassDifference) -> str:
    if of.shared_weight_interval is None:
        return f"{of.shared_weight:.3f}, one image"
    low, high = of.shared_weight_interval
    return f"{of.shared_weight:.3f} ({low:.3f} to {high:.3f})"


def _warnings(document: DifferenceDocument) -> Iterator[Note]:
    for of in document.experiments:
        if of.jobs_without_result:
            jobs = f"{of.jobs_without_result} of {of.jobs} jobs have no result"
            yield Note(f"experiment {of.experiment}: {jobs}.", warning=True)
    differ = ", ".join(document.differ_in) or "none"
    images = "1 image is" if document.pictures == 1 else f"{document.pictures:,} images are"
    yield Note(f"{images} in both experiments; different settings: {differ}.")
    left = [(reason, getattr(document, reason)) for reason in LEFT_OUT]
    counts = ", ".join(f"{reason.replace('_', ' ')} {n:,}" for reason, n in left if n)
    if counts:
        yield Note(f"pairs that were not compared: {counts}.", warning=True)
    if document.other_segments:
        words = OTHER_SEGMENTS.format(document.other_segments, document.compared)
        yield Note(words, warning=True)


def _spreadsheet(document: DifferenceDocument) -> str:
    names = ("image", "true_class", "class", "same_segments", *MEASURES, "left_out")
    two = ("experiment", "predicted_class", "verdict")
    heads = [f"{place}_{name}" for name in two for place in ("first", "second")]
    experiments = [of.experiment for of in document.experiments]
    dataset = document.dataset
    rows = [
        [
            *values(pair, names),
            *experiments,
            *pair.predicted_classes,
            *(pair.verdicts or (None, None)),
            dataset.title,
            dataset.fingerprint,
        ]
        for pair in document.pairs
    ]
    return csv_file([*names, *heads, "dataset", "fingerprint"], rows)
