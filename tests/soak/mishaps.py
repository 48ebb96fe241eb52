"""What can go wrong, done to real processes: each function does one thing once."""

import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import psutil

from runner.needs import Offer
from runner.queue import app
from tests.hostile_messages import KOMBU_KEYS, ODD, UNREADABLE
from tests.soak.cluster import Cluster, Member

# The queues that the workers listen to.
SERVED = app.queues_of(Offer(code=False))
# Longer than the lease of the soak, so that what was stopped is taken for dead.
STOPPED_SECONDS = 8.0
AWAY_SECONDS = 3.0

# Places at which a worker that is started dies once.
PLACES = (
    "before_claim",
    "after_claim",
    "epoch_1",
    "epoch_2",
    "epoch_3",
    "in_checkpoint",
    "before_finish",
    "after_finish",
    "in_recovery",
)


def children(member: Member) -> list[psutil.Process]:
    """Return the pool's processes, without the recovery."""
    with suppress(psutil.NoSuchProcess):
        found = psutil.Process(member.process.pid).children()
        return [one for one in found if "runner.queue.recovery" not in " ".join(one.cmdline())]
    return []


def kill_child(cluster: Cluster) -> None:
    """Kill -9 a process of a pool."""
    for child in children(cluster.any_member())[:1]:
        child.kill()


def kill_worker(cluster: Cluster) -> None:
    """Kill -9 a worker's main process; an operator starts another one."""
    member = cluster.any_member()
    member.process.kill()
    cluster.replace(member)


def kill_recovery(cluster: Cluster) -> None:
    """Kill -9 a worker's recovery."""
    with suppress(psutil.NoSuchProcess):
        for one in psutil.Process(cluster.any_member().process.pid).children():
            if "runner.queue.recovery" in " ".join(one.cmdline()):
                one.kill()


def drain_worker(cluster: Cluster) -> None:
    """Tell a worker to stop, as in a rolling restart, and start another one."""
    member = cluster.any_member()
    member.process.send_signal(random.choice([signal.SIGTERM, signal.SIGINT, signal.SIGHUP]))
    cluster.replace(member)


def stop_child_for_a_while(cluster: Cluster) -> None:
    """Freeze a process of a pool until its lease has run out, and let it go on."""
    for child in children(cluster.any_member())[:1]:
        child.suspend()
        cluster.later(STOPPED_SECONDS, partial(_resume, child))


def _resume(child: psutil.Process) -> None:
    with suppress(psutil.NoSuchProcess):
        child.resume()


def start_one_that_dies_at_a_place(cluster: Cluster) -> None:
    """Drain a worker and start one that kills itself once at a chosen place."""
    member = cluster.any_member()
    member.process.terminate()
    cluster.replace(member, place=random.choice(PLACES))


def flush_the_broker(cluster: Cluster) -> None:
    """Let the broker forget all messages."""
    cluster.broker.client.flushall()


def restart_the_broker(cluster: Cluster) -> None:
    """Kill -9 the broker and start it, empty, a little later."""
    cluster.broker.process.kill()
    cluster.broker.process.wait()
    time.sleep(random.uniform(0, AWAY_SECONDS))
    cluster.broker.start()


def freeze_the_broker(cluster: Cluster) -> None:
    """Let the broker hang for a while."""
    os.kill(cluster.broker.process.pid, signal.SIGSTOP)
    time.sleep(random.uniform(0, AWAY_SECONDS))
    os.kill(cluster.broker.process.pid, signal.SIGCONT)


def queues_of(cluster: Cluster) -> list[str]:
    """Return the queues, without one that `put_something_else_where_a_queue_is` has overwritten."""
    return [name for name in SERVED if cluster.broker.client.type(name) in {b"list", b"none"}]


def repeat_a_message(cluster: Cluster) -> None:
    """Deliver a message that waits on each queue ten times more."""
    for queue in queues_of(cluster):
        for waiting in cluster.broker.client.lrange(queue, 0, 0):
            cluster.broker.client.rpush(queue, *[waiting] * 10)


def put_what_nobody_can_read(cluster: Cluster) -> None:
    """Put messages on the queues that are none of ours, or that say something else of a job."""
    entries = random.sample([*UNREADABLE.values(), *ODD.values()], 5)
    for queue in queues_of(cluster):
        for entry in cluster.broker.client.lrange(queue, 0, 0):
            waiting = entry if isinstance(entry, bytes) else entry.encode()
            entries += [waiting[:-9], waiting.replace(b'"task": "tune"', b'"task": "explain"')]
        # Where the next are taken from, and where they wait longest.
        cluster.broker.client.rpush(queue, *entries)
        cluster.broker.client.lpush(queue, *entries)


def put_something_else_where_a_queue_is(cluster: Cluster) -> None:
    """Let another program overwrite a queue, and what Celery would keep beside it."""
    cluster.broker.client.mset(dict.fromkeys([random.choice(SERVED), *KOMBU_KEYS], "nonsense"))


def restart_the_database(cluster: Cluster) -> None:
    """Stop PostgreSQL and start it a little later."""
    if cluster.server is not None:
        cluster.server.stop()
        time.sleep(random.uniform(0, AWAY_SECONDS))
        cluster.server.start()


def lock_the_database(cluster: Cluster) -> None:
    """Hold a write lock for a while."""
    with cluster.write_lock():
        time.sleep(random.uniform(0, AWAY_SECONDS))


def make_the_database_read_only(cluster: Cluster) -> None:
    """Let the database refuse what is written to it for a while."""
    with cluster.read_only():
        time.sleep(random.uniform(0, AWAY_SECONDS))


MISHAPS: tuple[Callable[[Cluster], None], ...] = (
    kill_child,
    kill_worker,
    kill_recovery,
    drain_worker,
    stop_child_for_a_while,
    start_one_that_dies_at_a_place,
    flush_the_broker,
    restart_the_broker,
    freeze_the_broker,
    repeat_a_message,
    put_what_nobody_can_read,
    put_something_else_where_a_queue_is,
    make_the_database_read_only,
)
OF_POSTGRESQL = (restart_the_database,)
OF_SQLITE = (lock_the_database,)


def mishaps_of(database: str) -> tuple[Callable[[Cluster], None], ...]:
    """Return what can go wrong with workers, a broker and this kind of database."""
    return MISHAPS + (OF_POSTGRESQL if database == "postgresql" else OF_SQLITE)
