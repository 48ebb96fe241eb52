"""A broker of its own for a test: it can be killed, stopped and started again, empty."""

import signal
import subprocess
from pathlib import Path

import redis

from runner.local.broker import server_binary
from tests.processes import end, unused_port, wait_until


class Broker:
    """A Redis-protocol server on a port of this machine."""

    def __init__(self, directory: Path) -> None:
        port = unused_port()
        self.url = f"redis://127.0.0.1:{port}/0"
        self.client = redis.Redis(port=port)
        self._log = directory / "broker.log"
        self._command = [server_binary(), "--port", str(port), "--bind", "127.0.0.1"]
        self._command += ["--save", "", "--dir", str(directory)]
        self.start()

    def start(self) -> None:
        """Start it, with an empty queue, and wait until it answers."""
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(self._command, stdout=log)
        wait_until(self._answers, explain=self._log.read_text)

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.ConnectionError:
            return False

    def close(self) -> None:
        """End it, also if it was stopped."""
        self.client.close()
        self.process.send_signal(signal.SIGCONT)
        end(self.process)
