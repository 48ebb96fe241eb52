"""The weights of a bundle are read only where they are those of the bundle's params."""

import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import psutil
import pytest

from cifar_model.errors import InputError
from cifar_model.networks import building
from cifar_model.networks.network import RESNET
from cifar_model.params import Params
from workers.keras_files import WEIGHTS, weights

PARAMS = {"filters": 2, "blocks": 1}
SHAPE, CLASSES = (8, 8, 3), 2


OWN = """
import keras
from keras import layers


def build(shape, classes, *, width=4):
    inputs = keras.Input(shape)
    outputs = layers.Dense(classes)(layers.Dense(width)(layers.Flatten()(inputs)))
    return keras.Model(inputs, outputs)
"""


@pytest.fixture(scope="module")
def model() -> keras.Model:
    return building.build(Params.from_json(PARAMS), SHAPE, CLASSES)


@pytest.fixture
def bundle(tmp_path: Path, model: keras.Model) -> Path:
    """Offer the model file of a bundle, of a network that nobody has trained."""
    model.save(tmp_path / "model.keras")
    return tmp_path


def read_weights(bundle: Path, params: dict[str, Any] = PARAMS) -> None:
    described = {"params": params, "shape": SHAPE, "classes": CLASSES}
    weights(bundle / "model.keras", bundle / "out.npz", described)


def repack(bundle: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> None:
    """Write the model file again with other members."""
    path = bundle / "model.keras"
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in {**contents, **members}.items():
            archive.writestr(name, content)


def edited(bundle: Path, edit: Callable[[h5py.File], object]) -> None:
    """Change the file of weights."""
    path = bundle / "changed.h5"
    with zipfile.ZipFile(bundle / "model.keras") as archive:
        path.write_bytes(archive.read(WEIGHTS))
    with h5py.File(path, "a") as file:
        edit(file)
    repack(bundle, {WEIGHTS: path.read_bytes()})


def refusal(bundle: Path, params: dict[str, Any] = PARAMS) -> str:
    with pytest.raises(InputError) as refused:
        read_weights(bundle, params)
    assert not (bundle / "out.npz").exists()
    return refused.value.what


def test_they_are_those_of_the_model(bundle: Path, model: keras.Model) -> None:
    read_weights(bundle)
    assert (bundle / "out.npz").read_bytes() == building.weights_bytes(model)


def test_what_the_file_says_of_the_network_is_not_read(bundle: Path, model: keras.Model) -> None:
    repack(bundle, {"config.json": b'{"class_name": "Lambda"}', "metadata.json": b"["})
    read_weights(bundle)
    assert (bundle / "out.npz").read_bytes() == building.weights_bytes(model)


def test_a_file_that_is_compressed_is_refused(bundle: Path) -> None:
    repack(bundle, {}, zipfile.ZIP_DEFLATED)
    assert "it is compressed" in refusal(bundle)


def test_an_array_that_unpacks_to_gigabytes_is_refused_unread(bundle: Path) -> None:
    edited(
        bundle,
        lambda file: file.create_dataset(
            "layers/bomb", (400_000_000,), "f4", chunks=(1_000_000,), compression="gzip"
        ),
    )
    tracemalloc.start()
    assert "bomb is compressed" in refusal(bundle)
    assert tracemalloc.get_traced_memory()[1] < 50_000_000
    tracemalloc.stop()


def test_an_array_in_another_file_is_refused(bundle: Path) -> None:
    edited(
        bundle,
        lambda file: file.create_dataset(
            "layers/away", (4,), "f4", external=[("/etc/hostname", 0, 16)]
        ),
    )
    assert "is stored in another file" in refusal(bundle)


def test_a_link_is_refused(bundle: Path) -> None:
    edited(bundle, lambda file: file.__setitem__("there", h5py.ExternalLink("/etc/x.h5", "/")))
    assert "there is a link" in refusal(bundle)


def test_params_of_a_network_larger_than_the_file_are_refused_before_it_is_built(
    bundle: Path,
) -> None:
    params = {"filters": 1024, "blocks": 3}
    assert "fewer weights than its params require" in refusal(bundle, params)


def test_a_large_network_of_another_kind_is_refused_before_it_takes_memory(bundle: Path) -> None:
    (bundle / "own.py").write_text(OWN)
    own = {"name": "own.py:build", "parameters": {"width": 4}, "code": "0" * 64}
    resnet = {"name": RESNET.name, "parameters": dict(RESNET.parameters), "code": None}
    # More than a gigabyte each.
    for network, params in ((own, {"width": 2_000_000}), (resnet, {"width": 1024, "depth": 4})):
        described = {
            "params": params,
            "shape": (32, 32, 3) if network is resnet else SHAPE,
            "classes": CLASSES,
            "network": network,
            "code": str(bundle / "own.py"),
        }
        before = psutil.Process().memory_info().rss
        with pytest.raises(InputError, match="fewer weights than its params require"):
            weights(bundle / "model.keras", bundle / "out.npz", described)
        assert psutil.Process().memory_info().rss - before < 200_000_000


def test_weights_of_another_shape_are_refused(bundle: Path) -> None:
    def widen(file: h5py.File) -> None:
        del file["layers/conv2d/vars/0"]
        file["layers/conv2d/vars/0"] = np.zeros((3, 3, 3, 4), np.float32)

    edited(bundle, widen)
    assert "do not fit its params" in refusal(bundle)


@pytest.mark.parametrize("content", [b"", b"PK", b"x" * 1000])
def test_a_file_that_is_no_archive_is_refused(bundle: Path, content: bytes) -> None:
    (bundle / "model.keras").write_bytes(content)
    assert "cannot be unpacked" in refusal(bundle)


def test_weights_that_are_no_hdf5_are_refused(bundle: Path) -> None:
    repack(bundle, {WEIGHTS: b"no hdf5"})
    assert "cannot be read" in refusal(bundle)


def test_another_file_beside_the_weights_is_refused(bundle: Path) -> None:
    repack(bundle, {"assets/run.py": b""})
    assert "does not contain exactly the files" in refusal(bundle)
