"""How far to believe that the best trial is the best: noise, luck and its test score."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from runner.reports.evaluation import evaluations_of
from runner.reports.model import Note
from runner.reports.records import Evaluation, Interval
from runner.reports.stats.selection_bias import LOWER_BOUND, Chance
from runner.store.engine import Connection

# What is measured on the validation split, as a share of its images.
SHARES = ("val_accuracy", "best_val_accuracy")


class Scored(Protocol):
    """A trial with what it may be chosen by."""

    @property
    def trial(self) -> int | None:
        """Return its number."""

    @property
    def val_accuracy(self) -> float | None:
        """Return the validation accuracy of its last epoch."""

    @property
    def best_val_accuracy(self) -> float | None:
        """Return the validation accuracy of its best epoch."""


class Compared(Protocol):
    """A trial that was compared with the best."""

    @property
    def noise(self) -> bool | None:
        """Tell whether chance could put it behind the best; None if it cannot be said."""


@dataclass(frozen=True, slots=True)
class TestScore:
    """The newest score on the test split."""

    evaluation: int
    images: int
    accuracy: float
    accuracy_interval: Interval
    log_loss: float


@dataclass(frozen=True, slots=True)
class Winner:
    """The best of so many trials: its luck, what is known of seeds, and its test score.

    Its luck is that of the best of as many equal ones; test images are not used for selection.
    """

    trial: int | None
    chosen_from: int
    luck: float | None
    counts_seeds: bool
    seed_spread: float | None
    seed_freedom: int | None
    test: TestScore | None


def noise(first: Scored, other: Scored, by: str, chance: Chance, images: int) -> bool | None:
    """Tell whether chance could put a trial behind the first; None if it cannot be said."""
    best, score = _share(first, by), _share(other, by)
    if other is first or best is None or score is None:
        return None
    return chance.is_noise(best, score, images)


def winner(connection: Connection, first: Scored, by: str, chance: Chance, images: int) -> Winner:
    """Return what is to be said of the best of so many trials."""
    score, measured = _share(first, by), chance.repeats
    counted = measured.freedom > 0
    return Winner(
        trial=first.trial,
        chosen_from=chance.trials,
        luck=None if score is None else chance.luck(score, images),
        counts_seeds=counted,
        seed_spread=measured.variance**0.5 if counted else None,
        seed_freedom=measured.freedom if counted else None,
        test=_test_score(evaluations_of(connection, trial=first.trial)),
    )


def _share(trial: Scored, by: str) -> float | None:
    """Return what a trial is chosen by; None unless it is a share of the validation images."""
    share: float | None = getattr(trial, by) if by in SHARES else None
    return share


def _test_score(evaluations: Sequence[Evaluation]) -> TestScore | None:
    tests = [evaluation for evaluation in evaluations if evaluation.split == "test"]
    if not tests:
        return None
    newest = tests[-1]
    return TestScore(
        newest.evaluation,
        newest.images,
        newest.accuracy,
        newest.accuracy_interval,
        newest.log_loss,
    )


def winner_notes(
    winner: Winner, trials: Sequence[Compared], by: str, images: int
) -> Iterator[Note]:
    """Say how far to believe that the first trial is the best."""
    others = [trial.noise for trial in trials if trial.noise is not None]
    if others:
        yield Note(
            f"noise: behind the first by no more than chance would put it among"
            f" {winner.chosen_from:,} equal trials (Tukey's test, 95 %; {_counted(winner)})."
            f" Intervals are Wilson's, 95 %, of {images:,} validation images."
            f" {sum(others)} of the {len(others)} others shown cannot be told from the first."
        )
    if winner.luck:
        yield Note(
            f"Trial {winner.trial} is the best of {winner.chosen_from:,}, so its {by} is"
            f" biased upwards by selection: the best of as many equal trials would be"
            f" about {winner.luck:.3f} above their mean ({_counted(winner)})."
        )
    yield _test_note(winner)


def _counted(winner: Winner) -> str:
    """Say which noise was counted: what seeds do is known from repeats only."""
    if not winner.counts_seeds:
        return LOWER_BOUND
    return (
        f"it counts images and seeds: repeats of the same params spread by"
        f" {winner.seed_spread:.3f}, with {winner.seed_freedom} degrees of freedom"
    )


def _test_note(winner: Winner) -> Note:
    test = winner.test
    if test is None:
        return Note(
            f"Trial {winner.trial} is not evaluated on the test split yet:"
            f" runner submit evaluate --trial {winner.trial}"
        )
    low, high = test.accuracy_interval
    return Note(
        f"Trial {winner.trial} on the test split, which was not used for selection: accuracy"
        f" {test.accuracy:.4f} ({low:.4f} to {high:.4f}) of {test.images:,} images."
    )
