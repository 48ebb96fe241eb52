"""Data sets, what holds for shapes: read, checked, or refused with a reason."""

import time
from pathlib import Path

import numpy as np

from cifar_model.data import DatasetSpec, load, shapes
from tests.cifar_model.picture_files import loaded

# The same on every machine. A change of the drawing makes old results another data set's: if it
# is meant, write the new fingerprint here.
SHAPES = "8132e626a6ac585fc96b015e382f98b35c3ea6a34d79f81f285bac736a986989"
DIGITS = "51daf5eb2e05b98059399b8384fb58945b8009c68f7ff48b86f42584102233d6"


def test_the_fingerprints_of_the_built_in_data_sets_are_fixed() -> None:
    assert loaded("shapes").fingerprint == SHAPES
    assert loaded("digits").fingerprint == DIGITS


def test_shapes_has_ten_classes_and_its_own_test_pictures() -> None:
    dataset = load(DatasetSpec("shapes", split_seed=5), Path())
    assert dataset.classes == tuple(sorted(shapes.REGIONS))
    assert dataset.train.images.shape == (4000, 32, 32, 3)
    assert dataset.train.images.dtype == np.uint8
    assert np.bincount(dataset.test.labels).tolist() == [100] * 10
    trained_with = {image.tobytes() for image in dataset.train.images}
    assert not any(image.tobytes() in trained_with for image in dataset.test.images)


def test_all_shapes_are_drawn_within_seconds() -> None:
    start = time.process_time()
    shapes.read()
    assert time.process_time() - start < 5


def test_the_object_of_a_test_picture_is_where_its_region_says() -> None:
    test = loaded("shapes").test
    for index in range(50):
        inside = shapes.region(index)
        image = test.images[index].astype(np.float64)
        # An object is of one colour but for the noise, and clutter never covers it.
        assert image[inside].std(axis=0).max() < shapes.NOISE / 2
        assert image[~inside].std(axis=0).max() > shapes.NOISE / 2
        assert 0.05 < inside.mean() < 0.45


def test_without_its_object_a_picture_is_the_same_to_the_byte_outside_of_it() -> None:
    test = loaded("shapes").test
    for index in range(0, 1000, 50):
        removed, inside = shapes.without_object(index), shapes.region(index)
        assert np.array_equal(removed[~inside], test.images[index][~inside])
        # Objects are lighter than what is behind them, in nearly every pixel.
        assert (removed[inside] != test.images[index][inside]).any(axis=-1).mean() > 0.95


def test_outside_its_object_a_picture_does_not_tell_the_class() -> None:
    drawing = shapes.draw(2000, seed=9)
    outside = np.where(drawing.regions[..., np.newaxis], np.nan, drawing.images)
    brightness = np.nanmean(outside, axis=(1, 2, 3))
    by_class = [brightness[drawing.labels == label] for label in range(10)]
    spread = np.std([group.mean() for group in by_class])
    assert spread < 2 * brightness.std() / np.sqrt(200)


def test_another_seed_draws_other_pictures() -> None:
    first, again, other = shapes.draw(20, 1), shapes.draw(20, 1), shapes.draw(20, 2)
    assert np.array_equal(first.images, again.images)
    assert not np.array_equal(first.regions, other.regions)


def test_digits_are_the_real_ones_enlarged() -> None:
    dataset = loaded("digits")
    image = dataset.train.images[0]
    assert image.shape == (32, 32, 3)
    assert np.array_equal(image, image[::4, ::4].repeat(4, axis=0).repeat(4, axis=1))
    assert dataset.train.images.max() == 255
    assert len(dataset.train) + len(dataset.validation) + len(dataset.test) == 1797
