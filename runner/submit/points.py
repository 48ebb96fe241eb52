"""The points that an experiment trains and the jobs of them, each made when it is asked for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from cifar_model.networks.network import Network
from cifar_model.params import Params, ParamValues, point_digest, settled


class Rows(Protocol):
    """Params as they were asked for: a list, or the points that were sampled from a grid."""

    def __len__(self) -> int:
        """Return how many there are."""

    def __getitem__(self, place: int, /) -> ParamValues:
        """Return one of them."""


@dataclass(frozen=True, slots=True)
class Trained:
    """The params that an experiment trains, of equal ones the first; 100,000 would fill the memory.

    `places` are those of the rows, `digests` those of the points with the first seed.
    """

    rows: Rows
    epochs: int | None
    network: Network
    places: Sequence[int]
    digests: Sequence[str]

    def __len__(self) -> int:
        """Return how many different params there are."""
        return len(self.places)

    def __getitem__(self, number: int, /) -> tuple[Params, dict[str, Any]]:
        """Return params that are checked and have all defaults, and what is stored of them."""
        return settled(self.rows[self.places[number]], self.epochs, self.network)

    def __iter__(self) -> Iterator[tuple[Params, dict[str, Any]]]:
        """Yield all params, each with what is stored of it."""
        return (self[number] for number in range(len(self)))


def trained_by(rows: Rows, epochs: int | None, network: Network, seed: int) -> Trained:
    """Return the params that are trained, with `epochs` in place of theirs if it is given.

    Raises InputError for the first that is not valid.
    """
    first: dict[str, int] = {}
    for place in range(len(rows)):
        params, _ = settled(rows[place], epochs, network)
        first.setdefault(point_digest(params, seed), place)
    return Trained(rows, epochs, network, list(first.values()), list(first))


@dataclass(frozen=True, slots=True)
class Variant:
    """A seed and a fold with which all params are trained, and what their jobs say of it."""

    seed: int
    fold: int | None
    own: Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Jobs(Mapping[str, dict[str, Any]]):
    """The configuration of a job for all params and variants, by the digest of its point.

    `numbers` has the place of each.
    """

    trained: Trained
    variants: Sequence[Variant]
    numbers: Mapping[str, int]

    def __len__(self) -> int:
        """Return how many jobs there are."""
        return len(self.numbers)

    def __iter__(self) -> Iterator[str]:
        """Yield the digests in the order of the jobs."""
        return iter(self.numbers)

    def __getitem__(self, point: str, /) -> dict[str, Any]:
        """Return the configuration of a job."""
        number, variant = divmod(self.numbers[point], len(self.variants))
        _, stored = self.trained[number]
        return {"params": stored, **self.variants[variant].own}


def jobs_of(trained: Trained, variants: Sequence[Variant]) -> Jobs:
    """Return the jobs of all params, each with every variant; the first has the first seed."""
    if [variant.fold for variant in variants] == [None]:
        points: Sequence[str] = trained.digests
    else:
        points = [
            point_digest(params, variant.seed, variant.fold)
            for params, _ in trained
            for variant in variants
        ]
    return Jobs(trained, variants, {point: number for number, point in enumerate(points)})
