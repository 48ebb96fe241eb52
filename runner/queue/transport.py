"""Celery's transport for Redis, made so that nothing that stands there can end a worker.

Redis holds one list for each queue, and nothing else that a worker depends on: no table of
bindings, and no copy of a message that is being worked on, because the store notices what is lost.
What is on a list is read by `open_entry`, and Celery gets a message that was made from the little
that it says.
"""

import base64
import json
import logging
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Empty
from typing import Any, TypeVar

from kombu.transport import redis as kombu_redis
from kombu.utils.encoding import bytes_to_str
from redis.exceptions import RedisError, ResponseError

from runner.queue.app import JOB_HEADER, QUEUES, Envelope, open_entry

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")

SHOWN_BYTES = 60
# What the connection itself raises; anything else was raised by what came over it.
CONNECTION_ERRORS = (RedisError, OSError)
# After a broker has refused to hand out messages: its memory or disk is full, a script runs.
REFUSED_SECONDS = 1.0


class Channel(kombu_redis.Channel):
    """Hand on the jobs that messages name, and remove whatever names none."""

    ack_emulation = False
    priority_steps = [0]  # noqa: RUF012 (the base class has a list too)

    _refusal = ""
    _kept_client: Any = None

    # Of the base class, whose types do not name them.
    connection_errors: tuple[type[Exception], ...]
    _fanout_queues: dict[str, tuple[str, str]]
    _create_client: Callable[[], Any]
    _flush_brpop_reauth: Callable[[], None]
    _queue_cycle: Any

    @contextmanager
    def conn_or_acquire(self, client: Any = None) -> Iterator[Any]:
        """Give a client; to make one takes about as long as to send a message."""
        if client is None:
            if self._kept_client is None or self._kept_client.connection_pool is not self.pool:
                self._kept_client = self._create_client()
            client = self._kept_client
        yield client

    def waiting(self, queue: str) -> list[bytes]:
        """Return the raw messages on a queue."""
        entries: list[bytes] = self._repairing(lambda: self.client.lrange(queue, 0, -1))
        return entries

    def length(self, queue: str) -> int:
        """Return the number of raw messages on a queue."""
        length: int = self._repairing(lambda: self.client.llen(queue))
        return length

    def _brpop_read(self, **options: Any) -> bool:
        connection = self.client.connection
        try:
            reply = self.client.parse_response(connection, "BRPOP", **options)
        except ResponseError as error:
            self._refused(error)
            raise Empty from error
        except self.connection_errors:
            connection.disconnect()
            raise
        finally:
            self._in_poll = None
            self._flush_brpop_reauth()
        self._refusal = ""
        if not reply:
            raise Empty
        queue, entry = bytes_to_str(reply[0]), reply[1]
        self._queue_cycle.rotate(queue)
        if queue in QUEUES:
            self._hand_on(queue, entry)
        else:
            self._guarded(queue, entry, lambda: self._deliver_other(queue, entry))
        return True

    def _hand_on(self, queue: str, entry: bytes) -> None:
        envelope = open_entry(entry)
        if envelope is None:
            logger.error("removed a message on %s that has no job id: %s", queue, _shown(entry))
            return
        message = _message(queue, envelope)
        self._guarded(queue, entry, lambda: self.connection._deliver(message, queue))  # noqa: SLF001

    def _deliver_other(self, queue: str, entry: bytes) -> None:
        self.connection._deliver(json.loads(entry), queue)  # noqa: SLF001

    def _receive_one(self, c: Any) -> bool | None:
        """Receive an event or a command to all workers; what cannot be read is removed."""
        base: Any = super()
        try:
            received: bool | None = base._receive_one(c)  # noqa: SLF001
        except (Empty, *CONNECTION_ERRORS):
            raise
        except Exception as error:
            logger.warning("dropped a broadcast message that cannot be decoded: %.200r", error)
            raise Empty from error
        return received

    def _guarded(self, queue: str, entry: bytes, deliver: Callable[[], object]) -> None:
        try:
            deliver()
        except CONNECTION_ERRORS:
            raise
        except Exception:
            logger.exception(
                "removed a message on %s that cannot be processed: %s", queue, _shown(entry)
            )

    def _refused(self, error: ResponseError) -> None:
        """Repair what can be; else wait a moment, and say once why nothing comes."""
        if _is_wrong_type(error):
            self._remove_wrong_types()
            return
        if self._refusal != str(error):
            self._refusal = str(error)
            logger.error("cannot receive messages from the broker, retrying: %s", error)
        time.sleep(REFUSED_SECONDS)

    def _repairing(self, call: Callable[[], Answer]) -> Answer:
        try:
            return call()
        except ResponseError as error:
            if not _is_wrong_type(error):
                raise
            self._remove_wrong_types()
            return call()

    def _remove_wrong_types(self) -> None:
        with self.conn_or_acquire() as client:
            for queue in QUEUES:
                found = bytes_to_str(client.type(queue))
                if found not in ("list", "none"):
                    client.delete(queue)
                    logger.error("removed a Redis %s at the key of the queue %s", found, queue)

    def _put(self, queue: str, message: Any, **kwargs: Any) -> None:
        put = super()._put
        self._repairing(lambda: put(queue, message, **kwargs))

    def _size(self, queue: str) -> int:
        size = super()._size
        return self._repairing(lambda: size(queue))

    # A queue is found by its name. Kombu would keep tables of this in Redis, where a damaged one
    # keeps every worker from starting.

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:  # noqa: ARG002
        if self.typeof(exchange).type == "fanout":
            self._fanout_queues[queue] = (exchange, routing_key.replace("#", "*"))

    def _lookup(self, exchange: str, routing_key: str, default: str | None = None) -> list[str]:  # noqa: ARG002
        # The second is where answers to a command go: Celery names such a queue so.
        return [routing_key if routing_key in QUEUES else f"{routing_key}.{exchange}"]

    def _delete(self, queue: str, *args: Any, client: Any = None, **kwargs: Any) -> None:  # noqa: ARG002
        self.auto_delete_queues.discard(queue)
        with self.conn_or_acquire(client) as connection:
            connection.delete(queue)

    def maybe_refresh_binding_expiry(self) -> None:
        """Do nothing: there is no table that could expire."""


class Transport(kombu_redis.Transport):
    """Use this channel."""

    Channel = Channel


def _message(queue: str, envelope: Envelope) -> dict[str, Any]:
    """Return a message in the form of Celery's protocol that says nothing but the job."""
    embedded = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}
    body = json.dumps([[envelope.job_id], {}, embedded]).encode()
    return {
        "body": base64.b64encode(body).decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {
            "lang": "py",
            "task": envelope.kind,
            "id": envelope.task_id,
            "root_id": envelope.task_id,
            "argsrepr": envelope.title,
            "kwargsrepr": envelope.details,
            JOB_HEADER: envelope.job_id,
        },
        "properties": {
            "body_encoding": "base64",
            "correlation_id": envelope.task_id,
            "delivery_tag": str(uuid.uuid4()),
            "delivery_info": {"exchange": "", "routing_key": queue},
        },
    }


def _shown(entry: bytes) -> str:
    return f"{entry[:SHOWN_BYTES]!r} ({len(entry):,} bytes)"


def _is_wrong_type(error: ResponseError) -> bool:
    return "WRONGTYPE " in str(error)
