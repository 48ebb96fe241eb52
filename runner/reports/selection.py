"""How reliable the selection of the best trial is: noise, selection bias and its test score."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from cifar_model.objective import Measured, score
from runner.reports.evaluation import evaluations_of
from runner.reports.model import Note, as_text, with_interval
from runner.reports.records import Evaluation, Interval
from runner.reports.stats.selection_bias import LOWER_BOUND, Chance
from runner.reports.stats.uncertainty import accuracy_interval
from runner.store.engine import Connection

# The metrics that are shares of the validation images.
VALIDATION_SHARES = ("val_accuracy", "best_val_accuracy")


class Scored(Measured, Protocol):
    """A trial with the metrics that the best can be selected by."""

    @property
    def trial(self) -> int | None:
        """Return the number of the trial."""

    @property
    def predicts(self) -> bool:
        """Return whether it has a model that predicts."""


class Compared(Protocol):
    """A trial that was compared with the best."""

    @property
    def noise(self) -> bool | None:
        """Return whether it is not significantly worse than the best; None if not comparable."""


class Ranked(Scored, Compared, Protocol):
    """A trial of a ranking."""


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
    """The best trial, with the expected selection bias and its test score.

    `expected_max_gain` is how far the best of as many equally good trials is expected to be above
    their mean. Test images are not used for selection.
    """

    trial: int | None
    chosen_from: int
    expected_max_gain: float | None
    # Its earlier name, for programs that read it.
    luck: float | None
    counts_seeds: bool
    seed_spread: float | None
    seed_freedom: int | None
    test: TestScore | None
    # Whether it can be scored.
    predicts: bool


def noise(first: Scored, other: Scored, by: str, chance: Chance, images: int) -> bool | None:
    """Return whether a trial is not significantly worse than the first; None if not comparable."""
    best, other_share = _share(first, by, images), _share(other, by, images)
    if other is first or best is None or other_share is None:
        return None
    return chance.is_noise(best, other_share, images)


def winner(connection: Connection, first: Scored, by: str, chance: Chance, images: int) -> Winner:
    """Return the best trial with its selection bias and its test score."""
    share, measured = _share(first, by, images), chance.repeats
    gain = None if share is None else chance.expected_max_gain(share, images)
    counted = measured.freedom > 0
    return Winner(
        trial=first.trial,
        chosen_from=chance.trials,
        expected_max_gain=gain,
        luck=gain,
        counts_seeds=counted,
        seed_spread=measured.variance**0.5 if counted else None,
        seed_freedom=measured.freedom if counted else None,
        test=test_score(evaluations_of(connection, trial=first.trial)),
        predicts=first.predicts,
    )


def _share(trial: Scored, by: str, images: int) -> float | None:
    """Return the metric of a trial; None unless it is a share of the validation images."""
    return score(trial, by) if by in VALIDATION_SHARES and images else None


def test_score(evaluations: Sequence[Evaluation]) -> TestScore | None:
    """Return the newest score on the test split."""
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
    """Yield notes on how reliable it is that the first trial is the best."""
    others = [trial.noise for trial in trials if trial.noise is not None]
    if others:
        yield Note(
            f"noise: whether the trial is not significantly worse than the first (Tukey's range"
            f" test for {winner.chosen_from:,} trials, 95 %; {_counted(winner)})."
            f" Intervals are Wilson's 95 % intervals for {images:,} validation images."
            f" Not significantly worse than the first: {sum(others)} of the {len(others)} other"
            f" trials shown."
        )
    if winner.expected_max_gain:
        yield Note(
            f"Trial {winner.trial} is the best of {winner.chosen_from:,}, so its {by} is"
            f" biased upwards by selection: the best of as many equally good trials would be"
            f" about {winner.expected_max_gain:.3f} above their mean ({_counted(winner)})."
        )
    if winner.predicts:
        yield _test_note(winner)


def without_metric(count: int, metric: str, fix: str) -> str:
    """Return a sentence about trials that have no value of the metric that ranks."""
    trials = f"{count:,} trial{'s' * (count > 1)}"
    return f"{trials} did not report {metric} and {'are' if count > 1 else 'is'} not ranked: {fix}."


MOST_NAMED = 3


def answer(winner: Winner, trials: Sequence[Ranked], by: str, images: int) -> str:
    """Return in a few sentences which trial is the best, and how certain that is.

    `trials` are those shown, the best first.
    """
    found = score_text(trials[0], by, images)
    if winner.chosen_from == 1:
        said = [f"Trial {winner.trial}: {by} {found}."]
    else:
        said = [f"Trial {winner.trial} is the best of {winner.chosen_from:,}: {by} {found}."]
    said += [*_significance(trials), *_bias(winner)]
    if winner.test:
        test = with_interval(winner.test.accuracy, winner.test.accuracy_interval)
        said.append(f"On the test split, not used for selection: accuracy {test}.")
    return " ".join(said)


def score_text(trial: Scored, by: str, images: int) -> str:
    """Return the metric of a trial, with its interval if it is an accuracy."""
    share = _share(trial, by, images)
    if share is None:
        return as_text(score(trial, by))
    return f"{with_interval(share, accuracy_interval(share, images))}, 95 % interval"


def _significance(trials: Sequence[Ranked]) -> Iterator[str]:
    """Yield a sentence that says which of the trials shown may be as good as the first."""
    others = [trial for trial in trials if trial.noise is not None]
    close = [str(trial.trial) for trial in others if trial.noise]
    better = len(others) - len(close)
    if not others:
        return
    named = f"trial{'s' * (len(close) > 1)} {' and '.join(close)}"
    if len(close) > MOST_NAMED:
        named = f"{len(close)} of them"
    if not close:
        yield f"It is significantly better than the other {better} shown."
    elif better:
        yield (
            f"It is significantly better than {better} of the other {len(others)} shown; {named}"
            " may be as good."
        )
    else:
        yield "It is not significantly better than any other trial shown."


def _bias(winner: Winner) -> Iterator[str]:
    if winner.expected_max_gain:
        least = "" if winner.counts_seeds else "at least "
        yield (
            f"Being chosen as the best biases it upwards: by {least}"
            f"{winner.expected_max_gain:.2f} if all were equally good."
        )


def _counted(winner: Winner) -> str:
    """Return which sources of noise are included; the effect of seeds is known from repeats."""
    if not winner.counts_seeds:
        return LOWER_BOUND
    return (
        f"this includes the noise of images and of seeds: the standard deviation between repeats of"
        f" the same params is {winner.seed_spread:.3f}, with {winner.seed_freedom} degrees of"
        f" freedom"
    )


def _test_note(winner: Winner) -> Note:
    test = winner.test
    if test is None:
        return Note(
            f"Trial {winner.trial} has not been evaluated on the test split yet: run"
            f" `runner submit evaluate --trial {winner.trial}`"
        )
    return Note(
        f"Trial {winner.trial} on the test split, which was not used for selection: accuracy"
        f" {with_interval(test.accuracy, test.accuracy_interval)} on {test.images:,} images."
    )
