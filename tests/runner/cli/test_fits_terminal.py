"""On a terminal of 80 columns no line of a status or of an error is wider, and nothing is lost."""

import sys
from pathlib import Path

import pytest

from runner.store.engine import open_store
from tests.pseudo_terminal import COLOR, Shown, run_in_terminal
from tests.runner.reports.stored import store_failure, store_tune, train_epochs
from tests.runner.store.making import job_ids

SIZES = [(80, 24), (80, 40)]
REASON = "DivergedError: the loss is not a finite number after the first step of the second epoch"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a home with an experiment of 60 jobs, one of which failed and five of which run."""
    home = tmp_path_factory.mktemp("home")
    store = open_store(f"sqlite:///{home / 'runner.db'}")
    store_tune(store, [[0.5, 0.6]])
    experiment = store_tune(store, [[0.5]] * 10 + [[]] * 50)
    jobs = job_ids(store, experiment)
    store_failure(store, jobs[10], REASON)
    for job in jobs[11:16]:
        train_epochs(store, job, [0.1, 0.2])
    store.close()
    return home


def shown(home: Path, size: tuple[int, int], *arguments: str, **variables: str) -> Shown:
    command = [sys.executable, "-P", "-m", "runner", *arguments]
    environment = {"RUNNER_HOME": str(home), **variables}
    return run_in_terminal(command, size, environment=environment)


def test_the_list_of_experiments_fits(home: Path) -> None:
    done = shown(home, (80, 24), "status", NO_COLOR="1")
    assert done.code == 0
    assert done.widest <= 80
    assert not COLOR.search(done.text)
    assert "cancelled" not in done.text, "no job is"
    assert "follow the newest with: `runner watch 2`" in done.text


@pytest.mark.parametrize("size", SIZES)
def test_an_experiment_fits_with_what_matters_first(home: Path, size: tuple[int, int]) -> None:
    done = shown(home, size, "status", "2")
    assert done.code == 0
    assert done.widest <= size[0]
    assert len(done.lines) < size[1]
    rows = [
        line.split()[1] for line in done.lines if line.split()[:1] and line.split()[0].isdigit()
    ]
    assert rows[1:7] == ["failed"] + ["running"] * 5
    assert "more jobs: `runner status 2 | less` shows all" in done.text


@pytest.mark.parametrize(
    ("code", "words", "variables"),
    [
        (2, "raport", {}),
        (2, "report --formt json", {}),
        (2, "report --format jsn", {}),
        (2, "submit tune --downsample 1 --method sobel", {}),
        (2, "submit train --param lrr=0.1", {}),
        (2, "status 99", {}),
        (2, "watch no-such-experiment", {}),
        (2, "import /no/such/directory/of/a/bundle/that/has/a/very/long/name/" + "x" * 60, {}),
        (3, "status", {"RUNNER_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/no_database"}),
    ],
)
def test_every_kind_of_error_fits(
    home: Path, code: int, words: str, variables: dict[str, str]
) -> None:
    done = shown(home, (80, 24), *words.split(), **variables)
    assert done.code == code, done.text
    assert done.widest <= 80
    labels = [line.split(":")[0] for line in done.lines if not line.startswith("   ")]
    assert labels == ["error", "  expected", "  to fix it"]
