"""The queues: the Celery application that both sides share, and all that is said to the broker."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from celery import Celery
from celery.loaders.app import AppLoader
from kombu import Queue
from kombu.exceptions import KombuError, OperationalError
from kombu.transport import TRANSPORT_ALIASES
from redis import RedisError
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    ResponseError,
)

from runner.encryption import broker_tls, fix_for
from runner.errors import UnavailableError
from runner.needs import Offer, every_needs
from runner.states import Kind

# In the order in which workers look into them: what was begun does not wait for what was not.
# Jobs that not every worker takes have queues of their own, which only those listen to who do.
BEGUN_JOBS, NEW_JOBS = "begun", "jobs"
QUEUES = tuple(
    f"{queue}{needs.suffix}" for queue in (BEGUN_JOBS, NEW_JOBS) for needs in every_needs()
)
JOB_HEADER = "job"

# The largest number that a database stores.
MOST_JOB_ID = 2**63 - 1
# Of what a message says for people.
MOST_WORDS = 2000

# Long enough for a broker that restarts, short enough for a person who waits.
SEND_SECONDS = 20

# What Celery's connection and the Redis client raise; a host's name may be no valid one.
UNREACHABLE = (OperationalError, KombuError, RedisError, OSError, UnicodeError)

# Celery finds its transport by the name in the URL, in whichever process: a worker, Flower.
TRANSPORT_ALIASES.update(dict.fromkeys(("redis", "rediss"), "runner.queue.transport:Transport"))

# What a broker refuses with: a class, or a word of its answer; what to say and to do.
REFUSALS: tuple[tuple[type[Exception] | str, str, str], ...] = (
    (
        AuthenticationError,
        "rejects the password",
        "correct RUNNER_BROKER_URL or RUNNER_BROKER_PASSWORD_FILE",
    ),
    (
        NoPermissionError,
        "denies this user a permission",
        "grant the user of RUNNER_BROKER_URL all commands, keys and channels",
    ),
    (BusyLoadingError, "is still loading its data", "wait until it has finished"),
    (
        OutOfMemoryError,
        "is out of memory",
        "increase its `maxmemory`, or remove other data from it",
    ),
    (ReadOnlyError, "is a read-only replica", "name the primary in RUNNER_BROKER_URL"),
    ("MISCONF", "cannot write to its disk", "free some space there; see its log"),
    (
        "BUSY",
        "is busy running a script",
        "wait until the script ends, or stop it with `SCRIPT KILL`",
    ),
    (ResponseError, "rejects a command", "correct its configuration or RUNNER_BROKER_URL"),
)


@dataclass(frozen=True, slots=True)
class Message:
    """What a worker is told of a job: its id. The rest is for people who watch the queues."""

    job_id: int
    queue: str
    kind: str
    title: str
    details: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Envelope:
    """All that is read of a message on a queue."""

    job_id: int
    kind: str
    task_id: str
    title: str
    details: str


def open_entry(entry: bytes) -> Envelope | None:
    """Read a raw message; None if it names no job in the form in which `send` does."""
    try:
        headers = json.loads(entry)["headers"]
        job_id = headers[JOB_HEADER]
        if type(job_id) is not int or not 0 < job_id <= MOST_JOB_ID:
            return None
        return Envelope(
            job_id,
            kind=Kind(headers["task"]),
            task_id=str(UUID(headers["id"])),
            title=_words(headers.get("argsrepr")),
            details=_words(headers.get("kwargsrepr")),
        )
    except Exception:
        # Anybody can write anything there; whatever is wrong with it, it is no message of ours.
        return None


def _words(given: object) -> str:
    """Return what can be shown of it in one line."""
    text = given[:MOST_WORDS] if isinstance(given, str) else ""
    return "".join(sign if sign.isprintable() else "?" for sign in text)


class _Loader(AppLoader):
    """Import what is installed; Celery's own looks in the working directory first."""

    def import_from_cwd(
        self, module: str, imp: Callable[..., Any] | None = None, package: str | None = None
    ) -> Any:
        return (imp or self.import_module)(module, package=package)


def queues_of(offer: Offer) -> list[str]:
    """Return the queues that a worker with this offer listens to, in the order of `QUEUES`."""
    taken = {needs.suffix for needs in every_needs() if offer.meets(needs)}
    return [
        name for name in QUEUES if name.removeprefix(BEGUN_JOBS).removeprefix(NEW_JOBS) in taken
    ]


