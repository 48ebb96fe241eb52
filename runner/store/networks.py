"""The network of a trial or a job, with the code that the store keeps of it."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from cifar_model.networks.network import Network
from runner.store.artifacts import get_artifact
from runner.store.engine import Store


def read_network(store: Store, stored: Mapping[str, Any] | None) -> Network:
    """Return the network with its code; raise InputError if that is missing or damaged."""
    digest = None if stored is None else stored["code"]
    return Network.from_json(stored, digest and _code(store, digest))


@lru_cache(maxsize=8)
def _code(store: Store, digest: str) -> str:
    """Return the text of this SHA-256: the trials of an experiment share it."""
    return get_artifact(store, digest).decode()
