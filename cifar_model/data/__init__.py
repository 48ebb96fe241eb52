"""The data sets behind one function, `load`: read, checked, divided, named and fingerprinted.

Needs numpy and Pillow only, so that bad data is refused before a job is written. The names here are
imported when they are first used: what is stored of a data set needs neither.
"""

from typing import TYPE_CHECKING

from cifar_model.front_door import front_door

if TYPE_CHECKING:
    from cifar_model.data.dataset import Dataset, Split
    from cifar_model.data.description import (
        LARGEST,
        NO_DATASET,
        RESIZED,
        SMALLEST,
        DatasetSpec,
        Description,
        stored_image_size,
    )
    from cifar_model.data.loading import files_of, is_here, load, names
    from cifar_model.data.reading import told_to
    from cifar_model.data.sizes import shape_text

__all__ = [
    "LARGEST",
    "NO_DATASET",
    "RESIZED",
    "SMALLEST",
    "Dataset",
    "DatasetSpec",
    "Description",
    "Split",
    "files_of",
    "is_here",
    "load",
    "names",
    "shape_text",
    "stored_image_size",
    "told_to",
]

_MODULES = {
    "LARGEST": "description",
    "NO_DATASET": "description",
    "RESIZED": "description",
    "SMALLEST": "description",
    "Dataset": "dataset",
    "DatasetSpec": "description",
    "Description": "description",
    "Split": "dataset",
    "files_of": "loading",
    "is_here": "loading",
    "load": "loading",
    "names": "loading",
    "shape_text": "sizes",
    "stored_image_size": "description",
    "told_to": "reading",
}

__getattr__, __dir__ = front_door(__name__, _MODULES)
