"""Read pickled arrays, lists and dictionaries, and nothing that could run code."""

import io
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray


class _NumberType:
    """Stand in for `numpy.dtype`: the name of a number type and its byte order."""

    def __init__(self, name: str | bytes, *_flags: object) -> None:
        self.name = _text(name)
        self.order = "|"

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.order = _text(state[1])

    def array(self, content: bytes) -> NDArray[Any]:
        kind = np.dtype(self.order + self.name)
        if kind.kind not in "iuf":
            raise pickle.UnpicklingError(f"an array of dtype {self.name!r} is not numeric")
        return np.frombuffer(content, kind)


class _Array:
    """Stand in for `numpy.ndarray`, so that numpy's own unpickling never sees these bytes."""

    def __init__(self, *_empty: object) -> None:
        self.values: NDArray[Any] = np.empty(0, np.uint8)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _version, shape, kind, fortran, content = state
        self.values = kind.array(content).reshape(shape, order="F" if fortran else "C")


def _from_buffer(content: bytes, kind: _NumberType, shape: tuple[int, ...], order: str) -> _Array:
    array = _Array()
    array.__setstate__((1, shape, kind, order == "F", content))
    return array


def _scalar(kind: _NumberType, content: bytes) -> int | float:
    number: int | float = kind.array(content).item()
    return number


def _encoded(text: str, encoding: str) -> bytes:
    """Return the bytes that protocol 2 writes as text, for Python 2 to read."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"bytes in {encoding!r}")
    return text.encode("latin1")


def _text(value: str | bytes) -> str:
    return value.decode("ascii") if isinstance(value, bytes) else value


KNOWN: dict[tuple[str, str], Callable[..., object]] = {
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _NumberType,
    ("numpy.core.multiarray", "_reconstruct"): _Array,
    ("numpy._core.multiarray", "_reconstruct"): _Array,
    ("numpy._core.numeric", "_frombuffer"): _from_buffer,
    ("numpy.core.multiarray", "scalar"): _scalar,
    ("numpy._core.multiarray", "scalar"): _scalar,
    ("_codecs", "encode"): _encoded,
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Callable[..., object]:
        if (module, name) not in KNOWN:
            raise pickle.UnpicklingError(f"it loads {module}.{name}, which is not allowed")
        return KNOWN[module, name]


def read_dictionary(content: bytes) -> dict[str, Any]:
    """Return the pickled dictionary; pickle.UnpicklingError says what is wrong with it."""
    try:
        found = _Unpickler(io.BytesIO(content), encoding="bytes").load()
        return {
            _text(key): value.values if isinstance(value, _Array) else value
            for key, value in found.items()
        }
    except pickle.UnpicklingError:
        raise
    except Exception as error:  # damaged bytes make the unpickler raise almost anything
        raise pickle.UnpicklingError(f"{type(error).__name__}: {error}") from error
