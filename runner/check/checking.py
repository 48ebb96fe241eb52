"""Certify a network or a trainer: train it, kill it, resume it, and compare the bits."""

import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cifar_model.checking.plan import (
    EPOCHS,
    OTHER_SEED,
    SEED,
    UNDISTURBED,
    Drawn,
    Failure,
    Life,
    Outcome,
    Pins,
    Result,
)
from cifar_model.networks.network import Network
from cifar_model.params import Params, rules_of
from runner.check.causes import MORE_HASH_SEEDS, Causes
from runner.check.compare import differences, in_words
from runner.check.processes import Series, Subject, live
from runner.check.report import Check, Report
from runner.check.suspects import Suspects

KILLED, AGAIN = "killed", "again"
# The second process is this far ahead: other in the year and in the second.
CLOCK_SECONDS = 34_567_890.123

UNKNOWN = "cannot be told while the same seed gives other bits in each process"
PLACES = ("end_1", "middle_2", "end_2")
RUNS = (
    Series(1, (Life(UNDISTURBED), *(Life(KILLED, die=place) for place in PLACES), Life(KILLED))),
    Series(2, (Life(AGAIN, (SEED, OTHER_SEED, SEED), pins=Pins(clock=CLOCK_SECONDS)),)),
)
# Two processes have the same order of a small set by chance: only where there are sets.
MORE_RUNS = tuple(Series(seed, (Life(f"{AGAIN}_{seed}"),)) for seed in MORE_HASH_SEEDS)


def check(network: Network, params: Mapping[str, Any], drawn: Drawn) -> Report:
    """Train on a few drawn images in several processes, and report what holds."""
    started = time.monotonic()
    if network.trainer:
        short = {"epochs": EPOCHS} if "epochs" in rules_of(network) else {}
        params = Params.from_json({**short, **params}, network).to_json()
    else:
        channels = 1 if drawn.grayscale else 3
        Params.from_json(params, network).check_shape((drawn.size, drawn.size, channels))
    subject = Subject(network, params, drawn)
    with tempfile.TemporaryDirectory(prefix="runner-check-") as directory:
        runs = (*RUNS, *MORE_RUNS) if Suspects(network.code or "").sets() else RUNS
        results = live(subject, runs, Path(directory))
        checks = _Examination(subject, Path(directory), results).checks()
    kind = "trainer" if network.trainer else "network"
    return Report(network.name, kind, round(time.monotonic() - started, 1), checks)


class _Examination:
    """What the processes of one check found, and what that means."""

    def __init__(self, subject: Subject, directory: Path, results: Mapping[str, Result]) -> None:
        self.results = results
        self.causes = Causes(subject, directory)

    def checks(self) -> list[Check]:
        """Return every check in turn; one that cannot train has no others."""
        first = self._trains()
        if not first.holds:
            return [first]
        undisturbed = self.results[UNDISTURBED].outcomes[0]
        again = self.results.get(AGAIN, Result([], Failure("the process left nothing", "")))
        if again.failure:
            return [first, _failed("repeats", "the second time", again.failure)]
        repeated, other, warm = again.outcomes
        repeats = self._repeats(undisturbed, repeated)
        return [
            first,
            repeats,
            self._repeats_warm(repeated, warm, repeats),
            self._resumes(undisturbed, repeats),
            self._seed(repeated, other),
        ]

    def _trains(self) -> Check:
        result = self.results.get(UNDISTURBED)
        failure = result.failure if result else Failure("the process left nothing", "")
        if result is None or failure:
            return _failed("trains", "it cannot be trained", failure)
        outcome = result.outcomes[0]
        metrics = ", ".join(f"{name} {value:.4f}" for name, value in outcome.epochs[-1].items())
        return Check("trains", holds=True, found=f"{len(outcome.epochs)} epochs: {metrics}")

    def _repeats(self, one: Outcome, other: Outcome) -> Check:
        names = [run.lives[0].name for run in MORE_RUNS]
        more = [self.results[name].outcomes for name in names if name in self.results]
        others = [other, *(outcomes[0] for outcomes in more if outcomes)]
        found = next(filter(None, (differences(one, each) for each in others)), None)
        if not found:
            return Check("repeats", holds=True, found="the same bits in another process")
        return self.causes.of_repeats(f"the same seed gave others: {in_words(found)}")

    def _repeats_warm(self, one: Outcome, other: Outcome, repeats: Check) -> Check:
        where = "after another trial in the same process"
        if not repeats.holds:
            return Check("repeats_warm", holds=None, found=UNKNOWN)
        if not (found := differences(one, other)):
            return Check("repeats_warm", holds=True, found=f"the same bits {where}")
        return self.causes.of_repeats_warm(f"the same seed gave others {where}: {in_words(found)}")

    def _resumes(self, undisturbed: Outcome, repeats: Check) -> Check:
        result = self.results.get(KILLED)
        if result is None:
            failure = Failure("the process left nothing", "")
            return _failed("resumes", "it did not resume", failure)
        if result.failure:
            return _failed("resumes", "it did not resume after kill -9", result.failure)
        found = differences(undisturbed, result.outcomes[0])
        if not repeats.holds:
            return Check("resumes", holds=None, found=UNKNOWN)
        if found:
            return self.causes.of_resumes(f"after kill -9 others: {in_words(found)}")
        words = f"the same bits after {len(PLACES)} times kill -9"
        return Check("resumes", holds=True, found=words + self.causes.starts_again())

    def _seed(self, one: Outcome, other: Outcome) -> Check:
        same_start = one.initial is not None and one.initial == other.initial
        if differences(one, other) and not same_start:
            return Check("seed", holds=True, found="another seed gives other bits")
        what = "the same first weights" if same_start else "the same bits"
        return self.causes.of_seed(f"the seeds {one.seed} and {other.seed} give {what}")


def _failed(check: str, words: str, failure: Failure | None) -> Check:
    known = failure or Failure("no reason is known", "")
    return Check(
        check,
        holds=False,
        found=f"{words}: {known.what}",
        fix="correct the function; its own lines are in the traceback",
        traceback=known.traceback or None,
    )
