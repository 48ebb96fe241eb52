"""What one worker process holds: its settings, its store, its device and its heartbeat."""

import os
from dataclasses import dataclass

from cifar_model.machine import keep_compiled
from runner.needs import Offer
from runner.processes import host_identity, own_identity
from runner.settings import Settings
from runner.store.engine import Store, open_store
from runner.store.lifecycle.workers import WorkerProcess, worker_seen, worker_stopped
from workers.device import Device, pin
from workers.heartbeat import Heartbeat


@dataclass(frozen=True, slots=True)
class Context:
    """Belong to one process; never carried over a fork."""

    settings: Settings
    offer: Offer
    store: Store
    worker: str
    device: Device
    heartbeat: Heartbeat


_current: Context | None = None


def start(settings: Settings) -> Context:
    """Pin this process to its device, register it and let its heart beat."""
    global _current  # noqa: PLW0603 (a process has one context)
    pid, started = own_identity()
    name = f"{host_identity()}/{pid}/{started}"
    device = pin()
    # What JAX has compiled is there for the next process; TensorFlow keeps nothing.
    os.environ.update(keep_compiled(settings.home / "jax"))
    store = open_store(settings.database_url, make=False, keeps=True)

    offer = Offer.of(settings)
    process = WorkerProcess(name, host_identity(), pid, started, device.name, offer.to_json())

    def seen() -> None:
        worker_seen(store, process)

    seen()
    heartbeat = Heartbeat(store, seen, settings.heartbeat_seconds, settings.progress_seconds)
    heartbeat.start()
    _current = Context(settings, offer, store, name, device, heartbeat)
    return _current


def current() -> Context:
    """Return the context of this process, which `start` made."""
    if _current is None:
        raise RuntimeError("this process has no worker context: call context.start(settings)")
    return _current


def stop() -> None:
    """Take leave of the store, as a process that is killed cannot."""
    global _current  # noqa: PLW0603
    if _current is not None:
        _current.heartbeat.stop()
        worker_stopped(_current.store, _current.worker)
        _current.store.close()
        _current = None
