"""What the containers start and ask: the scripts in docker/, run here with the real programs."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import redis

from runner.local.broker import server_binary
from runner.store.engine import upgrade
from tests.processes import SECONDS, running, unused_port, wait_until

DOCKER = Path(__file__).resolve().parent.parent / "docker"
# Each sign in it means something in a configuration or a shell.
PASSWORD = "cor\"re'ct \\x41 $HOME #%@ ü"  # noqa: S105 (of a server that lives for a second)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Offer what the containers have: a password file, and the two programs on the PATH."""
    (tmp_path / "redis-server").symlink_to(server_binary())
    command = tmp_path / "runner"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m runner "$@"\n')
    command.chmod(0o755)
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RUNNER_")}
    return kept | {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "PYTHONPATH": str(DOCKER.parent),
        "REDIS_PASSWORD_FILE": str(tmp_path / "password"),
        "REDIS_DATA_DIR": str(tmp_path),
        "RUNNER_BROKER_PASSWORD_FILE": str(tmp_path / "password"),
        "RUNNER_HOME": str(tmp_path / "home"),
        "RUNNER_SLOTS": "1",
    }


@pytest.fixture
def broker(environment: dict[str, str], tmp_path: Path) -> Iterator[redis.Redis]:
    """Offer a client of the Redis that the container's script has started."""
    port, log = unused_port(), tmp_path / "redis.log"
    command = ["sh", str(DOCKER / "redis.sh"), "--port", str(port), "--bind", "127.0.0.1"]
    environment["RUNNER_BROKER_URL"] = f"redis://127.0.0.1:{port}/0"
    with running(command, environment, log), redis.Redis(port=port, password=PASSWORD) as client:
        wait_until(
            lambda: b"Ready to accept connections" in log.read_bytes(), explain=log.read_text
        )
        yield client


def test_redis_asks_for_the_password_and_shows_it_to_nobody(broker: redis.Redis) -> None:
    assert broker.ping()
    port = broker.connection_pool.connection_kwargs["port"]
    with socket.create_connection(("127.0.0.1", port)) as stranger:
        stranger.sendall(b"PING\r\n")
        assert stranger.recv(100).startswith(b"-NOAUTH")
    server = psutil.Process(broker.info("server")["process_id"])
    assert PASSWORD not in " ".join(server.cmdline())


def test_redis_keeps_every_message_or_refuses_it(broker: redis.Redis) -> None:
    kept = broker.config_get("appendonly") | broker.config_get("maxmemory-policy")
    assert kept == {"appendonly": "yes", "maxmemory-policy": "noeviction"}


@pytest.mark.parametrize("script", ["redis.sh", "postgres.sh"])
@pytest.mark.parametrize("content", ["", "\n", 'correct\nrequirepass ""\n', None])
def test_nothing_starts_without_a_password_of_one_line(
    script: str, content: str | None, environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "password").unlink()
    if content is not None:
        (tmp_path / "password").write_text(content)
    environment["POSTGRES_PASSWORD_FILE"] = environment["REDIS_PASSWORD_FILE"]
    done = subprocess.run(
        ["sh", str(DOCKER / script)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 1
    assert "sh docker/secrets.sh" in done.stderr


def test_the_health_check_tells_a_worker_that_answers_from_none(
    broker: redis.Redis, environment: dict[str, str], tmp_path: Path
) -> None:
    def trouble() -> str:
        """Return what the check says; nothing if the worker is well."""
        check = [sys.executable, str(DOCKER / "worker_health.py")]
        done = subprocess.run(check, env=environment, capture_output=True, text=True, check=False)
        assert (done.returncode == 0) == (done.stderr == "")
        return done.stderr

    assert broker.ping()
    assert trouble().startswith("no worker of this host answered")
    log = tmp_path / "worker.log"
    upgrade(f"sqlite:///{tmp_path / 'home' / 'runner.db'}")
    with running(["runner", "worker"], environment, log):
        wait_until(lambda: " ready." in log.read_text(), explain=log.read_text)
        assert trouble() == ""
        broker.shutdown(nosave=True)
        away = trouble()
    assert "cannot be reached" in away
    assert len(away.splitlines()) == 1
    assert PASSWORD not in away
