"""Run one worker: `python -m workers` starts Celery's and, beside it, the recovery."""

import os
import socket
import subprocess
import sys

from runner.settings import Settings
from workers import device


def main() -> int:
    """Work until told to stop; return Celery's exit code."""
    settings = Settings.from_environment()
    from workers.app import app

    recovery = subprocess.Popen([sys.executable, "-m", "runner.recovery"])
    try:
        app.worker_main(
            [
                "worker",
                f"--hostname=worker{os.getpid()}@{socket.gethostname()}",
                f"--concurrency={device.count_slots(settings.slots)}",
                "--pool=prefork",
                "--loglevel=INFO",
                "--without-gossip",
                "--without-mingle",
            ]
        )
    except SystemExit as end:
        return int(end.code or 0)
    finally:
        recovery.terminate()
        recovery.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
