"""Every page without violations of axe's rules, light and dark, and usable at 400 px."""

from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from runner.store.engine import Store
from runner.store.lifecycle.naming import Edit, edit
from runner.store.names import Label
from tests.browser import Browser
from tests.runner.reports.stored import (
    evaluated,
    store_explanation,
    store_failure,
    store_tune,
    train_epochs,
)
from tests.runner.store.making import job_ids, value
from tests.runner.ui.conftest import Page, serve

AXE = (files("axe_core_python") / "axe.min.js").read_text()
FOUND = (
    "axe.run().then((found) => found.violations.flatMap((each) =>"
    " each.nodes.map((node) => `${each.id}: ${node.html}: ${node.failureSummary}`)))"
)


# Every control that can be seen, and those that Tab reached of them, without a visible focus.
CONTROLS = "[...document.querySelectorAll('a, button, input, select, summary')]"
SEEN = f"{CONTROLS}.filter((each) => each.checkVisibility() && !each.disabled)"
REGIONS = (
    "[...document.querySelectorAll('[tabindex=\"0\"]')].filter((each) => each.checkVisibility())"
)
# An element may be made anew while the page is live: it is known by what it says.
KEY = "((one) => one.getAttribute('href') ?? one.ariaLabel ?? (one.innerText || one.outerHTML))"
FOCUS = (
    f"(() => {{ const one = document.activeElement; (window.reached ??= new Set()).add({KEY}(one));"
    " const { outlineStyle, outlineWidth } = getComputedStyle(one);"
    " return outlineStyle === 'none' || outlineWidth === '0px' ? one.outerHTML : ''; })()"
)


@pytest.fixture(scope="module")
def pages(page_store: Store) -> dict[str, str]:
    """Return the address of every page by what its document has once it is shown."""
    labels = np.array([0, 0, 0, 1, 1, 1])
    trials = [evaluated(page_store, labels, labels), evaluated(page_store, 1 - labels, labels)]
    experiment = store_tune(page_store, [[0.3, 0.6], [0.4], [], []])
    edit(page_store, experiment, Edit(Label("name" * 15, ("tag" * 15, "other"))))
    running, failed = job_ids(page_store, experiment)[2:]
    train_epochs(page_store, running, [0.5])
    store_failure(page_store, failed, "the loss is nan")
    explain = store_explanation(page_store)
    number = value(page_store, "SELECT max(id) FROM explanations")
    return {
        "/": "tbody progress",
        f"/experiments/{experiment}?group=params.lr": "[data-groups='4']",
        f"/experiments/{explain}": "tbody a",
        f"/trials/{trials[0]}": ".matrix a",
        f"/trials/{trials[1]}/images?split=test": ".gallery li",
        f"/trials/{trials[1]}/images?split=train": "main p",
        f"/compare?trials={trials[0]},{trials[1]}": "#disputed",
        f"/jobs/{running}": "[data-curves]",
        f"/jobs/{failed}": "pre",
        f"/explanations/{number}": "canvas.big",
        f"/explanations/{number}?with={number - 1}": "canvas.big",
        "/trials/999": "h1",
        "/no/such/page": "h1",
    }


@pytest.mark.parametrize("width", [1400, 400])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_window(
    page: Page, browser: Browser, pages: dict[str, str], width: int
) -> None:
    for path, shown in pages.items():
        browser.window(width, 1000)
        browser.open(f"{page.address}{path}")
        browser.wait_for(f"document.querySelector(`{shown}`)")
        browser.value(f"{AXE}; 0")
        for scheme in ("light", "dark"):
            browser.window(width, 1000, scheme)
            assert browser.value(FOUND) == [], f"{path} {scheme}"
        assert browser.value("document.documentElement.scrollWidth") <= width, path


def test_the_whole_table_of_experiments_fits_a_phone(
    page: Page, browser: Browser, pages: dict[str, str]
) -> None:
    browser.window(400, 800)
    browser.open(f"{page.address}/")
    browser.wait_for(f"document.querySelector('{pages['/']}')")
    box = "document.querySelector('.scroll')"
    assert browser.value(f"{box}.scrollWidth <= {box}.clientWidth")


def test_a_page_without_a_store_says_how_to_begin(browser: Browser, tmp_path: Path) -> None:
    browser.window(400, 800)
    for page in serve(tmp_path):
        browser.open(f"{page.address}/")
        browser.wait_for(
            "document.querySelector('main code')?.innerText.includes('runner submit tune')"
        )
        browser.value(f"{AXE}; 0")
        assert browser.value(FOUND) == []


def test_every_control_is_reached_with_tab_and_seen_to_be(
    page: Page, browser: Browser, pages: dict[str, str]
) -> None:
    browser.window(1400, 1000)
    for path, shown in pages.items():
        browser.open(f"{page.address}{path}")
        browser.wait_for(f"document.querySelector(`{shown}`)")
        for _ in range(browser.value(f"{SEEN}.length + {REGIONS}.length")):
            browser.press("Tab")
            assert browser.value(FOCUS) == "", path
        left = f"{SEEN}.map({KEY}).filter((each) => !window.reached.has(each))"
        assert browser.value(left) == [], path


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
    browser.value("document.querySelector('.rows th button').focus()")
    for direction in ("ascending", "descending"):
        browser.press("Enter")
        browser.wait_for(f"document.querySelector('[aria-sort={direction}]')")
    browser.value("document.querySelector('#compare a').focus()")
    browser.press("Enter")
    browser.wait_for("document.querySelector('#sides')")
