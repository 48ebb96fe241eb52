"""Divide an image into superpixels, as fits its size or as stock LIME does, and fill them."""

import numpy as np

from cifar_model.explanation.regions import Divided, Picture, Segments

# LIME's default finds one to three superpixels on 99 % of 32x32 images; these find 20 to 40 on
# images of any size. Smoothed by a pixel, noise draws no borders and objects do.
SUPERPIXELS = 40
COMPACTNESS = 10
SMOOTHING = 1


def divide(scaled: Picture, segmentation: str) -> Divided:
    """Divide an image in [0, 1] and choose what stands for its superpixels, as the name says."""
    segments = segment(scaled, segmentation)
    return divided_as(scaled, segments, segmentation)


def divided_as(scaled: Picture, segments: Segments, segmentation: str) -> Divided:
    """Return an image in [0, 1] divided into given superpixels, with what stands for them."""
    hide = own_colour if segmentation == "stock" else colour_around
    return Divided(scaled, segments, hide(scaled, segments))


def segment(scaled: Picture, segmentation: str) -> Segments:
    """Divide an image in [0, 1] into superpixels with ids 0, 1, 2, ... and no gap.

    A gap in the ids would make LIME's weights those of other superpixels. A grayscale image is
    divided as the same image in RGB.
    """
    if scaled.shape[-1] == 1:
        scaled = scaled.repeat(3, axis=-1)
    # Half a second that the command line, which needs the names only, does not pay.
    from skimage.segmentation import quickshift, slic

    if segmentation == "stock":
        found = quickshift(scaled, kernel_size=4, max_dist=200, ratio=0.2)  # type: ignore[no-untyped-call]
    else:
        found = slic(
            scaled,
            n_segments=_segments(*scaled.shape[:2]),
            compactness=COMPACTNESS,
            sigma=SMOOTHING,
            start_label=0,
            channel_axis=-1,
        )
    _, compact = np.unique(found, return_inverse=True)
    return compact.reshape(found.shape).astype(np.int32)


def _segments(height: int, width: int) -> int:
    """Return how many segments to ask for, so that there are no more than SUPERPIXELS.

    SLIC starts from a grid of whole pixels, which has more points than were asked for where the
    distance between them is rounded down: 49 of 28x28 for 40, and all 64 of 8x8.
    """
    from skimage.util import regular_grid

    place = np.zeros((1, height, width), np.bool_)
    for segments in range(SUPERPIXELS, 0, -1):
        if place[regular_grid(place.shape, segments)].size <= SUPERPIXELS:  # type: ignore[no-untyped-call]
            break
    return segments


def own_colour(scaled: Picture, segments: Segments) -> Picture:
    """Return the image with every superpixel in its mean colour, as LIME does unless told.

    A superpixel inside an object then looks as before: this hides edges and no object.
    """
    filled = scaled.copy()
    for superpixel in range(int(segments.max()) + 1):
        inside = segments == superpixel
        filled[inside] = [
            np.mean(scaled[inside][:, channel]) for channel in range(scaled.shape[-1])
        ]
    return filled


def colour_around(scaled: Picture, segments: Segments) -> Picture:
    """Return the image with every superpixel in the mean colour of those that touch it."""
    superpixels = int(segments.max()) + 1
    if superpixels == 1:
        return own_colour(scaled, segments)
    touch = np.zeros((superpixels, superpixels))
    for one, other in ((segments[1:], segments[:-1]), (segments[:, 1:], segments[:, :-1])):
        touch[one, other] = touch[other, one] = 1
    np.fill_diagonal(touch, 0)
    flat = segments.ravel()
    sums = [
        np.bincount(flat, weights=scaled[..., channel].ravel())
        for channel in range(scaled.shape[-1])
    ]
    colours = (touch @ np.transpose(sums)) / (touch @ np.bincount(flat))[:, None]
    filled: Picture = colours.astype(np.float32)[segments]
    return filled
