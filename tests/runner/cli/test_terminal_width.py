"""Reports on a terminal: no line is wider than it, and the answer comes first."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from runner.cli.report import report
from runner.errors import InputError
from runner.store.engine import open_store
from tests.pseudo_terminal import SIZES, Shown, run_in_terminal
from tests.runner.reports import stored
from tests.runner.store.making import job_ids

# One process runs all commands, each after a form feed: to start one takes seconds.
PROGRAM = """
import json, sys
from runner.cli import cli
for arguments in json.loads(sys.argv[1]):
    print("\\f" + " ".join(arguments), flush=True)
    cli.main(arguments, prog_name="runner", standalone_mode=False)
"""

WIDE = [
    "a class whose name has sixty characters, as few classes have",
    "日本語の名前を持つ分類クラス",
]
TITLE = "photographs (folder of the second collection)"

# Twelve params, all of which differ.
PARAMS = [
    {
        "lr": 0.001 * (n + 1),
        "batch_size": 16 + n,
        "epochs": 1 + n,
        "dropout": 0.01 * n,
        "optimizer": ("adam", "nadam")[n % 2],
        "losses": "categorical_crossentropy",
        "activation": ("relu", "elu")[n // 8],
        "last_activation": ("softmax", "sigmoid")[n % 2],
        "batch_norm_momentum": 0.9 + n / 1000,
        "blocks": 1 + n % 3,
        "filters": 4 + n,
        "nesterov": n > 4,
    }
    for n in range(16)
]


def environment(home: Path) -> dict[str, str]:
    return {"RUNNER_HOME": str(home), "RUNNER_DATABASE_URL": "", "RUNNER_DATA_DIR": ""}


def shown(home: Path, commands: list[list[str]], size: tuple[int, int], **more: str) -> list[Shown]:
    """Run commands in a terminal of this size; return what each of them showed."""
    program = [sys.executable, "-c", PROGRAM, json.dumps(commands)]
    done = run_in_terminal(program, size, environment=environment(home) | more)
    assert done.code == 0, done.text
    return [Shown(text.partition("\n")[2], 0) for text in done.text.split("\f")[1:]]


def call(home: Path, *arguments: str) -> Result:
    """Run `runner report` with its output in a pipe."""
    return CliRunner().invoke(report, arguments, env=environment(home), catch_exceptions=False)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Offer a home that all tests read."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def numbers(home: Path) -> dict[str, int]:
    """Fill the home with results that have wide values; offer their numbers."""
    store = open_store(f"sqlite:///{home / 'runner.db'}")
    labels = np.arange(100) % 2
    with pytest.MonkeyPatch.context() as changed:
        changed.setattr(stored, "CLASSES", WIDE)
        changed.setattr(stored, "DATASET", stored.DATASET | {"classes": WIDE, "title": TITLE})
        found = {
            "tune": stored.store_params(store, PARAMS, [0.3 + 0.04 * n for n in range(16)]),
            "failed": stored.store_tune(store, [[0.5], []]),
            "evaluate": stored.store_evaluation(store),
            "folds": stored.store_folds(store, [0.5, 0.7, 0.6], 3),
            "first": stored.evaluated(store, labels, labels),
            "second": stored.evaluated(store, np.zeros(100, np.int64), labels),
            "explain": stored.store_explanation(store),
            "weak": stored.store_explanation(store, "weak", "R2 0.31 is low; " * 8),
        }
        [_, job] = job_ids(store, found["failed"])
        stored.store_failure(store, job, "the worker ran out of memory " * 6)
    store.close()
    return found | {"job": job}


def commands(numbers: dict[str, int]) -> list[list[str]]:
    of: Any = {name: str(number) for name, number in numbers.items()}
    kinds = ("tune", "failed", "evaluate", "folds", "explain", "weak")
    return [
        *(["report", of[kind]] for kind in kinds),
        ["report", of["tune"], of["failed"]],
        ["report", of["evaluate"], of["tune"]],
        ["report", "--top", "30"],
        ["report", "--by", "val_loss", "--where", "lr>0.001"],
        ["show", "1"],
        ["show", "--job", of["job"]],
        ["compare", of["first"], of["second"]],
        ["diff", of["explain"], of["weak"]],
        ["explanations"],
        ["report", of["tune"], "--columns", "trial,val_accuracy,losses,lr"],
    ]


def test_no_line_of_a_report_is_wider_than_the_terminal(
    home: Path, numbers: dict[str, int]
) -> None:
    asked = commands(numbers)
    # Matplotlib warns that its font has no Japanese characters.
    found = shown(home, asked, (80, 40), PYTHONWARNINGS="ignore")
    assert len(found) == len(asked)
    pairs = zip(asked, found, strict=True)
    wide = {" ".join(words): of.text for words, of in pairs if of.widest > 80}
    assert wide == {}


def test_sixteen_trials_fit_40_lines_and_the_answer_comes_first(
    home: Path, numbers: dict[str, int]
) -> None:
    best = 16
    for size in SIZES[1:3]:
        [found] = shown(home, [["report", str(numbers["tune"])]], size, NO_COLOR="1")
        assert "\x1b" not in found.text
        assert len(found.lines) <= 40
        assert found.widest <= size[0]
        said = found.text.index(f"Trial {best} is the best of 16: val_accuracy 0.90")
        assert said < found.text.index("rank  trial") < found.text.index(f"runner show {best}")
        assert found.text.count("0123456789ab") == 1, "the data set is named more than once"


def test_wide_shows_a_terminal_what_a_file_has(home: Path, numbers: dict[str, int]) -> None:
    words = ["report", str(numbers["tune"])]
    [found] = shown(home, [[*words, "--wide"]], (80, 40), NO_COLOR="1")
    piped = call(home, *words[1:])
    assert found.text == piped.stdout
    assert found.widest > 80


def test_the_best_trial_has_a_color_on_a_terminal_only(home: Path, numbers: dict[str, int]) -> None:
    words = [str(numbers["tune"])]
    [found] = shown(home, [["report", *words]], (80, 40))
    assert "\x1b[32m   1     16" in found.text
    piped = call(home, *words)
    assert "\x1b" not in piped.stdout


def test_columns_are_shown_in_their_order_also_in_a_pipe(
    home: Path, numbers: dict[str, int]
) -> None:
    words = [str(numbers["tune"]), "--columns", "val_accuracy, trial"]
    done = call(home, *words)
    assert "val_accuracy  trial\n" in done.stdout
    with pytest.raises(InputError, match="did you mean 'optimizer'"):
        call(home, words[0], "--columns", "optimiser")
    with pytest.raises(InputError, match="has an empty name"):
        call(home, words[0], "--columns", "trial,")


def test_columns_are_refused_for_a_format_that_has_all(home: Path) -> None:
    words = ["1", "--format", "csv", "--columns", "trial"]
    done = CliRunner().invoke(report, words, env=environment(home))
    assert done.exit_code == 2
    assert "--columns is for --format table" in done.stderr
