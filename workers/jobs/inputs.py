"""Load the data set of a job, and refuse one that is not what was submitted."""

from functools import lru_cache
from pathlib import Path

from cifar_model.data import Dataset, DatasetSpec, Description, load
from cifar_model.data.folds import fold_of
from cifar_model.errors import InputError


@lru_cache(maxsize=1)
def _load(spec: DatasetSpec, directory: Path) -> Dataset:
    return load(spec, directory)


def load_dataset(asked: Description, directory: Path) -> Dataset:
    """Return the data set of a job; a warm worker keeps the newest one."""
    spec = DatasetSpec(asked.name, asked.train_size, asked.image_size, asked.split_seed)
    dataset = _load(spec, directory)
    if dataset.fingerprint != asked.fingerprint:
        raise InputError(
            f"{dataset.name} has the fingerprint {dataset.fingerprint[:12]} on this host",
            f"the fingerprint of the images at submission, {asked.fingerprint[:12]}",
            "copy the same images to every host, then run `runner retry`",
        )
    if asked.fold is None or asked.folds is None:
        return dataset
    return fold_of(dataset, asked.fold, asked.folds)
