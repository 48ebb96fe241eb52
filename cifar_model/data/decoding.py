"""Turn image files into one array, and refuse those that are not 32x32 RGB images."""

import io
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from cifar_model.data.dataset import Images
from cifar_model.data.reading import has_read
from cifar_model.errors import InputError, listed

SIZE = (32, 32)
SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
FORMATS = ("JPEG", "PNG", "BMP", "GIF", "TIFF", "WEBP")
MAX_FILE_BYTES = 64 * 2**20
MAX_PIXELS = 64_000_000  # decoded, 200 MB a thread
BATCH = 50  # images a thread takes at a time


@dataclass(frozen=True, slots=True)
class PictureFile:
    """Describe an image not yet read: its path from the top of the data set and its bytes."""

    parts: tuple[str, ...]
    size: int
    read: Callable[[], bytes]


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
NOT_RGB = Fault(
    "not RGB",
    "RGB images: not grayscale, palette or CMYK, and without an alpha channel",
    "convert them, for example with Pillow: Image.open(path).convert('RGB').save(path)",
)
NOT_32 = Fault(
    f"not {SIZE[0]}x{SIZE[1]}",
    f"every image {SIZE[0]} pixels wide and {SIZE[1]} high",
    "give --resize to have them resized, or resize them yourself",
)


class _BadPicture(Exception):  # noqa: N818 (never leaves this module)
    def __init__(self, fault: Fault, detail: str) -> None:
        super().__init__(detail)
        self.fault = fault
        self.detail = detail


def decode(files: Sequence[PictureFile], title: str, resize: bool) -> Images:
    """Return all images (n, 32, 32, 3); InputError names the bad ones and how many there are."""
    images = np.empty((len(files), SIZE[1], SIZE[0], 3), np.uint8)

    def decode_batch(start: int) -> list[tuple[Fault, str]]:
        found = []
        for row in range(start, min(start + BATCH, len(files))):
            try:
                images[row] = _decode_one(files[row], resize)
            except _BadPicture as bad:
                found.append((bad.fault, f"{'/'.join(files[row].parts)} ({bad.detail})"))
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
    for fault in (TOO_LARGE, UNREADABLE, NOT_RGB, NOT_32):
        named = [name for kind, name in bad if kind is fault]
        if named:
            raise InputError(
                f"{len(named)} of {len(files)} images of {title} are {fault.what}: {listed(named)}",
                fault.expected,
                fault.fix,
            )
    return images


def resized(image: Image.Image) -> Image.Image:
    """Return an image of 32x32, whatever its proportions were."""
    return image.resize(SIZE, Image.Resampling.LANCZOS)


def _decode_one(file: PictureFile, resize: bool) -> Images:
    if file.size > MAX_FILE_BYTES:
        raise _BadPicture(TOO_LARGE, f"{file.size >> 20} MB")
    try:
        image = Image.open(io.BytesIO(file.read()), formats=FORMATS)
        _check_header(image, resize)
        image.load()
        # A telephone stores its images lying on their side, with a note of how to turn them.
        ImageOps.exif_transpose(image, in_place=True)
        return np.asarray(image if image.size == SIZE else resized(image))
    except Image.DecompressionBombError as error:
        raise _BadPicture(TOO_LARGE, str(error)) from error
    except UnidentifiedImageError as error:
        raise _BadPicture(UNREADABLE, "not an image") from error
    except _BadPicture:
        raise
    except Exception as error:  # Pillow's decoders raise almost anything on damaged bytes
        raise _BadPicture(UNREADABLE, str(error)[:80] or type(error).__name__) from error


def _check_header(image: Image.Image, resize: bool) -> None:
    size = f"{image.width}x{image.height}"
    if image.width * image.height > MAX_PIXELS:
        raise _BadPicture(TOO_LARGE, size)
    if image.mode != "RGB":
        raise _BadPicture(NOT_RGB, f"mode {image.mode}")
    if image.size != SIZE and not resize:
        raise _BadPicture(NOT_32, size)
