"""A trial in Python: its params and scores, its Keras model, predictions and explanations."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cifar_model.data import Description
from cifar_model.errors import InputError
from cifar_model.explanation.settings import (
    AUTO,
    DEFAULT_SAMPLES,
    METHODS,
    OLD_METHODS,
    SEGMENTATIONS,
    Settings,
    fixed_samples,
)
from cifar_model.params import ParamValues
from runner.api import checks, networks
from runner.api.explained import Explanations
from runner.api.home import Home
from runner.needs import check_allowed
from runner.reports.trial import TrialDocument, trial_document
from runner.store import queries


class Trial:
    """A trained trial in a store, by its number."""

    def __init__(self, home: Home, number: int) -> None:
        self._home = home
        self.number = number
        self._stored = queries.trial(home.store, number)
        self._predictor: Any = None

    @property
    def params(self) -> ParamValues:
        """Return the params as they were given."""
        return dict(self._stored.params)

    @property
    def dataset(self) -> Description:
        """Return the data set that it was trained on: its name, classes, shape and sizes."""
        return Description.from_json(self._stored.dataset)

    @property
    def document(self) -> TrialDocument:
        """Return its scores, epochs, attempts and evaluations, as `runner show` has them."""
        return trial_document(self._home.store, trial=self.number)

    def model(self) -> Any:
        """Return its Keras model, compiled, with the weights that its training ended with.

        Every call makes a new one.
        """
        check_allowed(self._home.settings, self._stored.network)
        return networks.restored(self._home.store, self._stored)

    def predict(self, images: NDArray[Any]) -> NDArray[np.floating]:
        """Return the probability of each class for each image (images, classes).

        Images are numbers from 0 to 255 as uint8, or from 0 to 1 as floats: an array
        (images, height, width, channels), or one image, which gives one row without the first
        axis. Grayscale images may come without their one channel.
        """
        given = _checked(images, self.dataset)
        if not len(given):
            return np.empty((0, len(self.dataset.classes)), np.float32)
        rows: NDArray[np.floating] = self._loaded().probabilities(_scaled(_several(given)))
        return rows if given.ndim == 4 else rows[0]

    def explain(
        self,
        images: NDArray[Any],
        *,
        labels: Sequence[str] | str = "predicted",
        method: str = METHODS[0],
        segmentation: str = SEGMENTATIONS[0],
        samples: int | str = DEFAULT_SAMPLES,
        seed: int = 0,
    ) -> Explanations:
        """Explain the predictions for images in this process; nothing is stored.

        Images are as those of `predict`; floats are rounded to 256 levels. The result has an
        `Explained` of `cifar_model.results` for each image.
        """
        method = checks.one_of("method", OLD_METHODS.get(method, method), METHODS)
        asked = checks.samples_of(samples, method)
        settings = Settings(
            segmentation=checks.one_of("segmentation", segmentation, SEGMENTATIONS),
            samples=fixed_samples(asked),
            seed=checks.whole_number("seed", seed),
            method=method,
            auto=asked == AUTO,
        )
        numbers = _labels(labels, self.dataset)
        bytes_ = _as_bytes(_several(_checked(images, self.dataset)))
        predictor = self._loaded()
        found = [networks.explain(predictor, image, numbers, settings) for image in bytes_]
        return Explanations(self._stored, settings, bytes_, found)

    def _loaded(self) -> Any:
        if self._predictor is None:
            self._predictor = networks.predictor(self.model())
        return self._predictor

    def __repr__(self) -> str:
        params = ", ".join(f"{name}={value}" for name, value in self.params.items())
        return f"<runner trial {self.number}: {params or 'default params'}>"

    def _repr_html_(self) -> str:
        from runner.api.display import trial_html

        return trial_html(self._home.store, self.number)


def _checked(images: Any, dataset: Description) -> NDArray[Any]:
    """Return images as an array; raise InputError unless the network takes them."""
    given = np.asarray(images)
    shape = tuple(dataset.shape)
    if shape[-1] == 1 and given.shape[-2:] == shape[:2]:
        given = given[..., np.newaxis]
    size = "x".join(map(str, shape))
    expected = f"images of {size} as uint8, or as floats from 0 to 1"
    if given.shape[-3:] != shape or given.ndim not in (3, 4):
        raise InputError(
            f"the images have the shape {given.shape}",
            f"(images, {', '.join(map(str, shape))})",
            f"resize them to {size}",
        )
    if given.dtype != np.uint8 and not np.issubdtype(given.dtype, np.floating):
        fix = "convert them, for example with images.astype('uint8')"
        raise InputError(f"the images are numbers of the type {given.dtype}", expected, fix)
    if given.dtype != np.uint8 and not ((given >= 0) & (given <= 1)).all():
        raise InputError(
            "the images are floats outside 0 to 1", expected, "divide them by 255, or use uint8"
        )
    return given


def _several(images: NDArray[Any]) -> NDArray[Any]:
    return images if images.ndim == 4 else images[None]


def _scaled(images: NDArray[Any]) -> NDArray[np.float32]:
    scaled: NDArray[np.float32] = images.astype(np.float32)
    # As data sets do it, so that the last digits are the same.
    return np.divide(images, 255, dtype=np.float32) if images.dtype == np.uint8 else scaled


def _as_bytes(images: NDArray[Any]) -> NDArray[np.uint8]:
    return images if images.dtype == np.uint8 else np.rint(images * 255).astype(np.uint8)


def _labels(labels: Sequence[str] | str, dataset: Description) -> list[int]:
    """Return the numbers of classes; none stand for the predicted one."""
    names = [labels] if isinstance(labels, str) else list(labels)
    if names == ["predicted"]:
        return []
    unknown = [name for name in names if name not in dataset.classes]
    if unknown or not names:
        raise InputError(
            f"labels={names!r}: the data set has no such class",
            f"'predicted', or one or more of {', '.join(dataset.classes)}",
            "correct labels",
        )
    return [dataset.classes.index(name) for name in dict.fromkeys(names)]
