"""How far to believe that the best trial is the best: noise, luck and its test score."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from runner.reports.evaluation import evaluation_rows
from runner.reports.model import Note
from runner.reports.stats.selection_bias import LOWER_BOUND, Chance
from runner.store.engine import Connection

Row = Mapping[str, Any]

# What is measured on the validation split, as a share of its images.
SHARES = ("val_accuracy", "best_val_accuracy")

TEST = ("evaluation", "images", "accuracy", "accuracy_interval", "log_loss")


def noise(first: Row, other: Row, by: str, chance: Chance, images: int) -> bool | None:
    """Tell whether chance could put a trial behind the first; None if it cannot be said."""
    if other is first or by not in SHARES or other[by] is None:
        return None
    return chance.is_noise(first[by], other[by], images)


def winner(
    connection: Connection, first: Row, by: str, chance: Chance, images: int
) -> dict[str, Any]:
    """Return what is to be said of the best of so many trials.

    Its luck is that of the best of as many equal ones; test images are not used for selection.
    """
    evaluations = evaluation_rows(connection, trial=first["trial"])
    tests = [row for row in evaluations if row["split"] == "test"]
    measured = chance.repeats if chance.repeats.freedom else None
    return {
        "trial": first["trial"],
        "chosen_from": chance.trials,
        "luck": chance.luck(first[by], images) if by in SHARES else None,
        "counts_seeds": measured is not None,
        "seed_spread": measured.variance**0.5 if measured else None,
        "seed_freedom": measured.freedom if measured else None,
        "test": {name: tests[-1][name] for name in TEST} if tests else None,
    }


def winner_notes(found: Row, trials: Sequence[Row], by: str, images: int) -> Iterator[Note]:
    """Say how far to believe that the first trial is the best."""
    others = [trial for trial in trials if trial["noise"] is not None]
    if others:
        tied = sum(trial["noise"] for trial in others)
        yield Note(
            f"noise: behind the first by no more than chance would put it among"
            f" {found['chosen_from']:,} equal trials (Tukey's test, 95 %; {_counted(found)})."
            f" Intervals are Wilson's, 95 %, of {images:,} validation images."
            f" {tied} of the {len(others)} others shown cannot be told from the first."
        )
    if found["luck"]:
        yield Note(
            f"Trial {found['trial']} is the best of {found['chosen_from']:,}, so its {by} is"
            f" biased upwards by selection: the best of as many equal trials would be"
            f" about {found['luck']:.3f} above their mean ({_counted(found)})."
        )
    yield _test_score(found)


def _counted(found: Row) -> str:
    """Say which noise was counted: what seeds do is known from repeats only."""
    if not found["counts_seeds"]:
        return LOWER_BOUND
    return (
        f"it counts images and seeds: repeats of the same params spread by"
        f" {found['seed_spread']:.3f}, with {found['seed_freedom']} degrees of freedom"
    )


def _test_score(found: Row) -> Note:
    test = found["test"]
    if test is None:
        return Note(
            f"Trial {found['trial']} is not evaluated on the test split yet:"
            f" runner submit evaluate --trial {found['trial']}"
        )
    low, high = test["accuracy_interval"]
    return Note(
        f"Trial {found['trial']} on the test split, which was not used for selection: accuracy"
        f" {test['accuracy']:.4f} ({low:.4f} to {high:.4f}) of {test['images']:,} images."
    )
