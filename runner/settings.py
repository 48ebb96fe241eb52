"""The settings: every environment variable that is read, its default and what it means."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote, urlunsplit

from cifar_model.backends.names import BACKENDS, check_installed
from cifar_model.errors import InputError, shown
from runner.encryption import ALLOW_PLAINTEXT, check_broker, check_database, url_parts

# What another database or broker than that of a home is named by.
OF_A_RACK = ("DATABASE_URL", "DATABASE_PASSWORD_FILE", "BROKER_URL", "BROKER_PASSWORD_FILE")

ALLOW_CODE = "RUNNER_ALLOW_CODE"
BACKEND = "RUNNER_BACKEND"
DETERMINISTIC = "RUNNER_DETERMINISTIC"

# A year and a bit; what is meant to be longer is a mistake.
MOST_SECONDS = 4e7

AUTO = "auto"
MOST_SLOTS = 1024

# name: (default as a person would type it, meaning); docs/settings.md is checked against it.
SETTINGS = {
    "RUNNER_HOME": ("./results", "where the local database, logs and reports are kept"),
    "RUNNER_DATABASE_URL": (
        "sqlite:///RUNNER_HOME/runner.db",
        "the results store: sqlite:///PATH or postgresql://USER@HOST/NAME",
    ),
    "RUNNER_DATABASE_PASSWORD_FILE": ("", "a file with the database password, put into the URL"),
    "RUNNER_BROKER_URL": (
        "",
        "the Redis server for messages: rediss://HOST:6379/0; by default a private one",
    ),
    "RUNNER_BROKER_PASSWORD_FILE": ("", "a file with the Redis password, put into the URL"),
    "RUNNER_ALLOW_PLAINTEXT": (
        "0",
        "1: allow unencrypted connections to other hosts; only for a trusted network",
    ),
    "RUNNER_DATA_DIR": (
        "RUNNER_HOME/data",
        "the directory in which data sets are looked up and to which they are downloaded",
    ),
    "RUNNER_KERAS_HOME": (
        "KERAS_HOME",
        "the directory in which Keras stores its downloads; without KERAS_HOME ~/.keras",
    ),
    ALLOW_CODE: (
        "1 without RUNNER_BROKER_URL, else 0",
        "1: run the code of `--network` and `--trainer` that came with jobs and bundles",
    ),
    BACKEND: ("tensorflow", "what Keras runs on in the workers: tensorflow or jax"),
    DETERMINISTIC: (
        "1",
        "0: JAX on a GPU is faster, and the same seed no longer gives the same numbers",
    ),
    "RUNNER_SLOTS": (
        "auto",
        "jobs that a worker executes at once; auto: one per GPU, or per core if memory allows",
    ),
    "RUNNER_LEASE_SECONDS": ("60", "how long an attempt stays valid without a heartbeat"),
    "RUNNER_HEARTBEAT_SECONDS": ("5", "how often a worker sends a heartbeat"),
    "RUNNER_PROGRESS_SECONDS": (
        "900",
        "how long an attempt may run without progress before its process is terminated",
    ),
    "RUNNER_SWEEP_SECONDS": ("2", "how often a worker runs recovery"),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """Hold what the environment says, checked."""

    home: Path
    database_url: str
    broker_url: str | None
    data_dir: Path
    allow_code: bool = True
    backend: str = BACKENDS[0]
    # None: as many as the machine has GPUs or cores.
    slots: int | None = None
    lease_seconds: float = 60.0
    heartbeat_seconds: float = 5.0
    progress_seconds: float = 900.0
    sweep_seconds: float = 2.0
    # What differs from the environment of this process, for the processes that it starts.
    variables: Mapping[str, str] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, home_or_url: str | os.PathLike[str] | None) -> "Settings":
        """Read the settings of a home, or of a database URL; None: those of the environment.

        A home is that of its own database and private broker, whatever the environment names; with
        a URL, all other settings are those of the environment.
        """
        given = None if home_or_url is None else os.fspath(home_or_url)
        if given == "":
            raise InputError(
                "the home is an empty text", "a directory or a database URL", "correct the argument"
            )
        variables: dict[str, str] = {}
        if given is not None and "://" in given:
            variables["RUNNER_DATABASE_URL"] = given
        elif given is not None:
            variables = dict.fromkeys((f"RUNNER_{name}" for name in OF_A_RACK), "")
            variables["RUNNER_HOME"] = given
        settings = cls.from_environment({**os.environ, **variables})
        # The directory that is worked in may be another when a process is started.
        return replace(settings, variables={**variables, "RUNNER_HOME": str(settings.home)})

    def serving(self, backend: str) -> "Settings":
        """Return these settings, with a backend that the workers it starts serve."""
        return replace(self, backend=backend, variables={**self.variables, BACKEND: backend})

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read the settings; raise InputError naming the first that is not valid."""
        home = _directory("RUNNER_HOME", environment.get("RUNNER_HOME") or "results")
        plaintext = _switch(environment, ALLOW_PLAINTEXT, "0")
        # Quoted, because a directory's name may have signs that mean something in a URL.
        file = f"sqlite:///{quote(os.fsencode(home / 'runner.db'))}"
        broker_url = _url(environment, "BROKER")
        if broker_url is not None:
            check_broker(broker_url, plaintext)
        settings = cls(
            home=home,
            database_url=check_database(_url(environment, "DATABASE") or file, plaintext),
            broker_url=broker_url,
            data_dir=_directory(
                "RUNNER_DATA_DIR", environment.get("RUNNER_DATA_DIR") or home / "data"
            ),
            # A rack's workers do what anyone sends who reaches the broker.
            backend=check_installed(BACKEND, environment.get(BACKEND) or BACKENDS[0]),
            allow_code=_switch(environment, ALLOW_CODE, "1" if broker_url is None else "0"),
            slots=_slots(environment),
            lease_seconds=_number(environment, "RUNNER_LEASE_SECONDS", least=1),
            heartbeat_seconds=_number(environment, "RUNNER_HEARTBEAT_SECONDS", least=0.1),
            progress_seconds=_number(environment, "RUNNER_PROGRESS_SECONDS", least=1),
            sweep_seconds=_number(environment, "RUNNER_SWEEP_SECONDS", least=0.1),
        )
        for name, seconds in (
            ("HEARTBEAT", settings.heartbeat_seconds),
            ("SWEEP", settings.sweep_seconds),
        ):
            if seconds * 3 > settings.lease_seconds:
                raise InputError(
                    f"RUNNER_{name}_SECONDS={seconds:g} is too long for "
                    f"RUNNER_LEASE_SECONDS={settings.lease_seconds:g}",
                    "at most a third of the lease, so that no running attempt is taken for lost",
                    f"decrease RUNNER_{name}_SECONDS or increase RUNNER_LEASE_SECONDS",
                )
        return settings


