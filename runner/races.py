"""What the stored configuration of an experiment says of a race: `runner submit confirm`."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from cifar_model.networks.network import Network
from cifar_model.params import Params, ParamValues, point_digest
from cifar_model.spaces.racing import Design


@dataclass(frozen=True, slots=True)
class Candidate:
    """A trial of the first experiment, with its rank and score there.

    `size` is the number of bytes of its weights, `params` what is trained again.
    """

    trial: int
    rank: int
    score: float
    size: int
    epochs: int
    params: ParamValues


@dataclass(frozen=True, slots=True)
class Race:
    """The candidates, the best first, their further seeds, and the bounds of the intervals.

    `chosen_from` is how many trials of `experiment` were ranked by `metric`.
    """

    experiment: int
    metric: str
    minimizes: bool
    chosen_from: int
    candidates: Sequence[Candidate]
    seeds: Sequence[int]
    bounds: Sequence[float]
    budget: int | None
    predicts: bool

    @property
    def design(self) -> Design:
        """Return what decides how the race stands."""
        epochs = [candidate.epochs for candidate in self.candidates]
        return Design(epochs, len(self.seeds), self.bounds, self.budget)

    @property
    def sign(self) -> int:
        """Return what scores are multiplied by so that larger ones are better."""
        return -1 if self.minimizes else 1

    def cheapest(self, racing: Sequence[int]) -> int:
        """Return the candidate with the smallest model, then the fewest epochs, then the best rank.

        `racing` are places in `candidates`.
        """
        candidates = self.candidates
        return min(
            racing, key=lambda place: (candidates[place].size, candidates[place].epochs, place)
        )

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return asdict(self)


def race_in(configuration: Mapping[str, Any]) -> Race | None:
    """Return the race of an experiment; None if it is none."""
    stored = configuration.get("confirm")
    if stored is None:
        return None
    candidates = [Candidate(**candidate) for candidate in stored["candidates"]]
    return Race(**{**stored, "candidates": candidates})


def evaluation_key(experiment_id: int) -> str:
    """Return the submission key of the experiment that evaluates what a race has named."""
    return f"runner confirm {experiment_id}"


def job_of(race: Race, candidate: int, seed: int) -> dict[str, Any]:
    """Return the configuration of a candidate's job for one of the seeds of a race."""
    params = race.candidates[candidate].params
    return {"params": params, "seed": race.seeds[seed], "candidate": candidate}


def pointed(own: dict[str, Any], network: Network) -> tuple[dict[str, Any], str]:
    """Return the configuration of a job with the digest of its point."""
    return own, point_digest(Params.from_json(own["params"], network), own["seed"])
