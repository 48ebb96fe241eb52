"""Find out why bits differ: vary one thing at a time, then name the lines that use it."""

from pathlib import Path

from cifar_model.checking.plan import Life, Pins
from runner.check.compare import differences
from runner.check.processes import Series, Subject, live
from runner.check.report import Check, Line
from runner.check.suspects import Suspects

MORNING, EVENING = 1_000_000_000.5, 1_234_567_890.25


def _pinned(name: str, clock: float = MORNING, generators: int = 1) -> Life:
    return Life(name, pins=Pins(clock, pinned_clock=True, generators=generators))


# Each differs from the first in one thing.
PINNED, CLOCK, GENERATORS = "pinned", "clock", "generators"
RUNS = (
    Series(1, (_pinned(PINNED), _pinned(CLOCK, clock=EVENING), _pinned(GENERATORS, generators=2))),
)
MORE_HASH_SEEDS = (3, 4, 5)
SETS = {seed: f"sets_{seed}" for seed in (2, *MORE_HASH_SEEDS)}
SET_RUNS = tuple(Series(seed, (_pinned(name),)) for seed, name in SETS.items())


class Causes:
    """Explain what does not hold for one function."""

    def __init__(self, subject: Subject, directory: Path) -> None:
        self._subject = subject
        self._network = subject.network
        self._directory = directory
        self._suspects = Suspects(subject.network.code or "")

    def of_repeats(self, found: str) -> Check:
        """Return the check of a function whose bits differ from process to process."""
        matters = self._what_matters()
        causes, fixes, lines = [], [], list[Line]()
        if GENERATORS in matters:
            causes.append("random numbers that no seed decides, such as np.random without a seed")
            fixes.append(f"draw from np.random.default_rng({self._seed_words()})")
            lines += self._suspects.unseeded()
        if CLOCK in matters:
            causes.append("the time")
            fixes.append("do not compute with the time, and seed nothing with it")
            lines += self._suspects.clocks()
        if matters & {*SETS.values()}:
            causes.append("the order of an unordered set, which each process has in its own")
            fixes.append("sort a set before it is iterated: sorted(...)")
            lines += self._suspects.sets()
        if not causes:
            causes.append("something outside of the file, such as another file or threads")
            fixes.append("compute from params, the seed and the data alone")
        return Check("repeats", False, found, "; ".join(causes), "; ".join(fixes), lines)

    def _what_matters(self) -> set[str]:
        """Return what changes the bits if it alone is varied."""
        runs = (*RUNS, *SET_RUNS) if self._suspects.sets() else RUNS
        results = live(self._subject, runs, self._directory)
        outcomes = {name: found.outcomes[0] for name, found in results.items() if found.outcomes}
        pinned = outcomes.get(PINNED)
        if pinned is None:
            return set()
        return {name for name, other in outcomes.items() if differences(pinned, other)}

    def of_repeats_warm(self, found: str) -> Check:
        """Return the check of a function that an earlier trial of its process changes."""
        cause = "a variable or a generator of the file that outlives a trial, or a value that was"
        cause += " drawn while the network was built and is none of its weights"
        fix = "make generators inside of the function, and keep nothing in global variables"
        lines = self._suspects.kept()
        return Check("repeats_warm", holds=False, found=found, cause=cause, fix=fix, lines=lines)

    def of_resumes(self, found: str) -> Check:
        """Return the check of a function that does not resume to the same bits."""
        drawing = [*self._suspects.unseeded(), *self._suspects.seeded()]
        if self._network.trainer:
            cause = "a generator that is not checkpointed, or other state that is not in the"
            cause += " checkpoint, such as an optimizer's"
            fix = "seed a generator from (context.seed, epoch) in each epoch, or put its state"
            fix += " into the checkpoint; restore all that changes from epoch to epoch"
        else:
            cause = "a generator that is not checkpointed: randomness that no Keras SeedGenerator"
            cause += " holds, or state of a layer that is no variable"
            fix = "draw with keras.random and a keras.random.SeedGenerator of the layer, and keep"
            fix += " its state in variables (add_weight)"
        return Check("resumes", False, found, cause, fix, drawing)

    def of_seed(self, found: str) -> Check:
        """Return the check of a function that gives the same for every seed."""
        cause = "a global seed or one that is fixed in the file"
        fix = f"take every seed from {self._seed_words()}"
        if not self._network.trainer:
            fix = "leave the seeds of initializers and layers out, and set no global seed"
        return Check("seed", False, found, cause, fix, self._suspects.seeded())

    def starts_again(self) -> str:
        """Return a warning about a trainer that never asks for its checkpoint."""
        if self._network.trainer and not self._suspects.calls_method("resume"):
            return "; it never calls context.resume() and begins at epoch 1 each time"
        return ""

    def _seed_words(self) -> str:
        return "context.seed" if self._network.trainer else "a number"