def make_app(broker_url: str, queues: Sequence[str] = QUEUES) -> Celery:
    """Return the Celery application for a broker.

    The store is the only truth, so there is no result backend; a message is acknowledged when it
    is taken, because the lease in the store, not the broker, is what notices a dead worker.
    """
    app = Celery("runner", broker=broker_url, loader=_Loader, set_as_current=False)
    app.conf.update(
        task_queues=[Queue(name, routing_key=name) for name in queues],
        task_default_queue=NEW_JOBS,
        task_ignore_result=True,
        task_acks_late=False,
        task_serializer="json",
        accept_content=["json"],
        event_serializer="json",
        task_send_sent_event=True,
        worker_send_task_events=True,
        broker_connection_retry_on_startup=True,
        # A worker waits for its broker, however long that is away and whatever it refuses.
        broker_connection_max_retries=None,
        broker_channel_error_retry=True,
        broker_pool_acquire_timeout=SEND_SECONDS,
        broker_transport_options=_transport_options(broker_url),
        broker_use_ssl=broker_tls(broker_url),
    )
    return app


def _transport_options(broker_url: str) -> dict[str, Any]:
    options: dict[str, Any] = {
        "socket_timeout": 10,
        "socket_connect_timeout": 5,
        "health_check_interval": 10,
        "max_retries": 2,
        "interval_start": 0.2,
        "interval_step": 0.5,
        "interval_max": 2,
        "queue_order_strategy": "priority",
    }
    if not broker_url.startswith("redis+socket:"):
        options["socket_keepalive"] = True
    return options


def send(app: Celery, messages: Iterable[Message]) -> list[int]:
    """Put messages on their queues and return the ids of their jobs.

    Raises UnavailableError if the broker cannot be reached; what was sent until then stays sent,
    and sending a job twice is harmless, because only one claim of it succeeds.
    """
    sent = []
    with (
        reaching(app),
        app.connection_for_write() as connection,
        app.amqp.Producer(connection) as producer,
    ):
        for message in messages:
            _publish(app, message, producer)
            sent.append(message.job_id)
    return sent


def _publish(app: Celery, message: Message, producer: Any) -> None:
    options: dict[str, Any] = {
        "queue": message.queue,
        "producer": producer,
        "headers": {JOB_HEADER: message.job_id},
        # For Flower, whose search reads the second as a dictionary.
        "argsrepr": message.title,
        "kwargsrepr": repr(message.details),
    }
    app.send_task(message.kind, args=[message.job_id], **options)


def queued_jobs(app: Celery) -> Counter[int]:
    """Return how many messages that name a job wait on the queues now, by its id."""
    with reaching(app), app.connection_for_read() as connection:
        channel: Any = connection.default_channel
        waiting = [open_entry(entry) for name in QUEUES for entry in channel.waiting(name)]
    return Counter(envelope.job_id for envelope in waiting if envelope is not None)


def queue_lengths(app: Celery, names: Iterable[str]) -> dict[str, int]:
    """Return how many messages wait on each of these queues, whatever they are."""
    with reaching(app), app.connection_for_read() as connection:
        channel: Any = connection.default_channel
        return {name: channel.length(name) for name in names}


def broker_facts(app: Celery) -> dict[str, Any]:
    """Return what the broker says of itself; raise UnavailableError if it does not answer."""
    with reaching(app), app.connection_for_read() as connection:
        channel: Any = connection.default_channel
        facts: dict[str, Any] = channel.client.info()
    return facts


@contextmanager
def reaching(app: Celery) -> Iterator[None]:
    """Raise UnavailableError for whatever goes wrong with the broker in the block."""
    try:
        yield
    except UNREACHABLE as error:
        raise _unavailable(app, error) from error


def _unavailable(app: Celery, error: Exception) -> UnavailableError:
    what, fix = _refusal(error)
    return UnavailableError(
        f"the broker {_without_password(app)} {what}: {error}",
        "a Redis server that is reachable and accepts commands",
        f"{fix}; unsent jobs are saved, and recovery (by any worker, or `runner recover`) sends "
        "them",
    )


def _refusal(error: BaseException | None) -> tuple[str, str]:
    """Return what the broker does, and what helps; Kombu hides the error behind others."""
    trouble = str(error)
    while error is not None:
        for sign, what, fix in REFUSALS:
            found = f"{sign} " in str(error) if isinstance(sign, str) else isinstance(error, sign)
            if found:
                return what, fix
        error = error.__cause__
    return "cannot be reached", fix_for(trouble) or "start it, or correct RUNNER_BROKER_URL"


def _without_password(app: Celery) -> str:
    connection = app.connection_for_write()
    # Kombu would write stars in the place of a password that there is not.
    shown = str(connection.as_uri(include_password=not connection.password))
    # Kombu writes the database that Redis takes by default, 0, as "/".
    return f"{shown[:-1]}0" if shown.endswith("//") else shown
