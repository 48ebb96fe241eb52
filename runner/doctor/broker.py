"""Find what keeps the broker, or a worker that listens to it, from keeping what it was told."""

from collections.abc import Iterator, Mapping
from typing import Any

from celery import Celery
from kombu.utils.encoding import bytes_to_str

from runner.doctor.finding import Finding, examined
from runner.errors import UnavailableError
from runner.local.liveness import local_trouble
from runner.local.run_dir import RunDir
from runner.queue.app import QUEUES, broker_facts, make_app, reaching
from runner.settings import Settings

ANSWER_SECONDS = 2.0

WRITTEN_KEY = "runner.doctor"


def examine_broker(settings: Settings) -> Iterator[Finding]:
    """Return what is wrong with the broker and its workers; none that is not up is no fault."""
    run_dir = RunDir(settings.home)
    if settings.broker_url is None and not run_dir.is_supervised():
        return
    if (trouble := local_trouble(settings)) is not None:
        yield Finding(
            trouble,
            "jobs are saved, but none is executed",
            "fix the error in the log; `runner down` stops the restarts",
        )
    app = make_app(settings.broker_url or run_dir.broker_url)
    try:
        facts = broker_facts(app)
    except UnavailableError as error:
        yield Finding(error.what, "jobs are saved, but not sent to workers", error.fix)
        return
    yield from examined("the persistence of the broker", persistence(facts))
    yield from examined("the eviction policy of the broker", eviction(facts))
    yield from examined("the queues", queues(app))
    refused = list(examined("write access to the broker", writing(app)))
    yield from refused
    # Workers answer over the broker.
    if not refused:
        yield from examined("the workers", workers(app))


def workers(app: Celery) -> Iterator[Finding]:
    """Find workers with settings that lose or repeat jobs."""
    for worker, conf, stats in _workers(app):
        yield from redelivery(worker, conf)
        yield from prefetch(worker, conf)
        yield from serializers(worker, conf)
        yield from pool(worker, stats)


def queues(app: Celery) -> Iterator[Finding]:
    """Find keys of another program under the names that queues have."""
    with reaching(app), app.connection_for_read() as connection:
        client = _client(connection)
        types = {key: bytes_to_str(client.type(key)) for key in QUEUES}
    for key, found in types.items():
        if found not in ("list", "none"):
            yield Finding(
                f"the broker's key {key!r} is a {found}, not a list",
                "no message can be sent or received until a worker has removed it",
                f"delete it (`redis-cli DEL {key}`), and let the program that wrote it use "
                "another Redis database number; jobs are saved and sent again",
            )


def writing(app: Celery) -> Iterator[Finding]:
    """Find a broker that refuses writes: its disk or memory is full, or it is a replica."""
    try:
        with reaching(app), app.connection_for_write() as connection:
            _client(connection).set(WRITTEN_KEY, "", px=1000)
    except UnavailableError as error:
        yield Finding(error.what, "no message can be sent or received", error.fix)


def _client(connection: Any) -> Any:
    """Return the client of Redis, which only this transport has."""
    return connection.default_channel.client


def persistence(facts: Mapping[str, Any]) -> Iterator[Finding]:
    """Find a broker that forgets its messages when it restarts."""
    if not facts.get("aof_enabled"):
        yield Finding(
            "the broker has no append-only file (AOF)",
            "messages are lost when it restarts; recovery sends them again, with a delay",
            "set `appendonly yes` in its configuration",
        )


def eviction(facts: Mapping[str, Any]) -> Iterator[Finding]:
    """Find a broker that throws messages away when its memory is full."""
    policy = facts.get("maxmemory_policy", "not known")
    if policy != "noeviction":
        yield Finding(
            f"the broker's maxmemory-policy is {policy}",
            "when its memory is full, it evicts messages instead of rejecting new ones",
            "set `maxmemory-policy noeviction`",
        )


def redelivery(worker: str, conf: Mapping[str, Any]) -> Iterator[Finding]:
    """Find a worker whose long jobs are delivered a second time while they run."""
    if conf["task_acks_late"]:
        seconds = conf["broker_transport_options"].get("visibility_timeout", 3600)
        yield Finding(
            f"{worker} acknowledges late (task_acks_late), with a visibility timeout of "
            f"{seconds} s",
            "a job that takes longer is delivered again while it still runs",
            "set task_acks_late to false; recovery finds the jobs of workers that died",
        )


def prefetch(worker: str, conf: Mapping[str, Any]) -> Iterator[Finding]:
    """Find a worker that takes more messages than it has free slots."""
    if conf["worker_prefetch_multiplier"] != 1 or not conf["worker_disable_prefetch"]:
        yield Finding(
            f"{worker} prefetches messages before it has a free slot",
            "a job waits behind a long one while another worker is idle",
            "set worker_prefetch_multiplier to 1 and worker_disable_prefetch to true",
        )


def serializers(worker: str, conf: Mapping[str, Any]) -> Iterator[Finding]:
    """Find a worker that reads more than JSON."""
    more = sorted(set(conf["accept_content"]) - {"json", "application/json"})
    if more:
        yield Finding(
            f"{worker} accepts messages in other formats than JSON: {', '.join(more)}",
            "anyone who can write to the broker may be able to run code on the worker",
            "set accept_content to ['json']",
        )


def pool(worker: str, stats: Mapping[str, Any]) -> Iterator[Finding]:
    """Find a worker whose jobs do not run in processes of their own."""
    implementation = stats["pool"]["implementation"]
    if "prefork" not in implementation:
        yield Finding(
            f"{worker} uses the pool {implementation}",
            "a crash in one job ends the whole worker, and stopping the worker loses running jobs",
            "start it with `runner worker`, or with --pool=prefork",
        )


def _workers(app: Celery) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    with reaching(app):
        inspect = app.control.inspect(timeout=ANSWER_SECONDS)
        confs = inspect.conf(with_defaults=True) or {}
        stats = inspect.stats() or {}
    for worker in sorted(confs.keys() & stats.keys()):
        yield worker, confs[worker], stats[worker]
