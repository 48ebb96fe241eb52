"""What the state machine expects of a job, and a broker that it can tell to lose messages."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from hypothesis.stateful import RuleBasedStateMachine, multiple

from runner.errors import UnavailableError
from runner.queue.app import Message
from runner.states import JobState
from runner.store.engine import Store
from runner.store.lifecycle import control, job_lifecycle
from runner.store.lifecycle.attempts import Claim
from runner.store.lifecycle.job_lifecycle import MOST_LOST
from tests.runner.store.making import job_ids, make_experiment
from tests.runner.store.tables import every_row, messages_left


@dataclass(slots=True)
class Known:
    """What must be true of a job, worked out here and not by the store."""

    experiment: int
    state: JobState = JobState.PENDING
    attempts: int = 0
    lost: int = 0
    cancel: bool = False
    beats: int = 0
    epochs: int = 0

    def end(self, state: JobState) -> JobState:
        """Move on after an attempt; one that should be cancelled is not tried again."""
        self.state = JobState.CANCELLED if self.cancel and state == JobState.PENDING else state
        return self.state

    def lose(self) -> JobState:
        """Lose its attempt; the third time in a row the job has failed."""
        self.lost += 1
        return self.end(JobState.PENDING if self.lost < MOST_LOST else JobState.FAILED)


class Network:
    """Messages on their way: it stands for a broker that may lose, repeat and refuse any."""

    def __init__(self) -> None:
        self.waiting: list[int] = []
        self.accepts: int | None = None
        self._queues: dict[int, str] = {}

    def send(self, _: object, messages: Iterable[Message]) -> list[int]:
        """Take messages, or some and then no more."""
        sent: list[int] = []
        for message in messages:
            if self.accepts is not None and len(sent) == self.accepts:
                raise UnavailableError("the broker is away", "one that is there", "wait")
            sent.append(message.job_id)
            self.waiting.append(message.job_id)
            self._queues[message.job_id] = message.queue
        return sent

    def queued_jobs(self, _: object) -> Counter[int]:
        """Return the jobs whose messages wait."""
        return Counter(self.waiting)

    def queue_lengths(self, _: object, names: Iterable[str]) -> dict[str, int]:
        """Return how many messages wait on each queue."""
        lengths = Counter(self._queues[job] for job in self.waiting)
        return {name: lengths[name] for name in names}


class Model(RuleBasedStateMachine):
    """The jobs of a store beside what must be true of them."""

    store: ClassVar[Store]
    network: ClassVar[Network]

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[int, Known] = {}
        self.paused: set[int] = set()

    def accept(self, count: int) -> list[int]:
        """Create an experiment."""
        experiment = make_experiment(self.store, count)
        made = job_ids(self.store, experiment)
        self.known |= {job: Known(experiment) for job in made}
        return made

    def take(self, message: int, worker: str) -> Any:
        """Claim the job of a message; exactly if it waits for a worker, it is ours."""
        job = self.meant(message)
        claimed = job_lifecycle.claim(self.store, message, worker)
        assert (claimed is not None) == self.is_free(self.known[job])
        return multiple() if claimed is None else self.taken(job, claimed)

    def meant(self, message: int) -> int:
        """Return the job that a message is for."""
        waiting = {job for job, known in self.known.items() if known.state == JobState.PENDING}
        left = [job for job, of in messages_left(self.store) if of == message and job in waiting]
        return message if message in waiting else min(left, default=message)

    def is_free(self, known: Known) -> bool:
        """Tell whether a job waits for a worker."""
        return known.state == JobState.PENDING and known.experiment not in self.paused

    def taken(self, job: int, claimed: Claim) -> Claim:
        """Note that a job was claimed."""
        known = self.known[job]
        assert claimed.job_id == job
        known.state, known.attempts, known.beats = JobState.RUNNING, known.attempts + 1, 0
        assert claimed.attempt == known.attempts
        return claimed

    def is_open(self, claim: Claim) -> bool:
        """Tell whether the attempt is under way; one that is not may still believe so."""
        known = self.known[claim.job_id]
        return known.state == JobState.RUNNING and known.attempts == claim.attempt

    def target(self, job: int, whole: bool) -> control.Target:
        """Return what a person names."""
        if whole:
            return control.Target(experiment=self.known[job].experiment)
        return control.Target(job=job)

    def family(self, job: int, whole: bool) -> list[Known]:
        """Return the jobs that a person means."""
        one = self.known[job]
        every = [known for known in self.known.values() if known.experiment == one.experiment]
        return every if whole else [one]

    def everything(self, claim: Claim) -> list[Any] | None:
        """Return every row, to see that a late writer changes none; None if it is not late."""
        return None if self.is_open(claim) else every_row(self.store)
