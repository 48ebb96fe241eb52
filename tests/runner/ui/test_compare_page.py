"""The page that compares trials, and how it is reached."""

import json
from typing import Any

import numpy as np
import pytest

from runner.store.engine import Store
from tests.browser import Browser
from tests.processes import wait_until
from tests.runner.reports.stored import evaluated, new_trial, store_tune
from tests.runner.store.making import value
from tests.runner.ui.conftest import Page

LABELS = np.array([0] * 5 + [1] * 5)
# The second has all right but the first image; the first has half of the others wrong.
FIRST = np.array([0, 0, 0, 1, 1, 1, 1, 1, 0, 0])
SECOND = np.array([1, 0, 0, 0, 0, 1, 1, 1, 1, 1])


def ask(page: Page, path: str) -> Any:
    return json.loads(page.ask(path).read())


@pytest.fixture(scope="module")
def pair(page_store: Store) -> tuple[int, int]:
    """Return two trials that were evaluated on the same images."""
    return evaluated(page_store, FIRST, LABELS), evaluated(page_store, SECOND, LABELS)


def test_it_tests_the_difference_and_lists_the_images_that_one_has_wrong(
    page: Page, browser: Browser, pair: tuple[int, int]
) -> None:
    first, second = pair
    browser.window(1400, 1000)
    browser.console.clear()
    browser.open(f"{page.address}/compare?trials={first},{second}&right={second}&wrong={first}")
    browser.wait_for("document.querySelector('#disputed')")
    pairs = browser.value("document.querySelector('#pairs tbody tr').innerText").split("\t")
    assert pairs[0] == f"{first} minus {second}"
    # 1 of the 5 images that they disagree on: McNemar's exact test is 2 * 6 / 32.
    assert pairs[1:6] == ["-0.3000", "-0.6583 to +0.1583", "0.38", "1", "4"]
    assert browser.value("document.querySelector('#disputed').innerText") == "4 images"
    browser.wait_for("document.querySelector('[data-curves]')?.dataset.curves === '2'")
    assert browser.console == []
    found = ask(page, f"/api/compare/images?trials={first},{second}&split=test")
    assert [each["image"] for each in found["images"]] == [0, 3, 4, 8, 9]


def test_images_are_those_of_the_most_trials_with_the_same_ones(
    page: Page, browser: Browser, page_store: Store, pair: tuple[int, int]
) -> None:
    other = evaluated(page_store, 1 - LABELS[::2], LABELS[::2])
    trials = f"trials={other},{pair[0]},{pair[1]}"
    address = f"/api/compare/images?{trials}&split=test"
    # A page asks again while the data set is being read.
    wait_until(lambda: ask(page, address)["pictures"] != "reading", explain=page.log.read_text)
    found = ask(page, address)
    assert (found["trials"], found["count"]) == ([*pair], 5)
    assert page.ask(f"{address}&right={other}").status == 404
    browser.requests.clear()
    browser.open(f"{page.address}/compare?{trials}")
    browser.wait_for("document.querySelector('#disputed')")
    assert browser.value(
        "[...document.querySelector('#disputed').closest('section').querySelector('select').options]"
        ".map((each) => each.text)"
    ) == ["any of them", *(f"trial {each}" for each in pair)]
    asked = [each for each in browser.requests if f"/compare/images?trials={other}%2C" in each]
    assert len(asked) == 1


def test_trials_are_chosen_in_the_table(page: Page, browser: Browser, page_store: Store) -> None:
    number = store_tune(page_store, [[0.3, 0.6], [0.4], [0.5]])
    browser.open(f"{page.address}/experiments/{number}")
    browser.wait_for("document.querySelectorAll('.rows input').length === 3")
    browser.value("[...document.querySelectorAll('.rows input')].slice(0, 2).map((e) => e.click())")
    browser.value("document.querySelector('#compare a').click()")
    browser.wait_for("document.querySelector('#sides')")
    text = browser.value("document.querySelector('#sides').innerText")
    assert "lr" in text
    assert "batch_size" not in text
    assert "runner submit evaluate" in browser.value("document.querySelector('main').innerText")


def test_other_images_are_not_compared(
    page: Page, page_store: Store, pair: tuple[int, int]
) -> None:
    other = evaluated(page_store, LABELS[::2], LABELS[::2])
    found = ask(page, f"/api/compare?trials={pair[0]},{pair[1]},{other}")
    assert found["unlike"]
    assert len(found["comparisons"]) == 1


def test_p_is_corrected_for_the_number_of_pairs(
    page: Page, page_store: Store, pair: tuple[int, int]
) -> None:
    third = evaluated(page_store, LABELS, LABELS)
    alone = ask(page, f"/api/compare?trials={pair[0]},{pair[1]}")["comparisons"][0]["p"]
    among = ask(page, f"/api/compare?trials={pair[0]},{pair[1]},{third}")["comparisons"]
    assert len(among) == 3
    assert among[0]["p"] == pytest.approx(min(1, 3 * alone))


@pytest.mark.parametrize("trials", ["", "1", "1,1", "1,2,3,4,5,6,7", "1;2", "1,99999"])
def test_what_cannot_be_compared_is_refused(page: Page, page_store: Store, trials: str) -> None:
    new_trial(page_store)
    assert value(page_store, "SELECT count(*) FROM trials") < 99999
    assert page.ask(f"/api/compare?trials={trials}").status == 404
