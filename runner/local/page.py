"""The live page that `runner up --ui` asks its supervisor to keep running."""

import json
import socket
import time
from contextlib import suppress
from dataclasses import asdict, dataclass

from runner.errors import UnavailableError
from runner.local.run_dir import LONGEST_START_SECONDS, RunDir
from runner.settings import Settings

CONNECT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Page:
    """Where the page is, whether its readers may act, and the token that they need then."""

    host: str
    port: int
    actions: bool
    token: str | None

    @property
    def address(self) -> str:
        """Return the address to open in a browser, with the token if there is one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        token = "" if self.token is None else f"?token={self.token}"
        return f"http://{host}:{self.port}/{token}"

    def is_same_as(self, other: "Page") -> bool:
        """Return whether it was asked for with the same options; each has a token of its own."""
        return (self.host, self.port, self.actions) == (other.host, other.port, other.actions)


def ask_for(run_dir: RunDir, page: Page | None) -> None:
    """Note the page that is to run, with its token; None if none is."""
    run_dir.note("page.json", None if page is None else asdict(page))


def asked_for(run_dir: RunDir) -> Page | None:
    """Return the page that is to run."""
    with suppress(OSError, ValueError, TypeError):
        return Page(**json.loads((run_dir.directory / "page.json").read_text()))
    return None


def running_page(run_dir: RunDir) -> Page | None:
    """Return the page that runs."""
    page = asked_for(run_dir)
    return page if page is not None and "page" in run_dir.remembered() else None


def page_address(settings: Settings) -> str | None:
    """Return the address of the page of `runner up`; None if none runs."""
    page = None if settings.broker_url else running_page(RunDir(settings.home))
    return None if page is None else page.address


def wait_for_page(run_dir: RunDir) -> Page:
    """Wait until the page that was asked for answers, and return it.

    Raises UnavailableError if its process cannot be kept running.
    """
    deadline = time.monotonic() + LONGEST_START_SECONDS
    while True:
        page = running_page(run_dir)
        if page is not None and _is_open(page):
            return page
        trouble = run_dir.trouble()
        if trouble is not None or not run_dir.is_supervised() or time.monotonic() > deadline:
            raise UnavailableError(
                trouble.what if trouble else "the page did not start",
                f"a page that answers within {LONGEST_START_SECONDS:g} s",
                f"read {run_dir.logs / 'page.log'}",
            )
        time.sleep(0.1)


def _is_open(page: Page) -> bool:
    try:
        socket.create_connection((page.host, page.port), CONNECT_SECONDS).close()
    except OSError:
        return False
    return True
