"""The data set `digits`: the real 8x8 handwritten digits that scikit-learn carries, enlarged."""

import numpy as np

from cifar_model.data.dataset import Pictures, Split

ENLARGED = 4  # 8x8 becomes 32x32
BRIGHTEST = 16


def read() -> Pictures:
    """Return the 1,797 digits as RGB images of 32x32."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    gray = (digits.images.astype(np.int64) * 255 // BRIGHTEST).astype(np.uint8)
    large = gray.repeat(ENLARGED, axis=1).repeat(ENLARGED, axis=2)
    images = np.repeat(large[..., np.newaxis], 3, axis=-1)
    return Pictures(
        title="digits (UCI, 8x8 enlarged)",
        classes=tuple(str(digit) for digit in range(10)),
        train=Split(images, digits.target.astype(np.int64)),
        test=None,
    )