def _directory(name: str, given: str | Path) -> Path:
    try:
        return Path(given).expanduser().absolute()
    except (RuntimeError, OSError) as error:
        # Nobody's home is known by that name, or the working directory is gone.
        raise InputError(
            f"{name}: {shown(str(given))} is not a valid directory: {error}",
            "a directory",
            f"set {name} to an absolute path",
        ) from error


def _number(environment: Mapping[str, str], name: str, least: float) -> float:
    given = environment.get(name) or SETTINGS[name][0]
    try:
        number = float(given)
    except ValueError:
        number = math.nan
    if not least <= number <= MOST_SECONDS:
        expected = f"a number from {least:g} to {MOST_SECONDS:g}"
        raise InputError(f"{name}={shown(given)}", expected, f"correct {name}")
    return number


def _slots(environment: Mapping[str, str]) -> int | None:
    given = environment.get("RUNNER_SLOTS") or AUTO
    # 0 was the default once, and is still set on some machines.
    if given in (AUTO, "0"):
        return None
    if not (given.isdecimal() and given.isascii() and len(given) < 5 and int(given) <= MOST_SLOTS):
        expected = f"{AUTO}, or a whole number from 1 to {MOST_SLOTS}"
        raise InputError(f"RUNNER_SLOTS={shown(given)}", expected, "correct RUNNER_SLOTS")
    return int(given)


def _switch(environment: Mapping[str, str], name: str, default: str) -> bool:
    given = environment.get(name) or default
    if given not in ("0", "1"):
        raise InputError(f"{name}={given!r}", "1 for yes, 0 for no", f"correct {name}")
    return given == "1"


def _url(environment: Mapping[str, str], which: str) -> str | None:
    """Put the password file into the URL, so that no secret is in the environment."""
    url = environment.get(f"RUNNER_{which}_URL") or None
    password_file = environment.get(f"RUNNER_{which}_PASSWORD_FILE")
    if url is None or not password_file:
        return url
    try:
        # Only the end of the line is no part of it: PostgreSQL and Redis are told the rest too.
        password = Path(password_file).read_text().rstrip("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"RUNNER_{which}_PASSWORD_FILE={password_file!r} cannot be read: "
            f"{getattr(error, 'strerror', error)}",
            "a readable file that contains the password",
            f"correct the path or its permissions: `chmod 644 {password_file}`",
        ) from error
    if not password or "\n" in password:
        raise InputError(
            f"RUNNER_{which}_PASSWORD_FILE={password_file!r} "
            f"{'holds more than one line' if password else 'is empty'}",
            "a password on one line",
            f"write a password to it, for example `openssl rand -hex 32 > {password_file}`, and "
            "set the same password on the server",
        )
    parts = url_parts(url, which)
    user, _, host = parts.netloc.rpartition("@")
    user = user.partition(":")[0]
    return urlunsplit(parts._replace(netloc=f"{user}:{quote(password, safe='')}@{host}"))
