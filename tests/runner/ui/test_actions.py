"""Actions of the page: refused to whoever may not, and done as the commands do them."""

import json
from collections.abc import Iterator
from functools import partial

import pytest

from runner.store.engine import Store
from tests.browser import Browser
from tests.processes import wait_until
from tests.runner.reports.stored import new_trial, store_evaluation, store_tune
from tests.runner.store.making import job_ids, value
from tests.runner.ui.conftest import Page, serve, store_of

NO_LIMITS = {"downloadThroughput": -1, "uploadThroughput": -1}


@pytest.fixture(scope="module")
def acting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """Offer a page that allows actions."""
    yield from serve(tmp_path_factory.mktemp("acting"), "--allow-actions")


@pytest.fixture(scope="module")
def acting_store(acting: Page) -> Iterator[Store]:
    """Offer its store."""
    with store_of(acting) as store:
        yield store


@pytest.fixture(scope="module")
def headers(acting: Page) -> dict[str, str]:
    """Return what a request of the page itself has."""
    cookie = f"runner_ui={acting.token}"
    allowed = json.loads(acting.ask("/api/actions", Cookie=cookie).read())
    return {"Cookie": cookie, "Origin": acting.address, "X-Runner-Token": allowed["token"]}


@pytest.fixture
def experiment(acting_store: Store) -> int:
    """Return an experiment with a pending job."""
    return store_tune(acting_store, [[]])


def state(store: Store, experiment: int) -> str:
    query = "SELECT state FROM jobs WHERE experiment_id = :id"
    return str(value(store, query, id=experiment))


def images_are_read(acting: Page, trial: int) -> bool:
    """Tell whether the page of a trial's images is drawn with them, and so is not drawn again."""
    cookie = f"runner_ui={acting.token}"
    answer = acting.ask(f"/api/trials/{trial}/images?split=test", Cookie=cookie)
    return bool(json.loads(answer.read())["pictures"] != "reading")


def test_an_experiment_is_cancelled_and_retried(
    acting: Page, acting_store: Store, headers: dict[str, str], experiment: int
) -> None:
    answer = acting.ask(f"/api/experiments/{experiment}/cancel", "POST", **headers)
    said = json.loads(answer.read())["text"]
    assert (answer.status, said) == (200, f"experiment {experiment}: 1 cancelled")
    assert state(acting_store, experiment) == "cancelled"
    [job] = job_ids(acting_store, experiment)
    answer = acting.ask(f"/api/jobs/{job}/retry", "POST", **headers)
    assert f"job {job}: 1 pending again" in json.loads(answer.read())["text"]
    assert state(acting_store, experiment) == "pending"


def test_an_experiment_is_paused_and_resumed(
    acting: Page, acting_store: Store, headers: dict[str, str], experiment: int
) -> None:
    query = "SELECT paused_at IS NOT NULL FROM experiments WHERE id = :id"
    for what, paused in (("pause", 1), ("resume", 0)):
        assert acting.ask(f"/api/experiments/{experiment}/{what}", "POST", **headers).status == 200
        assert value(acting_store, query, id=experiment) == paused


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": ""}, 403),
        ({"X-Runner-Token": "wrong"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Cookie": "runner_ui=wrong"}, 403),
        ({"Host": "evil.example"}, 400),
    ],
)
def test_a_request_of_another_site_changes_nothing(
    acting: Page,
    acting_store: Store,
    headers: dict[str, str],
    experiment: int,
    changes: dict[str, str],
    status: int,
) -> None:
    given = headers | changes
    answer = acting.ask(f"/api/experiments/{experiment}/cancel", "POST", **given)
    assert answer.status == status
    assert state(acting_store, experiment) == "pending"


@pytest.mark.parametrize("missing", ["Origin", "X-Runner-Token", "Cookie"])
def test_a_request_without_its_origin_or_a_token_changes_nothing(
    acting: Page, acting_store: Store, headers: dict[str, str], experiment: int, missing: str
) -> None:
    given = {name: content for name, content in headers.items() if name != missing}
    assert acting.ask(f"/api/experiments/{experiment}/cancel", "POST", **given).status == 403
    assert state(acting_store, experiment) == "pending"


def test_get_does_nothing(
    acting: Page, acting_store: Store, headers: dict[str, str], experiment: int
) -> None:
    assert acting.ask(f"/api/experiments/{experiment}/cancel", **headers).status == 405
    assert state(acting_store, experiment) == "pending"


def test_the_token_is_not_given_away_without_the_cookie(acting: Page) -> None:
    assert acting.ask("/api/actions").status == 403


def test_without_the_option_nothing_is_allowed(page: Page, page_store: Store) -> None:
    number = store_tune(page_store, [[]])
    assert json.loads(page.ask("/api/actions").read()) == {"allowed": False, "token": None}
    answer = page.ask(f"/api/experiments/{number}/cancel", "POST", Origin=page.address)
    assert (answer.status, state(page_store, number)) == (403, "pending")


def test_buttons_evaluate_a_trial_and_explain_an_image(
    acting: Page, acting_store: Store, browser: Browser
) -> None:
    trial = new_trial(acting_store)
    browser.window(1400, 900)
    browser.open(f"{acting.address}/?token={acting.token}")
    browser.console.clear()
    browser.open(f"{acting.address}/trials/{trial}")
    browser.wait_for("document.querySelector('.actions button')")
    browser.value("document.querySelector('.actions button').click()")
    browser.wait_for("document.querySelector('.said').innerText.includes('evaluate')")
    found = value(acting_store, "SELECT kind FROM experiments ORDER BY id DESC LIMIT 1")
    assert found == "evaluate"
    store_evaluation(acting_store, trial)
    wait_until(partial(images_are_read, acting, trial), explain=acting.log.read_text)
    browser.open(f"{acting.address}/trials/{trial}/images?split=test")
    browser.wait_for("document.querySelector('.gallery button')")
    browser.value("document.querySelector('.gallery button').click()")
    browser.wait_for(
        "document.querySelector('.gallery [role=status]')?.innerText.includes('explain')"
    )
    assert browser.console == []


def test_a_button_says_that_the_server_does_not_answer_and_can_be_clicked_again(
    acting: Page, acting_store: Store, browser: Browser
) -> None:
    trial = new_trial(acting_store)
    store_evaluation(acting_store, trial)
    browser.open(f"{acting.address}/?token={acting.token}")
    wait_until(partial(images_are_read, acting, trial), explain=acting.log.read_text)
    browser.open(f"{acting.address}/trials/{trial}/images?split=test")
    browser.wait_for("document.querySelector('.gallery button')")
    browser.call("Network.emulateNetworkConditions", offline=True, latency=0, **NO_LIMITS)
    try:
        browser.value("document.querySelector('.gallery button').click()")
        browser.wait_for(
            "document.querySelector('.gallery [role=status]').innerText.includes('not answer')"
        )
        assert not browser.value("document.querySelector('.gallery button').disabled")
    finally:
        browser.call("Network.emulateNetworkConditions", offline=False, latency=0, **NO_LIMITS)
        browser.console.clear()
