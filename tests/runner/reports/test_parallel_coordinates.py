"""Parallel coordinates: a line for each trial through what differs, in the colour of its metric."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.etree import ElementTree

import pytest

from cifar_model.params import ParamValue, ParamValues
from runner.reports.experiment.document import report_document
from runner.reports.experiment.figures import draw
from runner.reports.figures.parallel import MOST_TRIALS, draw_parallel
from runner.store.engine import Store
from tests.runner.reports.stored import SHOWN_DATASET, store_tune

SVG = "{http://www.w3.org/2000/svg}"


@dataclass(frozen=True)
class Scored:
    """A trial with a metric of the name `score`."""

    trial: int
    score: float | None
    params: ParamValues
    metrics: Mapping[str, float] = field(default_factory=dict)


def trial(number: int, score: float | None, **params: ParamValue) -> Scored:
    return Scored(number, score, {"lr": 0.1, **params})


def lines_of(trials: list[Scored], **options: bool) -> list[ElementTree.Element]:
    """Return the lines, the best first, and their points as numbers."""
    picture = draw_parallel("Title <&>", trials, "score", **options)
    assert picture is not None
    return list(ElementTree.fromstring(picture.content).iter(f"{SVG}polyline"))[::-1]  # noqa: S314


def heights(line: ElementTree.Element) -> list[float]:
    return [float(point.split(",")[1]) for point in line.attrib["points"].split()]


def test_a_report_of_trials_has_them_with_the_data_set_in_the_title(sqlite_store: Store) -> None:
    document = report_document(sqlite_store, store_tune(sqlite_store, [[0.5, 0.6], [0.4], []]))
    _, picture = draw(sqlite_store, document)
    assert picture.name == "parallel.svg"
    assert picture.title.startswith("Parallel coordinates of trials: parameters and val_accuracy")
    assert SHOWN_DATASET in picture.title


def test_a_line_goes_through_every_param_that_differs_and_ends_at_its_score() -> None:
    trials = [trial(n, 1 - n / 10, rate=n / 7, word="ab"[n % 2]) for n in range(8)]
    best, *_, worst = lines_of(trials)
    # lr is the same in all and no axis; up is more.
    assert len(heights(best)) == 3
    assert heights(best)[0] > heights(worst)[0]
    assert heights(best)[-1] < heights(worst)[-1]
    title = best.find(f"{SVG}title")
    assert title is not None
    assert title.text == "trial 0: rate 0, word a, score 1"


@pytest.mark.parametrize("smaller_is_better", [False, True])
def test_the_colour_says_what_is_better(smaller_is_better: bool) -> None:
    trials = [trial(1, 0.9, word="a"), trial(2, 0.1, word="b")]
    high, low = lines_of(trials, smaller_is_better=smaller_is_better)
    better = low if smaller_is_better else high
    assert better.attrib["stroke"] == "#d55e00"
    assert high.attrib["stroke"] != low.attrib["stroke"]
    assert "best" in high.attrib["class"]


def test_a_word_that_looks_like_markup_is_shown_as_it_is() -> None:
    best, _ = lines_of([trial(1, 1, word="<b>&"), trial(2, 0, word="c")])
    title = best.find(f"{SVG}title")
    assert title is not None
    assert "word <b>&," in str(title.text)


def test_where_nothing_differs_there_is_no_picture() -> None:
    assert draw_parallel("", [], "score") is None
    assert draw_parallel("", [trial(1, None, word="a"), trial(2, None, word="b")], "score") is None
    assert draw_parallel("", [trial(1, 0.1), trial(2, 0.2)], "score") is None


def test_of_very_many_trials_the_best_are_drawn_and_the_title_says_so() -> None:
    trials = [trial(n, 1 / (n + 1), word=str(n % 3)) for n in range(MOST_TRIALS + 5)]
    assert len(lines_of(trials)) == MOST_TRIALS
    picture = draw_parallel("Title", trials, "score")
    assert picture is not None
    assert picture.title == f"Title, the first {MOST_TRIALS} of {MOST_TRIALS + 5}"
