"""Augmentation changes images, and nothing but its key decides how."""

import numpy as np
import pytest

from cifar_model.batches.augmentation import augment
from cifar_model.training_params import AUGMENTATIONS


@pytest.mark.parametrize("kind", AUGMENTATIONS)
def test_an_augmentation_depends_on_its_key_alone(kind: str) -> None:
    images = np.random.default_rng(0).random((6, 32, 24, 1), np.float32)
    labels = np.eye(3, dtype=np.float32)[[0, 1, 2, 0, 1, 2]]
    kept, key = (images.copy(), labels.copy()), (1, 2, 3, 4)
    found = augment(kind, images, labels, key)
    assert [part.shape for part in found] == [images.shape, labels.shape]
    assert {part.dtype for part in found} == {np.dtype("float32")}
    again, other = augment(kind, images, labels, key), augment(kind, images, labels, (1, 2, 3, 5))
    np.testing.assert_array_equal(found[0], again[0])
    np.testing.assert_array_equal(found[1], again[1])
    assert (kind == "none") == np.array_equal(found[0], other[0])
    assert (kind != "mixup") == np.array_equal(found[1], labels)
    assert found[1].sum(axis=1) == pytest.approx(np.ones(6), abs=1e-6)
    # What was given is as it was.
    np.testing.assert_array_equal(images, kept[0])
    np.testing.assert_array_equal(labels, kept[1])


def test_a_crop_has_only_pixels_of_its_image_and_a_hole_is_grey() -> None:
    images = np.arange(2 * 16 * 16, dtype=np.float32).reshape(2, 16, 16, 1) + 1
    labels = np.eye(2, dtype=np.float32)
    for seed in range(20):
        cropped, _ = augment("crop_flip", images, labels, (seed,))
        assert set(cropped[1].ravel()) <= set(images[1].ravel())
        with_hole, _ = augment("cutout", images, labels, (seed,))
        assert 16 <= (with_hole[0] == 0.5).sum() <= 64
