"""The queues: the Celery application that both sides share, and sending a job's message."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from celery import Celery
from kombu import Queue
from kombu.exceptions import OperationalError
from redis import RedisError

from runner.encryption import broker_tls, fix_for
from runner.errors import UnavailableError

# In the order in which workers look into them: what was begun does not wait for what was not.
QUEUES = BEGUN_JOBS, NEW_JOBS = "begun", "jobs"
JOB_HEADER = "job"

# Long enough for a broker that restarts, short enough for a person who waits.
SEND_SECONDS = 20

# What Celery's connection and the Redis client raise.
UNREACHABLE = (OperationalError, RedisError, ConnectionError, TimeoutError)


@dataclass(frozen=True, slots=True)
class Message:
    """What a worker is told of a job: its id. The rest is for people who watch the queues."""

    job_id: int
    queue: str
    kind: str
    title: str
    details: dict[str, Any]


def make_app(broker_url: str) -> Celery:
    """Return the Celery application for a broker.

    The store is the only truth, so there is no result backend; a message is acknowledged when it
    is taken, because the lease in the store, not the broker, is what notices a dead worker.
    """
    app = Celery("runner", broker=broker_url, set_as_current=False)
    app.conf.update(
        task_queues=[Queue(name, routing_key=name) for name in QUEUES],
        task_default_queue=NEW_JOBS,
        task_ignore_result=True,
        task_acks_late=False,
        task_serializer="json",
        accept_content=["json"],
        event_serializer="json",
        task_send_sent_event=True,
        worker_send_task_events=True,
        broker_connection_retry_on_startup=True,
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
    try:
        with app.connection_for_write() as connection, app.amqp.Producer(connection) as producer:
            for message in messages:
                _publish(app, message, producer)
                sent.append(message.job_id)
    except UNREACHABLE as error:
        raise _unavailable(app, error) from error
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


def queued_jobs(app: Celery) -> set[int]:
    """Return the ids of the jobs whose message waits on a queue now."""
    with app.connection_for_read() as connection:
        # The Redis client, which only this transport has.
        client = getattr(connection.default_channel, "client")  # noqa: B009
        waiting = [_job_id(entry) for name in QUEUES for entry in client.lrange(name, 0, -1)]
    return {job_id for job_id in waiting if job_id is not None}


def broker_facts(app: Celery) -> dict[str, Any]:
    """Return what the broker says of itself; raise UnavailableError if it does not answer."""
    try:
        with app.connection_for_read() as connection:
            client = getattr(connection.default_channel, "client")  # noqa: B009
            facts: dict[str, Any] = client.info()
    except UNREACHABLE as error:
        raise _unavailable(app, error) from error
    return facts


def _job_id(entry: bytes) -> int | None:
    """Return the job that a raw message is about; None for one that is not ours."""
    try:
        return int(json.loads(entry)["headers"][JOB_HEADER])
    except (ValueError, KeyError, TypeError):
        return None


def _unavailable(app: Celery, error: Exception) -> UnavailableError:
    fix = fix_for(str(error)) or "start it, or correct RUNNER_BROKER_URL"
    return UnavailableError(
        f"the broker {_without_password(app)} cannot be reached: {error}",
        "a Redis server that answers",
        f"{fix}; jobs that were not sent are kept, and any "
        "worker's recovery (or `runner recover`) sends them",
    )


def _without_password(app: Celery) -> str:
    return str(app.connection_for_write().as_uri())
