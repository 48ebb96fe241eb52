"""Arrays that are refused come with the code that mends them, and it does."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cifar_model.picture_files import loaded, refusal

RNG = np.random.default_rng(0)
X = RNG.integers(0, 256, (40, 32, 32, 3), dtype=np.uint8)
Y = np.arange(40) % 4


def saved(folder: Path, arrays: dict[str, Any]) -> str:
    np.savez(folder / "arrays.npz", **arrays)
    return f"npz:{folder / 'arrays.npz'}"


def follow(fix: str, arrays: dict[str, Any]) -> dict[str, Any]:
    """Do what a hint says: save the code's value under the name."""
    found = re.search(r"save `(.+?)` as (\w+)", fix)
    assert found, fix
    names = {"numpy": np, **arrays}
    return arrays | {found[2]: eval(found[1], names)}  # noqa: S307 (our own hint)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"labels": Y.astype(float)}, "float64"),
        ({"labels": Y == 1}, "bool"),
        ({"labels": Y / 2}, "float64"),
        ({"labels": Y[:39]}, "(39,)"),
        ({"labels": np.append(Y, 0)}, "(41,)"),
        ({"labels": np.array(["cat", "dog", "bird", "ship"])[Y]}, "words"),
        ({"labels": np.eye(4)[Y]}, "one-hot"),
        ({"labels": np.where(Y == 3, 2**63 + 5, Y).astype("uint64")}, "9223372036854775813"),
        ({"labels": np.where(Y == 3, 1e300, Y)}, "float64"),
        ({"labels": Y - 1}, "the label -1"),
        ({"labels": Y * 7}, "no image has the label 1"),
        ({"labels": Y.astype(object)}, "Python objects"),
        ({"images": X.astype("float32")}, "with values from 0 to 255"),
        ({"images": X.astype("int64")}, "with values from 0 to 255"),
        ({"images": X / 255}, "with values from 0 to 1"),
        ({"images": X / 127.5 - 1}, "with values from -1 to 1"),
        ({"images": X > 100}, "bool"),
        ({"images": np.concatenate([X, X[..., :1]], -1)}, "(40, 32, 32, 4)"),
        ({"images": np.concatenate([X, X[..., :1]], -1) / 255}, "(40, 32, 32, 4)"),
        ({"images": X.transpose(0, 3, 1, 2)}, "(40, 3, 32, 32)"),
        ({"images": X[..., 0] / 255}, "(40, 32, 32)"),
        ({"images": X[..., :1].transpose(0, 3, 1, 2)}, "(40, 1, 32, 32)"),
        ({"images": X.transpose(0, 3, 1, 2).reshape(40, 3072)}, "(40, 3072)"),
    ],
)
def test_the_code_in_a_hint_mends_the_array_that_is_named(
    changes: dict[str, Any], named: str, tmp_path: Path
) -> None:
    arrays = {"images": X, "labels": Y} | changes
    error = refusal(saved(tmp_path, arrays))
    assert named in error.what
    dataset = loaded(saved(tmp_path, follow(error.fix, arrays)))
    assert len(dataset.train) > 20
    assert len(dataset.classes) in (2, 4)


def test_labels_of_several_splits_are_numbered_alike(tmp_path: Path) -> None:
    words = np.array(["cat", "dog", "bird", "ship"])[Y]
    arrays: dict[str, Any] = {"x_train": X, "y_train": words, "x_test": X[4:], "y_test": words[4:]}
    error = refusal(saved(tmp_path, arrays))
    assert "of every split in the same way" in error.fix
    of_test = error.fix.replace(", y_train)` as y_train", ", y_test)` as y_test")
    mended = follow(error.fix, arrays) | {"y_test": follow(of_test, arrays)["y_test"]}
    dataset = loaded(saved(tmp_path, mended))
    assert sorted(dataset.classes) == ["0", "1", "2", "3"]
    assert np.array_equal(dataset.test.labels, np.array([1, 2, 0, 3])[Y[4:]])


def test_values_that_are_no_pixels_are_refused_with_their_range(tmp_path: Path) -> None:
    error = refusal(saved(tmp_path, {"images": X * 3.0 - 90, "labels": Y}))
    assert "from -90 to 675" in error.what
    assert "0 to 255" in error.fix


def test_the_arrays_of_medmnist_are_read_with_their_validation_split(tmp_path: Path) -> None:
    arrays = {
        f"{split}_{kind}": array
        for split, count in (("train", 40), ("val", 12), ("test", 8))
        for kind, array in (("images", X[:count]), ("labels", Y[:count, None]))
    }
    dataset = loaded(saved(tmp_path, arrays))
    sizes = len(dataset.train), len(dataset.validation), len(dataset.test)
    assert sizes == (40, 12, 8)
    assert np.array_equal(dataset.validation.images, X[:12])
