"""Find what keeps the broker, or a worker that listens to it, from keeping what it was told."""

from collections.abc import Iterator, Mapping
from typing import Any

from celery import Celery

from runner.doctor.finding import Finding
from runner.embedded.place import Place
from runner.errors import UnavailableError
from runner.living import local_trouble
from runner.queue import broker_facts, make_app, reaching
from runner.settings import Settings

ANSWER_SECONDS = 2.0


def examine_broker(settings: Settings) -> Iterator[Finding]:
    """Return what is wrong with the broker and its workers; none that is not up is no fault."""
    place = Place(settings.home)
    if settings.broker_url is None and not place.is_supervised():
        return
    if (trouble := local_trouble(settings)) is not None:
        yield Finding(
            trouble,
            "jobs are saved, but none is worked on",
            "correct what the log says; `runner down` ends the attempts",
        )
    app = make_app(settings.broker_url or place.broker_url)
    try:
        facts = broker_facts(app)
        workers = list(_workers(app))
    except UnavailableError as error:
        yield Finding(error.what, "jobs are saved, but none is sent", error.fix)
        return
    yield from persistence(facts)
    yield from eviction(facts)
    for worker, conf, stats in workers:
        yield from redelivery(worker, conf)
        yield from prefetch(worker, conf)
        yield from serializers(worker, conf)
        yield from pool(worker, stats)


def persistence(facts: Mapping[str, Any]) -> Iterator[Finding]:
    """Find a broker that forgets its messages when it restarts."""
    if not facts["aof_enabled"]:
        yield Finding(
            "the broker keeps no append-only file",
            "a restart forgets every message; recovery sends them again, but later",
            "set `appendonly yes` in its configuration",
        )


def eviction(facts: Mapping[str, Any]) -> Iterator[Finding]:
    """Find a broker that throws messages away when its memory is full."""
    policy = facts["maxmemory_policy"]
    if policy != "noeviction":
        yield Finding(
            f"the broker's maxmemory-policy is {policy}",
            "when its memory is full it throws messages away instead of refusing new ones",
            "set `maxmemory-policy noeviction`",
        )


def redelivery(worker: str, conf: Mapping[str, Any]) -> Iterator[Finding]:
    """Find a worker whose long jobs are delivered a second time while they run."""
    if conf["task_acks_late"]:
        seconds = conf["broker_transport_options"].get("visibility_timeout", 3600)
        yield Finding(
            f"{worker} acknowledges late, with a visibility timeout of {seconds} s",
            "a job that takes longer is delivered again and again while it runs",
            "set task_acks_late to false: the store notices a worker that died",
        )


def prefetch(worker: str, conf: Mapping[str, Any]) -> Iterator[Finding]:
    """Find a worker that takes more messages than it has free slots."""
    if conf["worker_prefetch_multiplier"] != 1 or not conf["worker_disable_prefetch"]:
        yield Finding(
            f"{worker} takes messages before it has a free slot",
            "a job waits behind a long one while another worker has nothing to do",
            "set worker_prefetch_multiplier to 1 and worker_disable_prefetch to true",
        )


def serializers(worker: str, conf: Mapping[str, Any]) -> Iterator[Finding]:
    """Find a worker that reads more than JSON."""
    more = sorted(set(conf["accept_content"]) - {"json", "application/json"})
    if more:
        yield Finding(
            f"{worker} accepts messages as {', '.join(more)}",
            "whoever can write to the broker may be able to run code on the worker",
            "set accept_content to json alone",
        )


def pool(worker: str, stats: Mapping[str, Any]) -> Iterator[Finding]:
    """Find a worker whose jobs do not run in processes of their own."""
    implementation = stats["pool"]["implementation"]
    if "prefork" not in implementation:
        yield Finding(
            f"{worker} has the pool {implementation}",
            "a crash of one job takes the whole worker with it, and a drain loses the job",
            "start it with `runner worker`, or with --pool=prefork",
        )


def _workers(app: Celery) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    with reaching(app):
        inspect = app.control.inspect(timeout=ANSWER_SECONDS)
        confs = inspect.conf(with_defaults=True) or {}
        stats = inspect.stats() or {}
    for worker in sorted(confs.keys() & stats.keys()):
        yield worker, confs[worker], stats[worker]
