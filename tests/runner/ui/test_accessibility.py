"""Every page without violations of axe's rules, light and dark, and usable at 400 px."""

from importlib.resources import files

import pytest

from runner.store.engine import Store
from tests.browser import Browser
from tests.runner.reports.stored import new_trial, store_evaluation, store_explanation, store_tune
from tests.runner.store.making import job_ids, value
from tests.runner.ui.conftest import Page

AXE = (files("axe_core_python") / "axe.min.js").read_text()
FOUND = (
    "axe.run().then((found) => found.violations.flatMap((each) =>"
    " each.nodes.map((node) => `${each.id}: ${node.html}: ${node.failureSummary}`)))"
)


@pytest.fixture(scope="module")
def pages(page_store: Store) -> dict[str, str]:
    """Return the address of every page by what its document has once it is shown."""
    trials = [new_trial(page_store), new_trial(page_store)]
    for trial in trials:
        store_evaluation(page_store, trial)
    experiment = store_tune(page_store, [[0.3, 0.6], [0.4], []])
    store_explanation(page_store)
    number = value(page_store, "SELECT max(id) FROM explanations")
    job = job_ids(page_store, experiment)[2]
    return {
        "/": "tbody progress",
        f"/experiments/{experiment}": "[data-curves]",
        f"/trials/{trials[0]}": ".matrix a",
        f"/trials/{trials[0]}/images?split=test": ".gallery li",
        f"/compare?trials={trials[0]},{trials[1]}": "#pairs",
        f"/jobs/{job}": ".facts",
        f"/explanations/{number}": "canvas.big",
        f"/explanations/{number}?with={number - 1}": "canvas.big",
    }


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(
    page: Page, browser: Browser, pages: dict[str, str], scheme: str
) -> None:
    browser.window(1400, 1000, scheme)
    for path, shown in pages.items():
        browser.open(f"{page.address}{path}")
        browser.wait_for(f"document.querySelector('{shown}')")
        browser.value(f"{AXE}; 0")
        assert browser.value(FOUND) == [], path


def test_every_page_fits_a_phone(page: Page, browser: Browser, pages: dict[str, str]) -> None:
    browser.window(400, 800)
    for path, shown in pages.items():
        browser.open(f"{page.address}{path}")
        browser.wait_for(f"document.querySelector('{shown}')")
        assert browser.value("document.documentElement.scrollWidth") <= 400, path


def test_the_table_is_used_with_the_keyboard(
    page: Page, browser: Browser, pages: dict[str, str]
) -> None:
    path = next(each for each in pages if each.startswith("/experiments"))
    browser.open(f"{page.address}{path}")
    browser.wait_for("document.querySelectorAll('.rows input').length === 2")
    for place in range(2):
        browser.value(f"document.querySelectorAll('.rows input')[{place}].focus()")
        browser.press(" ")
    browser.wait_for("document.querySelector('#compare a')")
    browser.value("document.querySelector('#compare a').focus()")
    browser.press("Enter")
    browser.wait_for("document.querySelector('#sides')")
