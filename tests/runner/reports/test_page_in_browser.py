"""A page in a real browser: nothing is fetched, nothing is complained about, tables sort."""

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from runner.reports.comparison.folds import fold_comparison_document
from runner.reports.comparison.trials import comparison_document
from runner.reports.comparison.view import comparison_report, fold_comparison_report
from runner.reports.experiment.document import report_document
from runner.reports.experiment.report import experiment_report
from runner.reports.leaderboard import leaderboard_document
from runner.reports.leaderboard_view import leaderboard_report
from runner.reports.output import choose_destination, write_report
from runner.store.engine import Store
from runner.store.queries.leaderboard import Scope
from tests.browser import Browser
from tests.runner.reports.stored import (
    evaluated,
    store_evaluation,
    store_explanation,
    store_folds,
    store_tune,
)

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium is on the PATH")

ACCURACIES = [[0.3], [0.9], [], [0.1], [0.123456], [0.123455]]


class Visit:
    """Open a page in a browser with a profile of its own; keep what it became and what it did."""

    def __init__(self, page: Path) -> None:
        log = page.with_suffix(".netlog")
        done = subprocess.run(
            [
                *(str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
                *("--dump-dom", "--virtual-time-budget=5000", "--enable-logging=stderr"),
                *("--host-resolver-rules=MAP * ~NOTFOUND", f"--log-net-log={log}"),
                *(f"--user-data-dir={page.with_suffix('.profile')}", page.as_uri()),
            ],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        self.dom = done.stdout
        self.console = [line for line in done.stderr.splitlines() if ":CONSOLE" in line]
        self.requests = asked_for(log)


def asked_for(log: Path) -> list[str]:
    """Return every address that a page asked for; what the browser itself asks has no origin."""
    text = log.read_text()
    # A browser that ends has no time to close the list.
    events = json.loads(text if text.rstrip().endswith("}") else text.rstrip().rstrip(",") + "]}")
    asked = [event.get("params", {}) for event in events["events"]]
    return [
        params["url"]
        for params in asked
        if params.get("initiator", "not an origin") != "not an origin" and "url" in params
    ]


class Columns(HTMLParser):
    """Read the first sortable table: its columns, by name."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.feed(
            text[text.index("<table", text.index("<h2>Scores of the last epoch")) :].split(
                "</table>", maxsplit=1
            )[0]
        )

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data.strip()

    def __getitem__(self, name: str) -> list[str]:
        head, *body = self.rows
        return [row[head.index(name)] for row in body]


def write_page(store: Store, experiment: int, path: Path, script: str = "") -> Path:
    """Write the page of an experiment, with a script that does what a person would."""
    place = choose_destination(path.parent, "page", "html", path)
    write_report(experiment_report(store, report_document(store, experiment)), "html", place)
    path.write_text(path.read_text().replace("</body>", f"<script>{script}</script></body>"))
    return path


def click(column: str, times: int = 1) -> str:
    """Return a script that clicks on a column's head in the first table that has it."""
    return (
        "const head = [...document.querySelectorAll('th button')]"
        f".find((one) => one.textContent === '{column}');"
        f"for (let n = 0; n < {times}; n++) head.click();"
    )


def write_comparison(store: Store, path: Path, *, folds: bool = False) -> Path:
    """Write the page of two trials, or of two k-folds."""
    if folds:
        numbers = store_folds(store, [0.7, 0.5, 0.6], 3), store_folds(store, [0.6, 0.5, 0.4], 3)
        report = fold_comparison_report(fold_comparison_document(store, numbers))
    else:
        labels = np.arange(40) % 2
        trials = evaluated(store, labels, labels), evaluated(store, 0 * labels, labels)
        report = comparison_report(comparison_document(store, trials, "test"))
    write_report(report, "html", choose_destination(path.parent, "page", "html", path))
    return path


@pytest.mark.parametrize("kind", ["tune", "evaluate", "explain"])
def test_a_page_asks_for_nothing_and_nothing_is_wrong(
    sqlite_store: Store, tmp_path: Path, kind: str
) -> None:
    make = {
        "tune": lambda: store_tune(sqlite_store, ACCURACIES),
        "evaluate": lambda: store_evaluation(sqlite_store),
        "explain": lambda: store_explanation(sqlite_store),
    }
    page = write_page(sqlite_store, make[kind](), tmp_path / "page.html")
    visit = Visit(page)
    assert visit.requests == []
    assert visit.console == []
    assert "</h2>" in visit.dom


@pytest.mark.parametrize("folds", [False, True])
def test_a_page_of_a_comparison_asks_for_nothing_and_nothing_is_wrong(
    sqlite_store: Store, tmp_path: Path, folds: bool
) -> None:
    page = write_comparison(sqlite_store, tmp_path / "page.html", folds=folds)
    visit = Visit(page)
    assert visit.requests == []
    assert visit.console == []
    assert visit.dom.count("<img") == (0 if folds else 3)
    assert "significantly better" in visit.dom or "Not significant" in visit.dom


def test_the_browser_draws_a_line_for_each_trial_and_names_it(
    sqlite_store: Store, tmp_path: Path
) -> None:
    script = (
        "const lines = [...document.querySelectorAll('svg polyline.trial')];"
        "document.title = lines.map((line) => line.points.length"
        " + ' ' + line.querySelector('title').textContent + ' '"
        " + (line.getBoundingClientRect().width > 100)).join('|');"
    )
    experiment = store_tune(sqlite_store, ACCURACIES)
    visit = Visit(write_page(sqlite_store, experiment, tmp_path / "page.html", script))
    drawn = visit.dom.split("<title>")[1].split("</title>")[0].split("|")
    # One trial has no score; the best is drawn last, on top. Its axes are lr and the metric.
    assert len(drawn) == 5
    assert drawn[-1] == "2 trial 2: lr 0.02, val_accuracy 0.9 true"
    assert visit.console == []


def test_what_would_be_fetched_or_complained_about_is_noticed(
    sqlite_store: Store, tmp_path: Path
) -> None:
    script = "console.error('wrong'); new Image().src = 'http://127.0.0.1:9/x';"
    page = write_page(sqlite_store, store_evaluation(sqlite_store), tmp_path / "page.html", script)
    refused = Visit(page)
    # The page's own policy refuses the figure, and says so.
    assert len(refused.console) == 2
    assert "Content Security Policy" in " ".join(refused.console)
    assert refused.requests == []

    without = tmp_path / "without.html"
    without.write_text(page.read_text().replace("default-src 'none'; img-src data:;", ""))
    assert set(Visit(without).requests) == {"http://127.0.0.1:9/x"}


@pytest.mark.parametrize(
    ("column", "times", "read", "expected"),
    [
        ("val_accuracy", 1, "number", ["4", "6", "5", "1", "2", "3"]),
        ("val_accuracy", 2, "number", ["2", "1", "5", "6", "4", "3"]),
        ("state", 1, "state", ["pending", *["succeeded"] * 5]),
        ("rank", 1, "rank", ["1", "2", "3", "4", "5", "-"]),
    ],
)
def test_a_click_on_a_column_sorts_by_every_digit_and_what_is_missing_stays_last(
    sqlite_store: Store, tmp_path: Path, column: str, times: int, read: str, expected: list[str]
) -> None:
    experiment = store_tune(sqlite_store, ACCURACIES)
    page = write_page(sqlite_store, experiment, tmp_path / "page.html", click(column, times))
    table = Columns(Visit(page).dom)
    if read == "number":
        first = min(int(job) for job in table["job"])
        assert [str(int(job) - first + 1) for job in table["job"]] == expected
    else:
        assert table[read] == expected
    assert table.rows[0].count(column) == 1


def test_a_leaderboard_is_a_page_too(sqlite_store: Store, tmp_path: Path) -> None:
    store_tune(sqlite_store, ACCURACIES)
    page = tmp_path / "page.html"
    document = leaderboard_document(sqlite_store, Scope(), "val_accuracy", 20)
    write_report(
        leaderboard_report(document),
        "html",
        choose_destination(tmp_path, "leaderboard", "html", page),
    )
    visit = Visit(page)
    assert visit.requests == []
    assert visit.console == []
    assert "Best trials" in visit.dom


def test_a_page_begins_with_the_answer_and_its_sections_are_in_the_contents(
    sqlite_store: Store, tmp_path: Path
) -> None:
    page = write_page(sqlite_store, store_tune(sqlite_store, ACCURACIES), tmp_path / "page.html")
    text = page.read_text()
    answer = text[text.index('class="answer"') : text.index('class="contents"')]
    assert "Trial 2 is the best" in answer
    assert "runner show 2" in answer
    targets = re.findall(r'<li><a href="#([\w-]+)">([^<]+)</a>', text)
    assert [name for _, name in targets if name.startswith("Learning")] == ["Learning curves"]
    assert all(f'id="{target}"' in text for target, _ in targets)


def test_the_curves_of_a_page_are_explored_in_the_file(sqlite_store: Store, tmp_path: Path) -> None:
    page = write_page(sqlite_store, store_tune(sqlite_store, ACCURACIES), tmp_path / "page.html")
    browser = Browser()
    try:
        browser.open(page.as_uri())
        # One of the six has no epoch yet.
        browser.wait_for("document.querySelector('.curves .canvas').dataset.curves === '5'")
        metrics = "[...document.querySelector('.curves select').options].map((one) => one.value)"
        assert browser.value(metrics)[0] == "val_accuracy"
        assert len(browser.value(metrics)) == 4
        left, top, width, height = browser.value(
            "(({ left, top, width, height }) => [left, top, width, height])"
            "(document.querySelector('.curves .canvas').getBoundingClientRect())"
        )
        places = [(left + width * share, top + height * share) for share in (0.4, 0.6)]
        browser.drag(*places)
        assert browser.console == []
        assert browser.requests == [page.as_uri()]
    finally:
        browser.close()


def test_a_page_of_100_trials_is_small_enough_to_mail(sqlite_store: Store, tmp_path: Path) -> None:
    accuracies = [[0.1 + n / 200 + epoch / 100 for epoch in range(9)] for n in range(100)]
    page = write_page(sqlite_store, store_tune(sqlite_store, accuracies), tmp_path / "page.html")
    assert page.stat().st_size < 1_000_000
