"""The page of an experiment in a real browser: one selection in all of its figures, live."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from cifar_model.objective import STOPPED
from runner.reports.experiment.document import report_document
from runner.states import AttemptState
from runner.store.engine import Store
from runner.store.lifecycle.job_lifecycle import finish
from runner.store.lifecycle.results import write_trial
from tests.browser import Browser
from tests.runner.reports.stored import store_points, store_tune, train_epochs
from tests.runner.store.making import FINGERPRINT, job_ids
from tests.runner.store.many import make_many
from tests.runner.ui.conftest import Page, store_of

READY = "document.querySelector('[data-curves]') && document.querySelector('[data-points]')"
TRIALS = 2_000
# Those with the largest lr, of seven.
LARGEST = "285"


@pytest.fixture(scope="module")
def page_store(page: Page) -> Iterator[Store]:
    """Offer the store of the page, whose first experiment has many trials."""
    with store_of(page) as store:
        make_many(store, TRIALS, 2)
        yield store


@pytest.fixture
def shown(page: Page, browser: Browser, page_store: Store) -> Iterator[Browser]:
    """Offer the page of that experiment."""
    assert page_store.revision()
    browser.window(1400, 1200)
    browser.console.clear()
    browser.open(f"{page.address}/experiments/1")
    browser.wait_for(READY)
    yield browser
    assert browser.console == []


def selected(browser: Browser) -> list[str]:
    """Return how many trials the table, the scatter, the curves and the lines show."""
    found: list[str] = browser.value(
        "[document.querySelector('#selected').innerText.split(' ')[0],"
        " ...['points', 'curves', 'lines'].map("
        " (each) => document.querySelector(`[data-${each}]`).dataset[each])]"
    )
    return found


# How many pixels of the curves of the selected trials are not transparent.
DRAWN = (
    "(() => { const layer = document.querySelectorAll('[data-curves] canvas')[1];"
    " const { data } = layer.getContext('2d').getImageData(0, 0, layer.width, layer.height);"
    " return data.filter((value, place) => place % 4 === 3 && value).length; })()"
)


def test_a_brush_selects_the_same_trials_in_all_figures(shown: Browser) -> None:
    assert selected(shown) == ["2,000", "2000", "2000", "2000"]
    left, top, height = shown.value(
        "(() => { const box = document.querySelector('[data-lines]').getBoundingClientRect();"
        " return [box.left, box.top, box.height]; })()"
    )
    # The first axis is lr: everything in its upper tenth.
    shown.drag((left + 16, top + 20), (left + 16, top + 26 + height / 10))
    for figure in ("lines", "points", "curves"):
        shown.wait_for(
            f"document.querySelector('[data-{figure}]').dataset.{figure} === '{LARGEST}'"
        )
    assert selected(shown) == [LARGEST] * 4
    assert shown.value(DRAWN) > 1_000


@pytest.mark.usefixtures("page_store")
def test_a_filter_is_part_of_the_address_and_rows_are_made_as_they_are_seen(
    page: Page, browser: Browser
) -> None:
    browser.window(1400, 1200)
    browser.open(f"{page.address}/experiments/1?filter=lr%3D0.007&sort=-rank")
    browser.wait_for(READY)
    assert selected(browser) == [LARGEST] * 4
    ranks = "[...document.querySelectorAll('.rows tbody td:nth-child(2)')].map((e) => +e.innerText)"
    found = browser.value(ranks)
    assert found == sorted(found, reverse=True)
    assert browser.value("document.querySelectorAll('.rows tbody tr').length") < 60


@pytest.mark.usefixtures("page_store")
def test_groups_of_trials_have_a_curve_each_and_a_band(page: Page, browser: Browser) -> None:
    browser.window(1400, 1200)
    browser.open(f"{page.address}/experiments/1?group=params.lr")
    browser.wait_for("document.querySelector('[data-groups]')?.dataset.groups === '4'")
    legend = browser.value("document.querySelector('.legend').innerText")
    # Seven values are divided into ranges.
    assert re.findall(r"lr ([\d.]+(?: to [\d.]+)?) \(\d+\)", legend) == [
        *("0.001", "0.002 to 0.003", "0.004 to 0.005", "0.006 to 0.007")
    ]
    assert "middle half" in legend


def test_a_point_appears_while_it_is_trained(
    page: Page, browser: Browser, page_store: Store
) -> None:
    number = store_tune(page_store, [[0.3, 0.6], []])
    browser.open(f"{page.address}/experiments/{number}")
    browser.wait_for("document.querySelector('[data-curves]')?.dataset.curves === '1'")
    train_epochs(page_store, job_ids(page_store, number)[1], [0.5])
    assert browser.wait_for("document.querySelector('[data-curves]').dataset.curves === '2'") < 6


def test_a_stopped_trial_has_its_epoch_and_no_rank(
    page: Page, browser: Browser, page_store: Store
) -> None:
    number = store_tune(page_store, [[0.1, 0.3, 0.5], []])
    stopped = train_epochs(page_store, job_ids(page_store, number)[1], [0.9, 0.95])

    def write(connection: Any) -> None:
        write_trial(connection, stopped, b"", FINGERPRINT, STOPPED)

    assert finish(page_store, stopped.key, AttemptState.SUCCEEDED, write=write)
    columns = json.loads(page.ask(f"/api/experiments/{number}").read())["columns"]
    assert columns["rank"] == [1, None]
    assert columns["val_accuracy"] == [0.5, None]
    assert columns["trained_epochs"] == [3, 2]
    assert columns["ended_by"] == ["epochs", "stopped"]
    browser.open(f"{page.address}/experiments/{number}?sort=-val_accuracy")
    browser.wait_for("document.querySelectorAll('.rows input').length === 2")
    text = browser.value("document.querySelector('.rows').innerText")
    assert text.index("0.500") < text.index("stopped early after epoch 2")
    browser.wait_for("document.querySelector('[data-curves]')?.dataset.curves === '2'")


def test_a_tune_with_folds_has_the_mean_of_its_best_point_and_the_score_of_each_fold(
    page: Page, browser: Browser, page_store: Store
) -> None:
    number = store_points(page_store, 3, [[0.2, 0.9, 0.4], [0.5, 0.6, 0.7], [0.8]])
    found = json.loads(page.ask(f"/api/experiments/{number}").read())
    first = report_document(page_store, number).groups[0]
    best = found["best_point"]
    assert (best["mean"], best["interval"]) == (first.mean, first.interval)
    assert (best["params"]["lr"], best["complete"], found["winner"]) == (0.02, 2, None)
    columns = found["columns"]
    assert columns["fold"] == [1, 2, 3, 1, 2, 3, 1, 2, 3]
    assert columns["val_accuracy"] == [0.2, 0.9, 0.4, 0.5, 0.6, 0.7, 0.8, None, None]
    assert set(columns["rank"]) == {None}
    browser.open(f"{page.address}/experiments/{number}")
    said = "The best of 2 points with all 3 folds is lr 0.02: mean val_accuracy 0.600 ("
    browser.wait_for(f"document.querySelector('#point')?.innerText.startsWith('{said}')")
    browser.open(page.address)
    browser.wait_for("document.body.innerText.includes('mean 0.600 over 3 folds')")


def test_it_fits_a_phone(shown: Browser) -> None:
    shown.window(400, 800)
    shown.wait_for("innerWidth === 400")
    assert shown.value("document.documentElement.scrollWidth") <= 400


@pytest.mark.usefixtures("page_store")
def test_an_experiment_that_does_not_exist_says_so(page: Page, browser: Browser) -> None:
    browser.open(f"{page.address}/experiments/999")
    browser.wait_for("document.body.innerText.includes('There is no experiment 999')")
    # The page asks again, and each answer is another message.
    browser.open("about:blank")
    browser.console.clear()
