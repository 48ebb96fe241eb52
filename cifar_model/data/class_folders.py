"""Data sets of picture files: a folder or a zip with a folder for each class.

Either class folders at the top, or `train/` and `test/` with the same class folders in each.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

import numpy as np

from cifar_model.data.archives import open_zip, read_member
from cifar_model.data.dataset import Pictures, Split
from cifar_model.data.decoding import SUFFIXES, PictureFile, decode, listed
from cifar_model.errors import InputError

LAYOUT = "class folders with pictures in them, or train/ and test/ with class folders in each"
LITTER = ("__MACOSX", "Thumbs.db", "desktop.ini")  # what desktops leave; names with a dot as well
DEEPEST = 4  # one level more than train/class/picture, to see what is too deep


Parts = tuple[str, ...]


@dataclass(frozen=True)
class Tree:
    """Hold the folders and files of a data set, by their paths from its top."""

    title: str
    folders: set[Parts]
    files: list[PictureFile]


def read_folder(path: Path, resize: bool) -> Pictures:
    """Read a folder with a folder for each class."""
    if not path.is_dir():
        raise InputError(f"{path} is not a folder", LAYOUT, "use zip:PATH or npz:PATH for a file")
    tree = Tree(f"{path.name} (folder)", set(), [])
    for parts, entry in _walk(path, ()):
        if entry.is_dir():
            tree.folders.add(parts)
        else:
            # Reading a pipe or a device would wait for ever: it counts as empty.
            read = Path(entry.path).read_bytes if entry.is_file() else bytes
            tree.files.append(PictureFile(parts, entry.stat().st_size, read))
    return _read_tree(tree, resize)


def read_zip(path: Path, resize: bool) -> Pictures:
    """Read a zip with a folder for each class."""
    with open_zip(path) as archive:
        tree = Tree(f"{path.stem} (zip)", set(), [])
        for member in archive.infolist():
            parts = PurePosixPath(member.filename).parts
            if not parts or any(_is_litter(part) for part in parts):
                continue
            folder = parts if member.is_dir() else parts[:-1]
            tree.folders.update(folder[:depth] for depth in range(1, len(folder) + 1))
            if not member.is_dir():
                read = partial(read_member, archive, member)
                tree.files.append(PictureFile(parts, member.file_size, read))
        return _read_tree(tree, resize)


def _walk(folder: Path, above: Parts) -> Iterator[tuple[Parts, os.DirEntry[str]]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if _is_litter(entry.name):
                continue
            parts = (*above, entry.name)
            yield parts, entry
            if entry.is_dir() and len(parts) < DEEPEST:
                yield from _walk(Path(entry.path), parts)


def _is_litter(name: str) -> bool:
    return name.startswith(".") or name in LITTER


def _read_tree(tree: Tree, resize: bool) -> Pictures:
    tops = _tops(tree)
    places = _places(tree, tops)
    classes = tuple(sorted({folder[-1] for folder in places}))
    _check_classes(tree.title, classes)
    _check_filled(tree.title, places, tops, classes)
    chosen = [
        [(file, label) for label, name in enumerate(classes) for file in places[*top, name]]
        for top in tops
    ]
    images = decode([file for split in chosen for file, _ in split], tree.title, resize)
    labels = np.array([label for split in chosen for _, label in split], np.int64)
    everything, cut = Split(images, labels), len(chosen[0])
    return Pictures(
        title=tree.title,
        classes=classes,
        train=everything.take(slice(cut)),
        test=everything.take(slice(cut, None)) if len(chosen) == 2 else None,
    )


def _tops(tree: Tree) -> list[Parts]:
    """Return where the class folders are: at the top, or in train/ and perhaps test/."""
    # A folder of pictures called train is a class: it may be a set of vehicles.
    if not any(folder[0] == "train" and len(folder) == 2 for folder in tree.folders):
        return [()]
    return [("train",), ("test",)] if ("test",) in tree.folders else [("train",)]


def _places(tree: Tree, tops: list[Parts]) -> dict[Parts, list[PictureFile]]:
    """Return the files of each class folder; refuse what is not a picture in one of them."""
    places: dict[Parts, list[PictureFile]] = {
        folder: [] for folder in tree.folders if folder[:-1] in tops
    }
    strays = []
    for file in sorted(tree.files, key=lambda file: file.parts):
        is_picture = PurePosixPath(file.parts[-1]).suffix.lower() in SUFFIXES
        place = places.get(file.parts[:-1])
        if place is not None and is_picture:
            place.append(file)
        elif is_picture or len(file.parts) > len(tops[0]) + 1:  # notes may lie beside the classes
            strays.append("/".join(file.parts))
    if strays:
        raise InputError(
            f"{len(strays)} of {len(tree.files)} files of {tree.title} are not pictures in a "
            f"class folder: {listed(strays)}",
            f"{LAYOUT}; pictures are {', '.join(SUFFIXES)}",
            "move, convert or remove them; of a folder, zip what is in it and not the folder",
        )
    return places


def _check_classes(title: str, classes: tuple[str, ...]) -> None:
    if len(classes) < 2:
        raise InputError(
            f"{title} has only the class {classes[0]!r}" if classes else f"{title} has no classes",
            f"at least two classes: {LAYOUT}",
            "put the pictures of each class into a folder of their own",
        )
    unprintable = [ascii(name) for name in classes if not name.isprintable()]
    if unprintable:
        raise InputError(
            f"class folders of {title} with names that cannot be printed: {listed(unprintable)}",
            "names of letters, digits, spaces and signs",
            "rename them",
        )


def _check_filled(
    title: str,
    places: dict[Parts, list[PictureFile]],
    tops: list[Parts],
    classes: tuple[str, ...],
) -> None:
    folders = [(*top, name) for top in tops for name in classes]
    empty = ["/".join(folder) for folder in folders if not places.get(folder)]
    if empty:
        raise InputError(
            f"class folders of {title} without pictures: {listed(empty)}",
            "at least one picture in every class folder, of train/ and of test/ alike",
            "add pictures or remove the class",
        )
