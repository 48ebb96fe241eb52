"""Find workers that do not run the same software."""

from collections.abc import Iterator

from runner.doctor.finding import Finding
from runner.local.liveness import workers_alive
from runner.settings import Settings
from runner.store.engine import open_store
from runner.store.queries.health import sqlite_file


def examine_versions(settings: Settings) -> Iterator[Finding]:
    """Find workers that are alive with different versions of the software."""
    path = sqlite_file(settings.database_url)
    if path is not None and not path.exists():
        return
    store = open_store(settings.database_url)
    alive = workers_alive(settings, store)
    store.close()
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
