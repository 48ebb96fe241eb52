"""How fast the live page is with 10,000 trials of 10 epochs: `python -m benchmarks.live_page`.

It needs Chromium. The page and the browser run on this machine, one after the other as far as
possible; the load average is printed because everything else on the machine makes it slower.
"""

import os
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path

import psutil

from runner.store.engine import Store, open_store
from tests.browser import Browser
from tests.processes import end, unused_port
from tests.runner.reports.stored import store_tune, train_epochs
from tests.runner.store.making import job_ids
from tests.runner.store.many import make_many
from tests.runner.ui.conftest import Page, start_page

TRIALS, EPOCHS = 10_000, 10
READERS, POLL_SECONDS, WATCHED_SECONDS = 50, 2.0, 30.0
READY = "document.querySelector('[data-curves]') && document.querySelector('[data-points]')"
SHOWN = (
    "[document.querySelector('#selected')?.innerText.split(' ')[0].replace(',', ''),"
    " ...['points', 'curves', 'lines'].map("
    " (each) => document.querySelector(`[data-${each}]`)?.dataset[each])]"
)


def main() -> None:
    """Print one line for each measurement."""
    with tempfile.TemporaryDirectory(prefix="live-page-") as place:
        home = Path(place) / "results"
        home.mkdir()
        store = open_store(f"sqlite:///{home / 'runner.db'}")
        make_many(store, TRIALS, EPOCHS)
        process, page = start_page(Path(place), unused_port())
        browser = Browser()
        try:
            measure(page, psutil.Process(process.pid), browser, store)
        finally:
            browser.close()
            end(process)
            store.close()


def measure(page: Page, server: psutil.Process, browser: Browser, store: Store) -> None:
    """Measure what docs/ui.md says of the page."""
    say("load average", f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    browser.window(1400, 1200)
    say("first page, cold", opened(browser, f"{page.address}/", "document.querySelector('#count')"))
    say("first page again", opened(browser, f"{page.address}/", "document.querySelector('#count')"))
    large = f"{page.address}/experiments/1"
    say("table and figures, cold", opened(browser, large, READY))
    say("table and figures again", opened(browser, large, READY))
    say("brush on lr, all figures", brushed(browser))
    say("a point after its epoch", point(browser, page, store))
    say("memory of the server", f"{server.memory_info().rss / 1e6:.0f} MB")
    say(f"{READERS} readers every {POLL_SECONDS:g} s", f"{polled(page, server):.1f} % of a core")


def say(what: str, value: float | str) -> None:
    """Print a measurement."""
    text = value if isinstance(value, str) else f"{value:.2f} s"
    print(f"{what}: {text}", flush=True)


def opened(browser: Browser, address: str, ready: str) -> float:
    """Return after how long a page is usable."""
    browser.open("about:blank")
    start = time.monotonic()
    browser.open(address)
    browser.wait_for(ready)
    return time.monotonic() - start


def brushed(browser: Browser) -> float:
    """Return after how long all figures show what a drag along the axis of lr selects."""
    left, top, height = browser.value(
        "(() => { const box = document.querySelector('[data-lines]').getBoundingClientRect();"
        " return [box.left, box.top, box.height]; })()"
    )
    before = browser.value(SHOWN)
    browser.drag((left + 16, top + 20), (left + 16, top + 26 + height / 10))
    start = time.monotonic()
    while True:
        found = browser.value(SHOWN)
        if found != before and len(set(found)) == 1:
            return time.monotonic() - start


def point(browser: Browser, page: Page, store: Store) -> float:
    """Return after how long a point of a running experiment appears, once its epoch is stored."""
    number = store_tune(store, [[0.3, 0.6], []])
    curves = "document.querySelector('[data-curves]')?.dataset.curves"
    browser.open(f"{page.address}/experiments/{number}")
    browser.wait_for(f"{curves} === '1'")
    train_epochs(store, job_ids(store, number)[1], [0.5])
    return browser.wait_for(f"{curves} === '2'")


def polled(page: Page, server: psutil.Process) -> float:
    """Return the share of a core that the server uses while many pages ask for the experiment."""
    tag = asked(HTTPConnection("127.0.0.1", page.port, timeout=60))
    before, start = used(server), time.monotonic()
    with ThreadPoolExecutor(READERS) as readers:
        list(readers.map(lambda n: read(page, tag, n, start), range(READERS)))
    return 100 * (used(server) - before) / (time.monotonic() - start)


def read(page: Page, tag: str, number: int, start: float) -> None:
    """Ask as the page of an experiment does, on one connection, each reader at another moment."""
    connection = HTTPConnection("127.0.0.1", page.port, timeout=60)
    due = start + POLL_SECONDS * number / READERS
    while due < start + WATCHED_SECONDS:
        time.sleep(max(0.0, due - time.monotonic()))
        asked(connection, tag)
        due += POLL_SECONDS
    connection.close()


def asked(connection: HTTPConnection, tag: str = "") -> str:
    """Return the tag of the document of the experiment."""
    connection.request("GET", "/api/experiments/1", None, {"If-None-Match": tag} if tag else {})
    answer = connection.getresponse()
    answer.read()
    return answer.headers["Etag"] or ""


def used(server: psutil.Process) -> float:
    """Return the seconds of processor time that the server has used."""
    times = server.cpu_times()
    return float(times.user + times.system)


if __name__ == "__main__":
    main()
