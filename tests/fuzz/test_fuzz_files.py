"""Any npz and any zip as a data set is trained on or refused, and then leaves no experiment."""

import io
import warnings
import zipfile
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from tests.fuzz.command_line import CommandLine
from tests.fuzz.generated import generates

SIZES = st.sampled_from([0, 1, 3, 4, 8, 20, 28, 32])
SHAPES = st.lists(SIZES, max_size=4).map(tuple)
NUMBERS = ["uint8", "int8", "int64", "uint64", "float16", "float32", "float64", "bool", ">u2"]
TYPES = st.sampled_from([*NUMBERS, ">f8", "complex64", "<U3", "S2", "M8[s]"])
IMAGE_SHAPES = st.sampled_from([(20, 32, 32, 3), (20, 32, 32, 4), (20, 3, 32, 32), (20, 28, 28)])
LABELS = st.lists(
    st.integers(-1, 4) | st.sampled_from([2**63 - 1, 0.5, float("nan"), "cat", None, True]),
    min_size=19,
    max_size=20,
)
KEYS = ["images", "labels", "x_train", "y_train", "x_val", "y_val", "x_test", "y_test", "x"]
OPTIONS = ["--resize", "--train-size=5"]


@st.composite
def array(draw: st.DrawFn, key: str) -> Any:
    kind = draw(st.integers(0, 3))
    if kind == 0:
        return draw(TYPES.flatmap(lambda dtype: arrays.arrays(dtype, SHAPES.filter(small))))
    if key in ("labels", "y_train", "y_val", "y_test"):
        values = draw(LABELS)
        as_numbers = kind == 1 and all(type(one) is int for one in values)
        return np.array(values) if as_numbers else np.array([0, 1, 2, 3] * 5)
    pixels = np.random.default_rng(draw(st.integers(0, 9))).integers(0, 256, draw(IMAGE_SHAPES))
    return pixels.astype(draw(st.sampled_from(["uint8"] * 5 + ["float32", "int64", "bool"])))


def small(shape: tuple[int, ...]) -> bool:
    return int(np.prod(shape, dtype=np.int64)) < 4000


@st.composite
def npz(draw: st.DrawFn) -> bytes:
    pair = draw(st.sampled_from([["images", "labels"], ["x_train", "y_train"]]))
    keys = draw(st.lists(st.sampled_from(KEYS), max_size=2)) if draw(st.integers(0, 4)) == 0 else []
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=True, **{key: draw(array(key)) for key in [*pair, *keys]})
    return draw(damaged(buffer.getvalue()))


@st.composite
def damaged(draw: st.DrawFn, content: bytes) -> bytes:
    """Return bytes that are mostly what they were, sometimes cut or with one changed."""
    kind = draw(st.integers(0, 5))
    place = draw(st.integers(0, max(len(content) - 1, 0)))
    if kind == 0:
        return content[:place]
    if kind == 1:
        return content[:place] + bytes([draw(st.integers(0, 255))]) + content[place + 1 :]
    return content


def png(shade: int, mode: str = "RGB", size: int = 32) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, (size, size), 0).point(lambda _: shade).save(buffer, "PNG")
    return buffer.getvalue()


PICTURES = [png(shade) for shade in range(12)]
ODD_PICTURES = [b"", b"GIF89a", PICTURES[0][:40], png(1, "L"), png(1, "RGB", 8)]
NAMES = st.sampled_from(
    ["cat", "dog", "train", "Train", "test", "valid", "..", ".git", "é", "e\u0301", "\\", "a\x1bb"]
) | st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=4)
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)


class Unmarked(zipfile.ZipInfo):
    """A member whose name is stored as bytes that no mark says the encoding of."""

    __slots__ = ()

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802 (zipfile's name)
        return self.filename.encode("gbk", "replace"), self.flag_bits & ~0x800


@st.composite
def pictures(draw: st.DrawFn) -> bytes:
    top = draw(st.sampled_from(["", "", "train/", "Train/"]))
    classes = draw(st.lists(NAMES, min_size=2, max_size=3))
    members = [
        (f"{top}{name}/{row}.png", PICTURES[row + 4 * number])
        for number, name in enumerate(classes)
        for row in range(4)
    ]
    if draw(st.booleans()):
        odd = draw(st.sampled_from([*PICTURES, *ODD_PICTURES]))
        members.append((draw(PATHS) + draw(st.sampled_from([".png", "", "/"])), odd))
    member = draw(st.sampled_from([zipfile.ZipInfo, zipfile.ZipInfo, Unmarked]))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that occur twice
        for name, content in members:
            archive.writestr(member(name), content)
    return draw(damaged(buffer.getvalue()))


@generates("npz files", 1000)
@given(npz(), st.lists(st.sampled_from(OPTIONS), unique=True))
def test_an_npz_is_trained_on_or_refused(
    command_line: CommandLine, content: bytes, options: list[str]
) -> None:
    (command_line.directory / "arrays.npz").write_bytes(content)
    command_line(["submit", "train", "--dataset", "npz:arrays.npz", *options])


@generates("zip files", 1000)
@given(pictures(), st.lists(st.sampled_from(OPTIONS), unique=True))
def test_a_zip_is_trained_on_or_refused(
    command_line: CommandLine, content: bytes, options: list[str]
) -> None:
    (command_line.directory / "pets.zip").write_bytes(content)
    command_line(["submit", "train", "--dataset", "zip:pets.zip", *options])
