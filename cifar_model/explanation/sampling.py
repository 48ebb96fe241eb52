"""Methods that predict many copies of an image with parts hidden at random, for all classes."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.special import comb

from cifar_model.explanation.regions import Divided
from cifar_model.prediction import AnyPredictor

# The cells on each side of RISE's masks, and the share of them that is shown.
CELLS, SHOWN = 8, 0.5

Array = NDArray[np.float64]


def predict_kept(
    predictor: AnyPredictor, divided: Divided, kept: NDArray[np.integer]
) -> NDArray[np.floating]:
    """Return the probabilities of a copy for each row, which is 1 for superpixels that are kept.

    Equal copies are predicted once.
    """
    packed = np.packbits(kept.astype(bool), axis=1)
    _, first, back = np.unique(packed, axis=0, return_index=True, return_inverse=True)
    hidden = ~kept[first].astype(bool)
    # A batch at a time: a thousand copies of a large image take gigabytes.
    found = [
        predictor.probabilities(divided.without(rows[:, divided.segments]))
        for rows in np.split(hidden, range(predictor.batch, len(hidden), predictor.batch))
    ]
    return np.concatenate(found)[back.ravel()]


def kernel_shap(predictor: AnyPredictor, divided: Divided, samples: int, seed: int) -> Array:
    """Return the Shapley values of the superpixels for every class (superpixels, classes).

    They come from a regression over coalitions (Lundberg and Lee, 2017) and are exact if there are
    no more coalitions than samples. They add up to the change from the wholly hidden image.
    """
    kept, weights = _coalitions(divided.superpixels, samples, np.random.default_rng(seed))
    ends = np.repeat([[0], [1]], divided.superpixels, axis=1)
    found = predict_kept(predictor, divided, np.concatenate([ends, kept])).astype(np.float64)
    nothing, change, rows = found[0], found[1] - found[0], found[2:]
    # The last superpixel has what the others leave of the change.
    last = kept[:, -1:]
    targets = rows - nothing - last * change
    root = np.sqrt(weights)[:, None]
    values, *_ = np.linalg.lstsq(root * (kept[:, :-1] - last), root * targets, rcond=None)
    solved: Array = np.concatenate([values, change - values.sum(axis=0, keepdims=True)])
    return solved


def _coalitions(
    superpixels: int, samples: int, random: np.random.Generator
) -> tuple[NDArray[np.int64], Array]:
    """Return coalitions, a row of 0 and 1 for each, and their weights in the regression."""
    sizes = np.arange(1, superpixels)
    of_sizes = (superpixels - 1) / (sizes * (superpixels - sizes))
    if superpixels < 60 and 2**superpixels - 2 <= samples:
        numbers = np.arange(1, 2**superpixels - 1)
        kept = numbers[:, None] >> np.arange(superpixels) & 1
        return kept, (of_sizes / comb(superpixels, sizes))[kept.sum(axis=1) - 1]
    drawn = random.choice(sizes, samples // 2, p=of_sizes / of_sizes.sum())
    rank = random.random((len(drawn), superpixels)).argsort(axis=1).argsort(axis=1)
    half = (rank < drawn[:, None]).astype(np.int64)
    # With each coalition goes its complement, which halves the noise.
    return np.concatenate([half, 1 - half]), np.ones(2 * len(half))


def rise(predictor: AnyPredictor, divided: Divided, samples: int, seed: int) -> Array:
    """Return RISE (Petsiuk and others, 2018) as the mean over each superpixel, for every class.

    A pixel's value is the mean probability of the copies by how much they show of it, less that of
    all copies: RISE by itself has no sign.
    """
    found: list[Array] = []
    weighted: Array = np.zeros(())
    total: Array = np.zeros(())
    for masks in _masks(divided, samples, predictor.batch, np.random.default_rng(seed)):
        shown = masks[..., None]
        copies = shown * divided.scaled + (1 - shown) * divided.filled
        rows = predictor.probabilities(copies.astype(np.float32)).astype(np.float64)
        found.append(rows)
        flat = masks.reshape(len(masks), -1).astype(np.float64)
        weighted = weighted + flat.T @ rows
        total = total + flat.sum(axis=0)
    pixels = weighted / total[:, None] - np.concatenate(found).mean(axis=0)
    ids = divided.segments.ravel()
    sums = np.zeros((divided.superpixels, pixels.shape[1]))
    np.add.at(sums, ids, pixels)
    means: Array = sums / np.bincount(ids)[:, None]
    return means


def _masks(
    divided: Divided, samples: int, batch: int, random: np.random.Generator
) -> Iterator[NDArray[np.float32]]:
    """Yield masks from 0 to 1: random cells, enlarged smoothly and shifted by less than one.

    They come a batch at a time: a thousand masks of a large image take gigabytes.
    """
    # Half a second that the command line, which needs the names of methods only, does not pay.
    from skimage.transform import resize

    height, width = divided.segments.shape
    rows, columns = -(-height // CELLS), -(-width // CELLS)
    cells = (random.random((CELLS, CELLS, samples)) < SHOWN).astype(np.float32)
    down, right = random.integers(rows, size=samples), random.integers(columns, size=samples)
    for start in range(0, samples, batch):
        part = slice(start, start + batch)
        size = ((CELLS + 1) * rows, (CELLS + 1) * columns, len(down[part]))
        large = resize(cells[..., part], size, order=1, mode="reflect", anti_aliasing=False)  # type: ignore[no-untyped-call]
        yield np.stack(
            [
                large[top : top + height, left : left + width, number]
                for number, (top, left) in enumerate(zip(down[part], right[part], strict=True))
            ]
        )


SAMPLED: dict[str, Callable[[AnyPredictor, Divided, int, int], Array]] = {
    "kernel_shap": kernel_shap,
    "rise": rise,
}
