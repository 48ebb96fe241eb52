"""What the state machine expects of a job, and a broker that it can tell to lose messages."""

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

    def send(self, _: object, messages: Iterable[Message]) -> list[int]:
        """Take messages, or some and then no more."""
        sent = [message.job_id for message in messages]
        if self.accepts is not None:
            self.waiting += sent[: self.accepts]
            raise UnavailableError("the broker is away", "one that is there", "wait")
        self.waiting += sent
        return sent

    def queued_jobs(self, _: object) -> set[int]:
        """Return the jobs whose message waits."""
        return set(self.waiting)
