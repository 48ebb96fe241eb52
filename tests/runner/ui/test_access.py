"""Who may read the page, and that no address reaches a file."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.command_line import Runner
from tests.browser import Browser
from tests.runner.ui.conftest import Page, serve


@pytest.fixture(scope="module")
def open_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """Offer a page on all addresses of this machine, with a secret in its settings."""
    directory = tmp_path_factory.mktemp("open")
    (directory / "password").write_text("canary-of-the-broker")
    yield from serve(
        directory,
        *("--host", "0.0.0.0"),  # noqa: S104 (what is tested)
        RUNNER_BROKER_URL="redis://127.0.0.1:1/0",
        RUNNER_BROKER_PASSWORD_FILE=str(directory / "password"),
    )


def test_loopback_needs_no_login_and_says_where_the_page_is(page: Page) -> None:
    answer = page.ask("/")
    assert answer.status == 200
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert f"http://127.0.0.1:{page.port}/" in page.log.read_text()


def test_whoever_opens_an_address_that_does_not_exist_gets_a_page(page: Page) -> None:
    answer = page.ask("/nowhere", Accept="text/html,*/*")
    assert answer.status == 404
    assert "This address does not exist." in answer.read().decode()
    assert json.loads(page.ask("/nowhere").read())["error"] == "This address does not exist."


def test_a_foreign_host_name_is_refused(page: Page) -> None:
    assert page.ask("/", Host=f"evil.example:{page.port}").status == 400
    assert page.ask("/", Host=f"localhost:{page.port}").status == 200


def test_a_page_of_another_site_gets_nothing(page: Page) -> None:
    assert page.ask("/api/experiments", Origin="http://evil.example").status == 403
    own = f"http://127.0.0.1:{page.port}"
    assert page.ask("/api/experiments", Origin=own).status != 403


@pytest.mark.parametrize(
    "path",
    [
        "/static/../server.py",
        "/static/%2e%2e/server.py",
        "/static/..%2fserver.py",
        "/static/page.html",
        "/static//etc/passwd",
        "//etc/passwd",
        "/experiments/0",
        "/experiments/1;x",
        "/api/experiments/99999999999999999999",
        "/api/experiments/-1",
    ],
)
def test_a_path_that_is_no_address_of_the_page_is_not_found(page: Page, path: str) -> None:
    assert page.ask(path).status == 404


def test_another_address_than_loopback_needs_the_token(open_page: Page) -> None:
    assert open_page.ask("/").status == 403
    assert open_page.ask("/api/experiments").status == 403
    assert open_page.ask("/?token=wrong").status == 403
    answer = open_page.ask(f"/?token={open_page.token}")
    assert (answer.status, answer.headers["Location"]) == (302, "/")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert open_page.ask("/", Cookie=cookie.split(";")[0]).status == 200
    assert open_page.ask("/", Host="evil.example", Cookie=cookie.split(";")[0]).status == 400


def test_no_answer_contains_a_password(open_page: Page) -> None:
    cookie = f"runner_ui={open_page.token}"
    for path in ("/", "/api/experiments", "/api/experiments/1", "/nothing"):
        assert b"canary" not in open_page.ask(path, Cookie=cookie).read()
    assert "canary" not in open_page.log.read_text()


def test_without_a_store_the_page_says_how_to_start(page: Page, browser: Browser) -> None:
    browser.open(page.address)
    browser.wait_for("document.body.innerText.includes('No experiments yet')")
    answer = page.ask("/api/experiments")
    assert (answer.status, answer.headers["X-Store"]) == (404, "none")
    assert "submit an experiment" in json.loads(answer.read())["fix"]


def test_a_port_in_use_is_a_usage_error(page: Page, tmp_path: Path) -> None:
    done = Runner(tmp_path)("ui", "--no-browser", "--port", str(page.port), code=2)
    assert f"127.0.0.1:{page.port}" in done.stderr
