"""Load the data set of a job, and refuse one that is not what was submitted."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from cifar_model.data import Dataset, DatasetSpec, load
from cifar_model.errors import InputError


@lru_cache(maxsize=1)
def _load(spec: DatasetSpec, directory: Path) -> Dataset:
    return load(spec, directory)


def load_dataset(configuration: dict[str, Any], directory: Path) -> Dataset:
    """Return the data set of a job's configuration; a warm worker keeps the newest one."""
    dataset = _load(DatasetSpec.from_json(configuration), directory)
    if dataset.fingerprint != configuration["fingerprint"]:
        raise InputError(
            f"{dataset.name} has the fingerprint {dataset.fingerprint[:12]} on this host",
            f"the images that were submitted, {configuration['fingerprint'][:12]}",
            "give every host the same images, then `runner retry`",
        )
    return dataset
