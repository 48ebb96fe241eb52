"""Artifacts: stored once, whole or refused."""

import tracemalloc
import zlib
from hashlib import sha256

import numpy as np
import pytest

from runner.errors import InputError
from runner.store.artifacts import get_array, get_artifact, put_array, put_artifact
from runner.store.engine import Store
from tests.runner.store.making import InProcesses, rows, run, value


def put(store: Store, content: bytes) -> str:
    with store.write() as connection:
        return put_artifact(connection, content)


@pytest.mark.parametrize("content", [b"", b"weights", bytes(range(256)) * 20_000])
def test_an_artifact_comes_back_under_the_name_of_its_hash(store: Store, content: bytes) -> None:
    name = put(store, content)
    assert name == sha256(content).hexdigest()
    assert get_artifact(store, name) == content


def test_an_artifact_is_stored_compressed(store: Store) -> None:
    put(store, bytes(1_000_000))
    assert value(store, "SELECT size FROM artifacts") == 1_000_000
    assert value(store, "SELECT length(content) FROM artifacts") < 10_000


def test_the_same_bytes_are_stored_once(store: Store) -> None:
    assert put(store, b"same") == put(store, b"same")
    assert rows(store, "artifacts") == 1


def test_the_same_bytes_at_the_same_moment_are_stored_once(
    store: Store, in_processes: InProcesses
) -> None:
    in_processes(4, lambda _: [put(store, b"%d" % number) for number in range(20)])
    assert rows(store, "artifacts") == 20


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        zlib.compress(b"weights")[:-8],
        zlib.compress(b"weighty"),
        b"x" + zlib.compress(b"weights"),
    ],
    ids=["empty", "cut", "other", "garbled"],
)
def test_a_damaged_artifact_is_refused_by_name(store: Store, damaged: bytes) -> None:
    name = put(store, b"weights")
    run(store, "UPDATE artifacts SET content = :damaged", damaged=damaged)
    with pytest.raises(InputError, match=f"{name} is damaged"):
        get_artifact(store, name)


def test_an_artifact_that_would_grow_to_more_than_its_size_does_not(store: Store) -> None:
    name = put(store, b"weights")
    bomb = zlib.compress(bytes(100_000_000))
    run(store, "UPDATE artifacts SET content = :bomb", bomb=bomb)
    tracemalloc.start()
    with pytest.raises(InputError, match="is damaged"):
        get_artifact(store, name)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10_000_000


def test_a_missing_artifact_is_refused_by_name(store: Store) -> None:
    with pytest.raises(InputError, match="abc is missing in the"):
        get_artifact(store, "abc")


@pytest.mark.parametrize(
    "array",
    [
        np.array([[-1, 0], [1, 1]], dtype=np.int8),
        np.linspace(0, 1, 5, dtype=np.float32),
        np.zeros((0, 3), dtype=np.uint8),
        np.asfortranarray(np.arange(6, dtype=np.int32).reshape(2, 3)),
    ],
)
def test_an_array_comes_back_with_its_type_and_shape(
    store: Store, array: "np.typing.NDArray[np.generic]"
) -> None:
    with store.write() as connection:
        name = put_array(connection, array)
    found = get_array(store, name)
    assert found.dtype == array.dtype
    assert np.array_equal(found, array)


def test_an_array_of_objects_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="Object arrays"), store.write() as connection:
        put_array(connection, np.array([object()]))
