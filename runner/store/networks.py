"""The network of a trial or a job, with the code that the store keeps of it."""

from collections.abc import Mapping
from typing import Any

from cifar_model.networks.network import Network
from runner.store.artifacts import get_artifact
from runner.store.engine import Store


def read_network(store: Store, stored: Mapping[str, Any] | None) -> Network:
    """Return the network with its code; raise InputError if that is missing or damaged."""
    digest = None if stored is None else stored["code"]
    return Network.from_json(stored, digest and get_artifact(store, digest).decode())
