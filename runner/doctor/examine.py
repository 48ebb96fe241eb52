"""All examinations, one after another."""

from collections.abc import Iterator

from runner.doctor.broker import examine_broker
from runner.doctor.database import examine_database
from runner.doctor.finding import Finding, examined
from runner.doctor.machine import examine_machine
from runner.doctor.versions import examine_versions
from runner.settings import Settings


def examine(settings: Settings) -> Iterator[Finding]:
    """Return what is wrong, as it is found; nothing is changed."""
    broken = list(examined("the database", examine_database(settings)))
    yield from broken
    if not broken:
        yield from examined("the workers' versions", examine_versions(settings))
    yield from examined("the broker", examine_broker(settings))
    yield from examined("this machine", examine_machine(settings))
