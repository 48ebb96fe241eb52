"""Find workers that do not run the same software, or do not take the jobs that there are."""

from collections.abc import Iterator

from runner.doctor.finding import Finding
from runner.local.liveness import unmet_needs, workers_alive
from runner.settings import Settings
from runner.store.engine import open_store
from runner.store.url import sqlite_file


def examine_versions(settings: Settings) -> Iterator[Finding]:
    """Find workers that run different versions, and jobs that none of them takes."""
    path = sqlite_file(settings.database_url)
    if path is not None and not path.exists():
        return
    store = open_store(settings.database_url)
    alive = workers_alive(settings, store)
    unmet = unmet_needs(store, alive) if alive else None
    store.close()
    if unmet is not None:
        yield Finding(
            unmet, "these jobs stay pending", "set it where a worker runs, and restart the worker"
        )
    hosts: dict[str, set[str]] = {}
    for worker in alive:
        hosts.setdefault(worker.version, set()).add(worker.host)
    if len(hosts) > 1:
        words = "; ".join(f"{version} on {', '.join(sorted(hosts[version]))}" for version in hosts)
        yield Finding(
            f"workers run different versions: {words}",
            "the results of a trial may depend on the worker that trains it",
            "install the same version on every host and restart the workers",
        )
