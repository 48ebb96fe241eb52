"""The page of experiments in a real browser, over a store that changes."""

import json

from runner.store.engine import Store
from runner.store.lifecycle.naming import Edit, edit
from runner.store.names import Label
from tests.browser import Browser
from tests.processes import wait_until
from tests.runner.reports.stored import store_tune, train_epochs
from tests.runner.store.making import job_ids
from tests.runner.ui.conftest import Page

MARKUP = "<img src=x onerror=alert(1)><script>alert(2)</script>"


def test_it_is_live_and_markup_in_names_is_text(
    page: Page, browser: Browser, page_store: Store
) -> None:
    first = store_tune(page_store, [[0.3, 0.6], []])
    edit(page_store, first, Edit(Label(MARKUP, ("<b>bold</b>",))))
    browser.open(f"{page.address}/?search=onerror")
    browser.wait_for("document.querySelectorAll('tbody tr').length === 1")
    text = browser.value("document.querySelector('tbody').innerText")
    assert MARKUP in text
    assert "<b>bold</b>" in text
    assert browser.value("document.querySelectorAll('main img, main script, main b').length") == 0

    shown = browser.value("document.querySelector('tbody progress').value")
    browser.value("document.querySelector('tbody a').focus()")
    train_epochs(page_store, job_ids(page_store, first)[1], [0.5])
    waited = browser.wait_for(f"document.querySelector('tbody progress').value > {shown}")
    assert waited < 5
    # What had the focus has it still, though its row is another one.
    assert browser.value("document.activeElement.getAttribute('href')") == f"/experiments/{first}"
    assert browser.console == []
    assert {each.split("/")[2] for each in browser.requests} == {page.address.split("/")[2]}


def test_a_search_is_part_of_the_address(page: Page, browser: Browser, page_store: Store) -> None:
    number = store_tune(page_store, [[0.1]])
    edit(page_store, number, Edit(Label("only-this")))
    browser.open(f"{page.address}/?search=only-this&state=succeeded")
    browser.wait_for("document.querySelectorAll('tbody tr').length === 1")
    assert "only-this" in browser.value("document.querySelector('tbody').innerText")
    browser.open(f"{page.address}/?search=only-this&state=failed")
    browser.wait_for("document.querySelector('#count')?.innerText.startsWith('0 of')")


def test_an_unchanged_document_is_not_sent_again(page: Page, page_store: Store) -> None:
    number = store_tune(page_store, [[0.1]])

    def is_listed() -> bool:
        listed = json.loads(page.ask("/api/experiments").read())["experiments"]
        return number in {each["experiment"] for each in listed}

    # The document is kept for a second, also if it was read before the experiment was stored.
    wait_until(is_listed, explain=page.log.read_text)
    tag = page.ask("/api/experiments").headers["Etag"]
    assert page.ask("/api/experiments", If_None_Match=tag).status == 304
