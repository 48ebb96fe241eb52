"""What a report on a terminal begins with, and the commands that it names at its end."""

from collections.abc import Sequence

import pytest

from runner.reports.experiment.document import report_document
from runner.reports.experiment.report import experiment_report
from runner.reports.explanation.difference import difference_document
from runner.reports.explanation.difference_view import brief_difference_parts
from runner.reports.leaderboard import leaderboard_document
from runner.reports.leaderboard_view import brief_leaderboard_parts, leaderboard_title
from runner.reports.model import Note, Part, Table, next_steps
from runner.store.engine import Store
from runner.store.queries.leaderboard import Condition, Scope
from tests.runner.reports.explained import explained, weights
from tests.runner.reports.stored import store_evaluation, store_seeds, store_tune

SEEDS = [
    *((seed, {"lr": 0.1}, [value]) for seed, value in enumerate((0.7, 0.8, 0.9))),
    *((seed, {"lr": 0.2}, [value]) for seed, value in enumerate((0.1, 0.1, 0.2))),
]


def notes(parts: Sequence[Part] | None) -> list[str]:
    return [part.text for part in parts or [] if isinstance(part, Note)]


def brief(store: Store, number: int, group_by: Sequence[str] | None = None) -> list[Part]:
    report = experiment_report(store, report_document(store, number, group_by))
    assert report.brief is not None
    return report.brief()


def test_of_groups_the_best_group_comes_first_and_then_the_best_trial(sqlite_store: Store) -> None:
    number = store_seeds(sqlite_store, SEEDS)
    parts = brief(sqlite_store, number)
    answer = next(text for text in notes(parts) if text.startswith("Best of"))
    assert answer.startswith("Best of 2 groups shown: lr 0.1; mean val_accuracy 0.80 (0.55 to")
    assert "It is significantly better than the other group." in answer
    assert "Best single trial: 3, val_accuracy 0.90" in answer
    table = next(part for part in parts if isinstance(part, Table))
    assert "interval" not in table.columns
    assert str(table.rows[0][list(table.columns).index("mean")]).startswith("0.80 (0.55 to")


def test_the_next_commands_repeat_the_grouping(sqlite_store: Store) -> None:
    number = store_seeds(sqlite_store, SEEDS)
    default = notes(brief(sqlite_store, number))[-1]
    assert f"runner report {number} --wide" in default
    grouped = notes(brief(sqlite_store, number, ("optimizer", "lr")))[-1]
    assert f"runner report {number} --group-by optimizer,lr --wide" in grouped
    single = notes(brief(sqlite_store, number, ()))[-1]
    assert f"runner report {number} --group-by none --wide" in single


def test_errors_are_explained_only_after_an_evaluation(sqlite_store: Store) -> None:
    store_evaluation(sqlite_store)
    number = store_tune(sqlite_store, [[0.9], [0.5]])
    steps = notes(brief(sqlite_store, number))[-1]
    assert "runner submit evaluate --trial" in steps
    assert "--images wrong" not in steps


def test_a_leaderboard_names_only_the_data_of_trials_that_match(sqlite_store: Store) -> None:
    first = store_seeds(sqlite_store, [(0, {"lr": 0.1}, [0.5])])
    store_seeds(sqlite_store, [(0, {"lr": 0.2}, [0.5])], fingerprint="f" * 64, title="other")
    scope = Scope(conditions=[Condition("lr", "=", 0.1, 0.001)])
    document = leaderboard_document(sqlite_store, scope, "val_accuracy", 20)
    assert document.experiments == [first]
    said = notes(brief_leaderboard_parts(document))
    assert not any("other" in text or "data sets" in text for text in said)
    assert f"runner report {first} --where lr=0.1 --wide" in said[-1]


def test_without_trials_a_leaderboard_has_a_whole_title(sqlite_store: Store) -> None:
    document = leaderboard_document(sqlite_store, Scope(), "val_accuracy", 20)
    assert leaderboard_title(document) == "Leaderboard"
    assert notes(brief_leaderboard_parts(document))[0] == "no trials"


def test_a_difference_begins_with_how_similar_the_explanations_are(sqlite_store: Store) -> None:
    same = weights(0, 1, 2, 3, 4)
    first = explained(sqlite_store, {image: {0: same} for image in range(4)})
    second = explained(sqlite_store, {image: {0: same} for image in range(4)})
    parts = brief_difference_parts(difference_document(sqlite_store, (first, second)))
    assert notes(parts)[0].startswith(
        "Shared weight of the explanations, mean of 4 images: 1.000 (1.000 to 1.000), 95 % interval"
    )
    [*_, settings] = [part for part in parts if isinstance(part, Table)]
    assert settings.title.startswith("Settings")


@pytest.mark.parametrize("options", ["", " --group-by optimizer,lr,batch_size,dropout,activation"])
def test_what_a_long_command_does_is_on_the_next_line(options: str) -> None:
    text = next_steps([(f"runner report 1{options}", "everything")]).text
    assert text.splitlines()[-1].strip() == ("everything" if options else text.splitlines()[1][2:])
