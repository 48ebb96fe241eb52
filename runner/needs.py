"""What a job needs of the worker that does it, and what a worker offers."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import product
from typing import Any

from cifar_model.backends.names import BACKENDS
from cifar_model.data import Description
from cifar_model.errors import InputError
from runner.settings import ALLOW_CODE, BACKEND, Settings
from runner.specs import is_trainer, network_name


@dataclass(frozen=True, slots=True)
class Needs:
    """What not every worker has: `code` is the permission to run code that came with a job.

    `backend` is that of Keras.
    """

    code: bool = False
    backend: str = BACKENDS[0]

    def __str__(self) -> str:
        if self == Needs():
            return "any worker"
        backend = "" if self.backend == BACKENDS[0] else f" on {self.backend}"
        return f"a worker{backend}{' that allows code' if self.code else ''}"

    @property
    def suffix(self) -> str:
        """Return the end of the names of the queues for such jobs."""
        backend = "" if self.backend == BACKENDS[0] else f".{self.backend}"
        return f"{backend}.code" if self.code else backend

    @property
    def fix(self) -> str:
        """Return how a worker comes to meet them."""
        variables = [f"{BACKEND}={self.backend}"] if self.backend != BACKENDS[0] else []
        return " ".join([*variables, *([f"{ALLOW_CODE}=1"] if self.code else [])])


@dataclass(frozen=True, slots=True)
class Offer:
    """Which jobs a worker takes: those of its backend; without one those of all."""

    code: bool
    backend: str | None = BACKENDS[0]

    @classmethod
    def of(cls, settings: Settings) -> "Offer":
        """Return what the workers with these settings offer."""
        return cls(settings.allow_code, settings.backend)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any] | None) -> "Offer":
        """Return what a listed worker offers; those of earlier versions know no code."""
        known = stored or {}
        return cls(bool(known.get("code")), known.get("backend", BACKENDS[0]))

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return asdict(self)

    def meets(self, needs: Needs) -> bool:
        """Tell whether a worker with this offer takes jobs with these needs."""
        return (self.code or not needs.code) and self.backend in (None, needs.backend)

    def check(self, needs: Needs, job_id: int) -> None:
        """Raise InputError if a worker with this offer does not take a job."""
        if not self.meets(needs):
            raise InputError(f"job {job_id} is left to others", str(needs), needs.fix)


EVERYTHING = Offer(code=True, backend=None)


def every_needs() -> Iterator[Needs]:
    """Yield all needs that a job may have, those that few workers meet first."""
    for code, backend in product((True, False), reversed(BACKENDS)):
        yield Needs(code, backend)


def needs_of(configuration: Mapping[str, Any]) -> Needs:
    """Return the needs of a job, from its configuration or its experiment's."""
    code = bool((configuration.get("network") or {}).get("code"))
    return Needs(code, configuration.get("backend") or BACKENDS[0])


def check_allowed(settings: Settings, function: Mapping[str, Any] | None) -> None:
    """Raise InputError if a stored function is a user's and this machine does not run such code."""
    if function is not None and function["code"] and not settings.allow_code:
        raise InputError(
            f"{function['name']} is code that came with the results, and is not run on this "
            "machine",
            f"{ALLOW_CODE}=1, or embedded mode",
            f"read the code, then set {ALLOW_CODE}=1 if you trust it",
        )


def predicts(network: Mapping[str, Any] | None, predictor: Mapping[str, Any] | None) -> bool:
    """Return whether a trial has a model that predicts: a trainer may have returned none."""
    return not is_trainer(network) or bool((predictor or {}).get("form"))


def can_be_evaluated(
    dataset: Description | None,
    network: Mapping[str, Any] | None,
    predictor: Mapping[str, Any] | None,
) -> bool:
    """Return whether a trial can be evaluated: it has a data set, and a model that predicts."""
    return bool(dataset) and predicts(network, predictor)


def require_network(trial: int, network: Mapping[str, Any] | None, what: str) -> None:
    """Raise InputError for the trial of a trainer, which has no network."""
    if is_trainer(network):
        raise InputError(
            f"trial {trial} was trained by a trainer, {network_name(network)}",
            f"a trial with a network: those of trainers are not {what}",
            "choose a trial with a network; docs/trainers.md says what a trainer's can do",
        )
