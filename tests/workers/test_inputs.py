"""The data set of a job: the one that was submitted, and not to be changed by a job."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cifar_model.data import DatasetSpec, Description, load
from cifar_model.errors import InputError
from workers.jobs.inputs import load_dataset


def arrays(path: Path, seed: int) -> DatasetSpec:
    images = np.random.default_rng(seed).integers(0, 256, (40, 8, 8, 3), dtype=np.uint8)
    np.savez(path / "arrays.npz", images=images, labels=np.arange(40) % 4)
    return DatasetSpec(f"npz:{path / 'arrays.npz'}")


def described(spec: DatasetSpec, path: Path) -> Description:
    return Description.from_json(spec.to_json() | load(spec, path).to_json())


def test_files_that_were_wrong_are_read_again_once_they_are_corrected(tmp_path: Path) -> None:
    asked = described(arrays(tmp_path, 0), tmp_path)
    arrays(tmp_path, 1)
    with pytest.raises(InputError, match="copy the same images to every host"):
        load_dataset(asked, tmp_path)
    arrays(tmp_path, 0)
    assert load_dataset(asked, tmp_path).fingerprint == asked.fingerprint


@pytest.mark.parametrize("fold", [None, 1])
def test_a_job_cannot_change_the_images_of_the_next(tmp_path: Path, fold: int | None) -> None:
    asked = described(arrays(tmp_path, 0), tmp_path)
    asked = replace(asked, fold=fold, folds=fold and 4)
    for split in ("train", "validation", "test"):
        for part in ("images", "labels"):
            with pytest.raises(ValueError, match="read-only"):
                np.random.default_rng(0).shuffle(
                    getattr(getattr(load_dataset(asked, tmp_path), split), part)
                )
