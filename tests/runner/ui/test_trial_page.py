"""The pages of a trial, a job and an explanation in a real browser."""

import json

import pytest

from runner.store.engine import Store
from tests.browser import Browser
from tests.runner.reports.stored import (
    new_trial,
    store_evaluation,
    store_explanation,
    store_failure,
    store_tune,
)
from tests.runner.store.making import job_ids, value
from tests.runner.ui.conftest import Page


def test_a_cell_of_the_confusion_matrix_lists_its_images(
    page: Page, browser: Browser, page_store: Store
) -> None:
    trial = new_trial(page_store)
    store_evaluation(page_store, trial)
    browser.console.clear()
    browser.open(f"{page.address}/trials/{trial}")
    browser.wait_for("document.querySelector('.matrix button')")
    wrong = "[...document.querySelectorAll('.matrix tbody tr')].map((row) => row.cells)[0][2]"
    count = browser.value(f"{wrong}.innerText")
    browser.value(f"{wrong}.querySelector('button').click()")
    browser.wait_for("document.querySelector('h3')")
    assert browser.value("document.querySelector('h3').innerText").startswith(f"{count} image")
    assert "cell=0-1" in browser.value("location.search")
    cell = json.loads(page.ask(f"/api/trials/{trial}/test/0/1").read())
    assert len(cell["images"]) == int(count)
    assert browser.console == []


def test_an_explanation_says_the_weight_of_a_superpixel_and_moves_along_its_curves(
    page: Page, browser: Browser, page_store: Store
) -> None:
    experiment = store_explanation(page_store)
    query = "SELECT min(explanations.id) FROM explanations JOIN jobs ON jobs.id = job_id"
    number = value(page_store, f"{query} WHERE experiment_id = :id", id=experiment)
    browser.window(1400, 900)
    browser.console.clear()
    browser.open(f"{page.address}/explanations/{number}")
    browser.wait_for("document.querySelector('canvas.big')")
    browser.value(
        "(() => { const image = document.querySelector('canvas.big');"
        " const box = image.getBoundingClientRect(); image.dispatchEvent(new PointerEvent("
        "'pointermove', { clientX: box.left + 2, clientY: box.top + 2 })); })()"
    )
    assert "weight 0.5" in browser.value("document.querySelector('figure [role=status]').innerText")
    browser.value(
        "(() => { const all = document.querySelectorAll('input[type=range]');"
        " all[1].value = 2; all[1].dispatchEvent(new Event('input')); })()"
    )
    browser.wait_for(
        "document.body.innerText.includes('50 % of the superpixels: probability 0.25')"
    )
    assert browser.console == []
    assert page.ask(f"/api/explanations/{number}/image").read().startswith(b"\x89PNG")


def test_a_failed_job_has_a_page_with_its_error(
    page: Page, browser: Browser, page_store: Store
) -> None:
    [job] = job_ids(page_store, store_tune(page_store, [[]]))
    store_failure(page_store, job, "the loss is <b>nan</b>")
    browser.open(f"{page.address}/jobs/{job}")
    browser.wait_for("document.body.innerText.includes('the loss is <b>nan</b>')")
    assert browser.value("document.querySelector('pre').textContent").startswith("Traceback")


@pytest.mark.usefixtures("page_store")
@pytest.mark.parametrize("path", ["trials/999", "jobs/999", "explanations/999"])
def test_what_does_not_exist_is_not_found(page: Page, path: str) -> None:
    answer = page.ask(f"/api/{path}")
    assert answer.status == 404
    assert "there is no" in json.loads(answer.read())["error"]
