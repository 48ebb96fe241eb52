"""What the processes of a check do, and what they found: plain records, passed on as JSON."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

EPOCHS = 2
SEED, OTHER_SEED = 0, 1
RESULT = "result.json"
# The life that the others are compared with.
UNDISTURBED = "undisturbed"


@dataclass(frozen=True, slots=True)
class Pins:
    """What a process is given in place of the clock and of everything that draws by itself.

    The clock is `clock` seconds ahead, or if it is pinned begins at `clock` and ticks when it is
    read. Generators without a seed draw from `generators`, if that is a number.
    """

    clock: float = 0
    pinned_clock: bool = False
    generators: int | None = None


@dataclass(frozen=True, slots=True)
class Life:
    """One process: it trains with each of the seeds, one after another.

    What it leaves is in the directory of this name, where a later life can resume. `die` is where
    it kills itself: `middle_2` in the middle of epoch 2, `end_2` after that.
    """

    name: str
    seeds: tuple[int, ...] = (SEED,)
    die: str = ""
    pins: Pins = field(default_factory=Pins)


@dataclass(frozen=True, slots=True)
class Drawn:
    """The images that a check trains on: their pixels on each side, and whether they are gray."""

    size: int = 32
    grayscale: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """Train a function in one life after another; a failure ends the plan."""

    directory: str
    name: str
    code: str
    trainer: bool
    parameters: Mapping[str, Any]
    params: Mapping[str, Any]
    drawn: Drawn
    lives: tuple[Life, ...]

    def write(self) -> Path:
        """Write it into its directory and return the file."""
        path = Path(self.directory) / "plan.json"
        path.write_text(json.dumps(asdict(self)))
        return path

    @classmethod
    def read(cls, path: Path) -> "Plan":
        """Read what `write` wrote."""
        stored = json.loads(path.read_text())
        lives = [
            Life(life["name"], tuple(life["seeds"]), life["die"], Pins(**life["pins"]))
            for life in stored["lives"]
        ]
        return cls(**{**stored, "lives": tuple(lives), "drawn": Drawn(**stored["drawn"])})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one training: metrics by epoch, and the SHA-256 of everything that it left.

    `initial` is that of a network's first weights, None if they are the same for every seed by
    design, such as zeros.
    """

    seed: int
    epochs: list[dict[str, float]]
    left: dict[str, str]
    initial: str | None = None
    seconds: float = 0


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a process could not train; `traceback` has the person's own lines."""

    what: str
    traceback: str


@dataclass(frozen=True, slots=True)
class Result:
    """What one life found: an outcome for each seed, or a failure; nothing if it killed itself."""

    outcomes: list[Outcome]
    failure: Failure | None = None

    def write(self, directory: Path) -> None:
        """Write it for the process that reads it."""
        # It is never seen half written.
        written = directory / f"{RESULT}.new"
        written.write_text(json.dumps(asdict(self)))
        written.replace(directory / RESULT)

    @classmethod
    def read(cls, directory: Path) -> "Result | None":
        """Read what `write` wrote; None if nothing was."""
        if not (path := directory / RESULT).exists():
            return None
        stored = json.loads(path.read_text())
        failure = stored["failure"]
        return cls(
            [Outcome(**outcome) for outcome in stored["outcomes"]],
            Failure(**failure) if failure else None,
        )
