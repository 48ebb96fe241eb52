"""What stands for a superpixel that is hidden."""

import numpy as np

from cifar_model.explanation.regions import Picture, Segments


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
