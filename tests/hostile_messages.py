"""What stands on a queue and is no message of ours, by what is wrong with it."""

import base64
import json
import uuid
import zlib
from typing import Any

DEEP = 100_000
HUGE_BYTES = 10_000_000


def message(**fields: Any) -> dict[str, Any]:
    """Return a message for job 1 as Celery sends it, but for these fields."""
    return {
        "body": base64.b64encode(b"[[1], {}, {}]").decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": headers(),
        "properties": properties(),
        **fields,
    }


def headers(**fields: Any) -> dict[str, Any]:
    """Return a message's headers, but for these fields."""
    return {"task": "train", "id": str(uuid.uuid4()), "lang": "py", "job": 1, **fields}


def properties(**fields: Any) -> dict[str, Any]:
    """Return a message's properties, but for these fields."""
    return {
        "body_encoding": "base64",
        "delivery_tag": str(uuid.uuid4()),
        "delivery_info": {"exchange": "", "routing_key": "jobs"},
        **fields,
    }


def encoded(**fields: Any) -> bytes:
    """Return such a message as it stands on a queue."""
    return json.dumps(message(**fields)).encode()


# They name no job: each is removed, and logged once.
UNREADABLE = {
    "nothing": b"",
    "not JSON": b"not json",
    "not UTF-8": b"\xff\xfe\xff",
    "zeros": b"\0\0\0",
    "a number": b"5",
    "null": b"null",
    "a list": b"[]",
    "an object": b"{}",
    "10 MB": b"x" * HUGE_BYTES,
    "deep lists": b"[" * DEEP,
    "deep objects": b'{"headers":' * DEEP,
    "one of Kombu's types": b'{"__type__": "uuid", "__value__": "none"}',
    "no headers": encoded(headers=None),
    "headers that are a list": encoded(headers=[]),
    "headers that are a word": encoded(headers="job"),
    "no job": encoded(headers=headers(job=None)),
    "no job, a body that is not base64": encoded(headers={"task": "train"}, body="!!!!"),
    "a job that is a word": encoded(headers=headers(job="1")),
    "a job that is true": encoded(headers=headers(job=True)),
    "a job that is a fraction": encoded(headers=headers(job=1.5)),
    "a job that is not a number": encoded(headers=headers(job=float("nan"))),
    "a job below 1": encoded(headers=headers(job=0)),
    "a job beyond what databases store": encoded(headers=headers(job=2**63)),
    "a job of 10,000 digits": b'{"headers": {"job": ' + b"9" * 10_000 + b"}}",
    "another task": encoded(headers=headers(task="no.such.task")),
    "one of Celery's tasks": encoded(headers=headers(task="celery.backend_cleanup")),
    "a task that is a list": encoded(headers=headers(task=["train"])),
    "no id": encoded(headers=headers(id=None)),
    "an id that clears a terminal": encoded(headers=headers(id="\x1b[2J\n")),
}

# They name job 1, and whatever else they say counts for nothing.
ODD = {
    "as it should be": encoded(),
    "a body that is not base64": encoded(body="!!!!"),
    "a body of 10 MB": encoded(body="A" * HUGE_BYTES),
    "a header of 10 MB": encoded(headers=headers(more="x" * HUGE_BYTES)),
    "a body that is an object": encoded(body={"not": "text"}),
    "no properties": encoded(properties=None),
    "properties that are a list": encoded(properties=[1]),
    "no delivery tag": encoded(properties={}),
    "a delivery tag that is an object": encoded(properties=properties(delivery_tag={})),
    "a delivery that is a list": encoded(properties=properties(delivery_info=[1])),
    "a delivery to nowhere": encoded(properties=properties(delivery_info={"exchange": {}})),
    "an unknown encoding of the body": encoded(properties=properties(body_encoding="rot13")),
    "a reply to an object": encoded(properties=properties(reply_to={}, correlation_id=[])),
    "a pickle": encoded(**{"content-type": "application/x-python-serialize"}),
    "a content type that is an object": encoded(**{"content-type": {}}),
    "an unknown character set": encoded(**{"content-encoding": "nonsense"}),
    "an unknown compression": encoded(headers=headers(compression="application/x-none")),
    "a compression that is an object": encoded(headers=headers(compression={})),
    "a bomb": encoded(
        headers=headers(compression="application/x-gzip"),
        body=base64.b64encode(zlib.compress(b"0" * HUGE_BYTES)).decode(),
    ),
    "no arguments": encoded(body=base64.b64encode(b"[]").decode()),
    "other arguments": encoded(body=base64.b64encode(b'[{"a": 1}, [], 5]').decode()),
    "callbacks": encoded(body=base64.b64encode(b'[[1], {}, {"chord": 5, "chain": 7}]').decode()),
    "a time to come that is none": encoded(headers=headers(eta="nonsense")),
    "a time to come that is far": encoded(headers=headers(eta="9999-12-31T23:59:59+14:00")),
    "an end that is an object": encoded(headers=headers(expires={"a": 1})),
    "a limit that is a word": encoded(headers=headers(timelimit=["a", {}])),
    "a limit of a millisecond": encoded(headers=headers(timelimit=[0.001, 0.001])),
    "words that are objects": encoded(headers=headers(shadow={}, argsrepr={}, group={})),
    "words that clear a terminal": encoded(headers=headers(argsrepr="\x1b[2J\ud800" * 9999)),
    "UTF-16": json.dumps(message()).encode("utf-16"),
}

# Commands to all workers, and events, which are sent and not stored.
BROADCASTS = {
    **{name: UNREADABLE[name] for name in ("not JSON", "not UTF-8", "a number", "a list")},
    **{name: UNREADABLE[name] for name in ("an object", "deep lists", "10 MB", "no headers")},
    **{name: ODD[name] for name in ("a body that is not base64", "no properties", "a bomb")},
    **{name: ODD[name] for name in ("properties that are a list", "no arguments")},
    **{
        f"the command {command}": encoded(body=base64.b64encode(command.encode()).decode())
        for command in (
            '{"method": {"x": 1}, "arguments": 5}',
            '{"method": "ping", "arguments": {}, "reply_to": 5}',
            '{"method": "ping", "arguments": {}, "destination": 5}',
            '{"method": "ping", "arguments": {}, "pattern": "(", "matcher": "pcre"}',
        )
    },
}

# Another Redis type under the name of a queue, or of what Kombu would keep there.
WRONG_TYPES = {
    "string": ("SET", "x"),
    "hash": ("HSET", "x", "1"),
    "set": ("SADD", "x"),
    "zset": ("ZADD", "1", "x"),
    "stream": ("XADD", "*", "x", "1"),
}
KOMBU_KEYS = (
    *("_kombu.binding.jobs", "_kombu.binding.begun", "_kombu.binding.celery.pidbox"),
    *("_kombu.binding.celeryev", "_kombu.binding.reply.celery.pidbox"),
    *("_kombu.binding_deadlines", "_kombu.binding_permanent.jobs"),
    *("unacked", "unacked_index", "unacked_mutex", "jobs\x06\x163"),
)
