"""What the state machine expects of a job, and a broker that it can tell to lose messages."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from runner.errors import UnavailableError
from runner.queue.app import Message
from runner.states import JobState
from runner.store.lifecycle.job_lifecycle import MOST_LOST


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

    def queued_jobs(self, _: object) -> set[int]:
        """Return the jobs whose message waits."""
        return set(self.waiting)

    def queue_lengths(self, _: object, names: Iterable[str]) -> dict[str, int]:
        """Return how many messages wait on each queue."""
        lengths = Counter(self._queues[job] for job in self.waiting)
        return {name: lengths[name] for name in names}
