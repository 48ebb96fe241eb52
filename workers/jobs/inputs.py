"""What a job works with: its data set, if that is what was submitted, and its params."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from cifar_model.data import Dataset, DatasetSpec, Description
from cifar_model.data.folds import fold_of
from cifar_model.errors import InputError
from cifar_model.params import Params
from runner.datasets.decoded import load_once, mark_used
from runner.store.engine import Store
from runner.store.networks import read_network
from workers.retrying import retry_while_unavailable


@lru_cache(maxsize=1)
def _load(spec: DatasetSpec, fingerprint: str, directory: Path) -> Dataset:
    return load_once(spec, fingerprint, directory)


def load_dataset(asked: Description, directory: Path) -> Dataset:
    """Return the data set of a job; a warm worker keeps the newest one."""
    spec = DatasetSpec(asked.name, asked.train_size, asked.image_size, asked.split_seed)
    dataset = _load(spec, asked.fingerprint, directory)
    mark_used(spec, asked.fingerprint, directory)
    if dataset.fingerprint != asked.fingerprint:
        # The files may be corrected before the retry.
        _load.cache_clear()
        raise InputError(
            f"{dataset.name} has the fingerprint {dataset.fingerprint[:12]} on this host",
            f"the fingerprint of the images at submission, {asked.fingerprint[:12]}",
            "copy the same images to every host, then run `runner retry`",
        )
    if asked.fold is None or asked.folds is None:
        return dataset
    return fold_of(dataset, asked.fold, asked.folds)


def read_params(
    store: Store, params: Mapping[str, Any], network: Mapping[str, Any] | None
) -> Params:
    """Return stored params with their network, whose code comes from the store."""
    return Params.from_json(params, retry_while_unavailable(lambda: read_network(store, network)))
