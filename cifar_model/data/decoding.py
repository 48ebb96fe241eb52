"""Turn image files into one array, and refuse those that do not fit into it."""

import io
import os
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from cifar_model.data.dataset import Images
from cifar_model.data.description import RESIZED
from cifar_model.data.reading import has_read
from cifar_model.data.sizes import (
    RESIZE_FIX,
    as_text,
    check_bytes,
    check_sides,
    colours,
    resized_image,
)
from cifar_model.errors import InputError, listed

SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
FORMATS = ("JPEG", "PNG", "BMP", "GIF", "TIFF", "WEBP")
Shape = tuple[int, ...]

MODES = ("RGB", "L")  # as Pillow calls three bytes a pixel, and one
MAX_FILE_BYTES = 64 * 2**20
MAX_PIXELS = 64_000_000  # decoded, 200 MB a thread
BATCH = 50  # images a thread takes at a time


@dataclass(frozen=True, slots=True)
class PictureFile:
    """Describe an image not yet read: its path from the top of the data set and its bytes."""

    parts: tuple[str, ...]
    size: int
    read: Callable[[], bytes]

    @property
    def name(self) -> str:
        """Return its path as text."""
        return "/".join(self.parts)


class Fault(NamedTuple):
    """Say what is wrong with many files at once."""

    what: str
    expected: str
    fix: str


TOO_LARGE = Fault(
    "too large",
    f"at most {MAX_PIXELS // 1_000_000} megapixels and {MAX_FILE_BYTES >> 20} MB per image",
    "make them smaller or remove them",
)
UNREADABLE = Fault(
    "unreadable",
    f"complete image files ({', '.join(SUFFIXES)})",
    "replace or remove them; if a copy or download was incomplete, repeat it",
)
CONVERT = "convert them, for example with Pillow: Image.open(path).convert('{}').save(path)"
NOT_PLAIN = Fault(
    "neither RGB nor grayscale",
    "RGB or grayscale images: not palette or CMYK, and without an alpha channel",
    CONVERT.format("RGB"),
)


class _BadPicture(Exception):  # noqa: N818 (never leaves this module)
    def __init__(self, fault: Fault, detail: str) -> None:
        super().__init__(detail)
        self.fault = fault
        self.detail = detail


def decode(files: Sequence[PictureFile], title: str, image_size: int | None) -> Images:
    """Return all images (n, height, width, channels), resized if a size is given.

    Raises InputError, which names the bad ones and says how many there are.
    """
    first, shape = _first(files, image_size)
    check_sides(f"{first} of {title} is", shape)
    check_bytes(title, len(files), shape)
    images = np.empty((len(files), *shape), np.uint8)
    shapes: list[Shape] = [shape] * len(files)

    def decode_batch(start: int) -> list[tuple[Fault, str]]:
        found = []
        for row in range(start, min(start + BATCH, len(files))):
            try:
                image = _decode_one(files[row], image_size)
            except _BadPicture as bad:
                found.append((bad.fault, f"{files[row].name} ({bad.detail})"))
                continue
            shapes[row] = image.shape
            if image.shape == shape:
                images[row] = image
        return found

    # Pillow decodes outside Python's lock: two threads are 1.9 times as fast with large images.
    # Of a small one most of the time is Pillow's Python, which no thread makes faster.
    bad = []
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        batches = [pool.submit(decode_batch, start) for start in range(0, len(files), BATCH)]
        try:
            for number, batch in enumerate(batches, start=1):
                bad += batch.result()
                has_read(min(number * BATCH, len(files)), len(files))
        except BaseException:
            # Whoever interrupts does not wait for the rest.
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    for fault in (TOO_LARGE, UNREADABLE, NOT_PLAIN):
        named = [name for kind, name in bad if kind is fault]
        if named:
            raise InputError(
                f"{len(named)} of {len(files)} images of {title} are {fault.what}: {listed(named)}",
                fault.expected,
                fault.fix,
            )
    for text, expected, fix in (
        (colours, "only RGB images or only grayscale images", CONVERT),
        (as_text, "images that all have the same size", RESIZE_FIX),
    ):
        _check_alike(files, [text(shape) for shape in shapes], title, expected, fix)
    return images


def _check_alike(
    files: Sequence[PictureFile], kinds: Sequence[str], title: str, expected: str, fix: str
) -> None:
    """Raise InputError, naming the images that are not like most, if they are not all alike."""
    most = Counter(kinds).most_common(1)[0][0]
    others = [
        f"{file.name} ({kind})" for file, kind in zip(files, kinds, strict=True) if kind != most
    ]
    if others:
        raise InputError(
            f"{len(others)} of {len(files)} images of {title} are not {most} like the others:"
            f" {listed(others)}",
            expected,
            fix.format("L" if most == "grayscale" else "RGB"),
        )


def _first(files: Sequence[PictureFile], image_size: int | None) -> tuple[str, Shape]:
    """Return the first image that can be read and its shape, which all have to have."""
    for file in files:
        try:
            return file.name, _decode_one(file, image_size).shape
        except _BadPicture:
            continue
    side = image_size or RESIZED
    return files[0].name, (side, side, 3)


def _decode_one(file: PictureFile, image_size: int | None) -> Images:
    """Return one image (height, width, channels)."""
    if file.size > MAX_FILE_BYTES:
        raise _BadPicture(TOO_LARGE, f"{file.size >> 20} MB")
    try:
        image = Image.open(io.BytesIO(file.read()), formats=FORMATS)
        _check_header(image)
        image.load()
        # A telephone stores its images lying on their side, with a note of how to turn them.
        ImageOps.exif_transpose(image, in_place=True)
        pixels = np.asarray(resized_image(image, image_size) if image_size else image)
        return pixels if pixels.ndim == 3 else pixels[..., np.newaxis]
    except Image.DecompressionBombError as error:
        raise _BadPicture(TOO_LARGE, str(error)) from error
    except UnidentifiedImageError as error:
        raise _BadPicture(UNREADABLE, "not an image") from error
    except _BadPicture:
        raise
    except Exception as error:  # Pillow's decoders raise almost anything on damaged bytes
        raise _BadPicture(UNREADABLE, str(error)[:80] or type(error).__name__) from error


def _check_header(image: Image.Image) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise _BadPicture(TOO_LARGE, f"{image.width}x{image.height}")
    if image.mode not in MODES:
        raise _BadPicture(NOT_PLAIN, f"mode {image.mode}")
