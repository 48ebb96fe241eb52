"""Which workers are alive, as far as can be told from here, and why no job is worked on."""

from collections.abc import Sequence

from runner.local.run_dir import RunDir
from runner.needs import Offer
from runner.processes import host_identity, is_alive
from runner.settings import Settings
from runner.store import queries
from runner.store.engine import Store
from runner.store.queries.experiments import pending_needs

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
    alive = workers_alive(settings, store)
    if not alive:
        command = "runner worker" if settings.broker_url else "runner up"
        return f"no worker is running: the jobs are saved; start one with `{command}`"
    return unmet_needs(store, alive)


def unmet_needs(store: Store, alive: Sequence[queries.Worker]) -> str | None:
    """Return which pending jobs none of these workers takes, and what to do."""
    offers = [Offer.from_json(worker.offers) for worker in alive]
    unmet = [
        f"{jobs:,} {'job needs' if jobs == 1 else 'jobs need'} {needs}: {needs.fix}"
        for needs, jobs in pending_needs(store).items()
        if not any(offer.meets(needs) for offer in offers)
    ]
    return "; ".join(unmet) or None


def why_little_runs(settings: Settings, store: Store) -> str | None:
    """Return why no job is worked on, for one who starts workers where there are none."""
    if (trouble := local_trouble(settings)) is not None:
        return trouble
    alive = workers_alive(settings, store)
    return unmet_needs(store, alive) if alive else None


def local_trouble(settings: Settings) -> str | None:
    """Return what `runner up` cannot keep running; None where that is not used, or all is well."""
    trouble = None if settings.broker_url else RunDir(settings.home).trouble()
    if trouble is None:
        return None
    return f"{trouble.what}; it is restarted repeatedly, see {trouble.log}"
