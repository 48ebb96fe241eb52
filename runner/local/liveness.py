"""Which workers are alive, as far as can be told from here, and why no job is worked on."""

from runner.local.run_dir import RunDir
from runner.processes import host_identity, is_alive
from runner.settings import Settings
from runner.store import queries
from runner.store.engine import Store

# Of its heartbeats; one that computes may be late with one or two.
MISSED = 3


def workers_alive(settings: Settings, store: Store) -> list[queries.Worker]:
    """Return the workers that beat lately; of those on this host, the ones that still run."""
    seconds = min(MISSED * settings.heartbeat_seconds, settings.lease_seconds)
    return [
        worker
        for worker in queries.workers_alive(store, seconds)
        if worker.host != host_identity() or is_alive(worker.pid, worker.process_started)
    ]


def why_nothing_runs(settings: Settings, store: Store) -> str | None:
    """Return why no job is worked on, and what to do; None if workers are alive."""
    if (trouble := local_trouble(settings)) is not None:
        return trouble
    if not workers_alive(settings, store):
        command = "runner worker" if settings.broker_url else "runner up"
        return f"no worker is running: the jobs are saved; start one with `{command}`"
    return None


def local_trouble(settings: Settings) -> str | None:
    """Return what `runner up` cannot keep running; None where that is not used, or all is well."""
    trouble = None if settings.broker_url else RunDir(settings.home).trouble()
    if trouble is None:
        return None
    return f"{trouble.what}; it is restarted repeatedly, see {trouble.log}"
