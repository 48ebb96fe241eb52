"""A running page over a store that a test writes to, and a browser."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from subprocess import Popen

import pytest

from runner.store.engine import Store, open_store
from tests.acceptance.command_line import Runner
from tests.browser import CHROMIUM, Browser
from tests.processes import end, unused_port, wait_until


@dataclass
class Page:
    """A `runner ui` that runs, and its home."""

    port: int
    home: Path
    log: Path

    @property
    def address(self) -> str:
        """Return the address without a path."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def token(self) -> str:
        """Return the token in the address that was printed."""
        [token] = re.findall(r"token=(\S+)", self.log.read_text())
        return str(token)

    def ask(self, path: str, method: str = "GET", **headers: str) -> HTTPResponse:
        """Send one request, its path as it is, and return the answer."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, None, {n.replace("_", "-"): v for n, v in headers.items()})
        return connection.getresponse()


def start_page(
    directory: Path, port: int, *options: str, **variables: str
) -> tuple[Popen[bytes], Page]:
    """Start `runner ui` in a directory and wait until it answers."""
    runner = Runner(directory, **variables)
    page = Page(port, directory / "results", directory / "ui.log")
    process = runner.start("ui", "--no-browser", "--port", str(page.port), *options)

    def answers() -> bool:
        assert process.poll() is None, page.log.read_text()
        try:
            return page.ask("/").status > 0
        except OSError:
            return False

    try:
        wait_until(answers, explain=page.log.read_text)
    except BaseException:
        end(process)
        raise
    return process, page


def serve(directory: Path, *options: str, **variables: str) -> Iterator[Page]:
    """Run `runner ui` in a directory until the block ends."""
    process, page = start_page(directory, unused_port(), *options, **variables)
    try:
        yield page
    finally:
        end(process)
    assert process.returncode == 0, page.log.read_text()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """Offer a page whose store does not exist yet."""
    yield from serve(tmp_path_factory.mktemp("ui"))


@contextmanager
def store_of(page: Page) -> Iterator[Store]:
    """Open the store of a page until the block ends; it is made if it does not exist."""
    page.home.mkdir(exist_ok=True)
    store = open_store(f"sqlite:///{page.home / 'runner.db'}")
    try:
        yield store
    finally:
        store.close()


@pytest.fixture(scope="module")
def page_store(page: Page) -> Iterator[Store]:
    """Offer the store of the page."""
    with store_of(page) as store:
        yield store


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Offer a browser."""
    if CHROMIUM is None:
        pytest.skip("no Chromium is on the PATH")
    browser = Browser()
    yield browser
    browser.close()
