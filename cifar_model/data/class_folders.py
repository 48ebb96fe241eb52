"""Data sets of image files: a folder or a zip with a folder for each class.

Either class folders at the top, or `train/`, perhaps `valid/`, and `test/` with the same class
folders in each. Names are compared in Unicode's composed form (NFC), as whoever reads them does.
"""

import json
import os
import shlex
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

import numpy as np

from cifar_model.data.archives import open_zip, read_member, read_names
from cifar_model.data.dataset import Pictures, Split
from cifar_model.data.decoding import SUFFIXES, PictureFile, decode
from cifar_model.errors import InputError, listed

LAYOUT = (
    "class folders that contain images, or train/ and test/ (optionally valid/) with class "
    "folders in each"
)
# What folders of splits are called, in capitals too.
SPLITS = {
    "train": "train",
    "valid": "validation",
    "val": "validation",
    "validation": "validation",
    "test": "test",
}
LITTER = ("__MACOSX", "Thumbs.db", "desktop.ini")  # what desktops leave; names with a dot as well
DEEPEST = 4  # one level more than train/class/picture, to see what is too deep
MOST_NAME = 255  # characters of the name of a class


Parts = tuple[str, ...]


@dataclass(frozen=True)
class Tree:
    """Hold the folders and files of a data set, by their paths from its top."""

    title: str
    folders: set[Parts]
    files: list[PictureFile]


def read_folder(path: Path, image_size: int | None) -> Pictures:
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
    return _read_tree(tree, image_size)


def paths_below(path: Path) -> list[Path]:
    """Return the files and folders that `read_folder` looks at."""
    return [Path(entry.path) for _, entry in _walk(path, ())]


def read_zip(path: Path, image_size: int | None) -> Pictures:
    """Read a zip with a folder for each class."""
    with open_zip(path) as archive:
        tree = Tree(f"{path.stem} (zip)", set(), [])
        names, unknown = read_names(archive)
        unreadable = []
        for member, name in zip(archive.infolist(), names, strict=True):
            parts = PurePosixPath(unicodedata.normalize("NFC", name)).parts
            if not parts or any(_is_litter(part) for part in parts):
                continue
            is_folder = name.endswith("/")
            folder = parts if is_folder else parts[:-1]
            if name in unknown and not "".join(folder).isascii():
                unreadable.append("/".join(folder))
            tree.folders.update(folder[:depth] for depth in range(1, len(folder) + 1))
            if not is_folder:
                read = partial(read_member, archive, member)
                tree.files.append(PictureFile(parts, member.file_size, read))
        if unreadable:
            raise _unknown_encoding(path, list(dict.fromkeys(unreadable)))
        return _read_tree(tree, image_size)


def _unknown_encoding(path: Path, names: list[str]) -> InputError:
    place = path.with_name(f"{path.stem}-unpacked")
    source, target = json.dumps(str(path)), json.dumps(str(place))
    program = (
        f'import zipfile; zipfile.ZipFile({source}, metadata_encoding="gbk").extractall({target})'
    )
    return InputError(
        f"{path} has folders with names that are not UTF-8: {listed(names)}",
        "names in UTF-8",
        f"unpack it with `python3 -c {shlex.quote(program)}`, replacing gbk by the encoding of "
        "the system that created it (for example cp437, cp1252 or shift_jis), and use "
        f"folder:{place}",
    )


def _walk(folder: Path, above: Parts) -> Iterator[tuple[Parts, os.DirEntry[str]]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if _is_litter(entry.name):
                continue
            parts = (*above, unicodedata.normalize("NFC", entry.name))
            yield parts, entry
            if entry.is_dir() and len(parts) < DEEPEST:
                yield from _walk(Path(entry.path), parts)


def _is_litter(name: str) -> bool:
    return name.startswith(".") or name in LITTER


def _read_tree(tree: Tree, image_size: int | None) -> Pictures:
    _check_doubled(tree)
    tops = _tops(tree)
    places = _places(tree, list(tops.values()))
    classes = tuple(sorted({folder[-1] for folder in places}))
    _check_classes(tree.title, classes)
    _check_filled(tree.title, places, list(tops.values()), classes)
    chosen = {
        split: [(file, label) for label, name in enumerate(classes) for file in places[*top, name]]
        for split, top in tops.items()
    }
    files = [file for of_split in chosen.values() for file, _ in of_split]
    images = decode(files, tree.title, image_size)
    labels = np.array([label for of_split in chosen.values() for _, label in of_split], np.int64)
    everything, start = Split(images, labels), 0
    splits = {}
    for split, of_split in chosen.items():
        splits[split] = everything.take(slice(start, start + len(of_split)))
        start += len(of_split)
    return Pictures(
        title=tree.title,
        classes=classes,
        train=splits["train"],
        validation=splits.get("validation"),
        test=splits.get("test"),
    )


def _check_doubled(tree: Tree) -> None:
    counts = Counter(file.parts for file in tree.files)
    doubled = ["/".join(parts) for parts, count in counts.items() if count > 1]
    if doubled:
        raise InputError(
            f"{tree.title} has several files with the same name: {listed(doubled)}",
            "unique names; names that differ only in their Unicode normalization are equal",
            "rename the duplicates or remove them",
        )


def _tops(tree: Tree) -> dict[str, Parts]:
    """Return where the class folders of each split are; at the top, all are for training."""
    # A folder of images called train is a class: it may be a set of vehicles.
    if not any(folder[0].lower() == "train" and len(folder) == 2 for folder in tree.folders):
        return {"train": ()}
    tops: dict[str, Parts] = {}
    for name in sorted(folder[0] for folder in tree.folders if len(folder) == 1):
        split = SPLITS.get(name.lower())
        if split in tops:
            raise InputError(
                f"{tree.title} has two folders for the same split: {tops[split][0]} and {name}",
                LAYOUT,
                "move all images into one of them",
            )
        if split is not None:
            tops[split] = (name,)
    return tops


def _places(tree: Tree, tops: list[Parts]) -> dict[Parts, list[PictureFile]]:
    """Return the files of each class folder; refuse what is not an image in one of them."""
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
    strays += ["/".join(folder) for folder in tree.folders if len(folder) == DEEPEST]
    if strays:
        raise InputError(
            f"{len(strays)} of {len(tree.files)} files of {tree.title} are not images in a "
            f"class folder: {listed(strays)}",
            f"{LAYOUT}; images are {', '.join(SUFFIXES)}",
            "move, convert or remove them; if you zipped a folder, zip its contents instead of "
            "the folder itself",
        )
    return places


def _check_classes(title: str, classes: tuple[str, ...]) -> None:
    if len(classes) < 2:
        raise InputError(
            f"{title} has only the class {classes[0]!r}" if classes else f"{title} has no classes",
            f"at least two classes: {LAYOUT}",
            "create a folder for each class and put its images into it",
        )
    unprintable = [ascii(name) for name in classes if not name.isprintable()]
    if unprintable:
        raise InputError(
            f"class folders of {title} with names that cannot be printed: {listed(unprintable)}",
            "names of printable characters: letters, digits, spaces and punctuation",
            "rename them",
        )
    # A file system has such a limit; a zip has none.
    name = max(classes, key=len)
    if len(name) > MOST_NAME:
        raise InputError(
            f"{title} has a class with a name of {len(name):,} characters: {name[:40]}...",
            f"class names of at most {MOST_NAME} characters",
            "rename the folder",
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
            f"class folders of {title} without images: {listed(empty)}",
            "at least one image in every class folder, in both train/ and test/",
            "add images or remove the class folder",
        )
