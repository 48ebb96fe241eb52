"""The data sets behind one function, `load`: read, checked, divided, named and fingerprinted.

Needs numpy and Pillow only, so that bad data is refused before a job is written.
"""

from cifar_model.data.dataset import RESIZED, Dataset, DatasetSpec, Split, stored_image_size
from cifar_model.data.description import NO_DATASET, Description
from cifar_model.data.loading import is_here, load, names
from cifar_model.data.reading import told_to
from cifar_model.data.sizes import LARGEST, SMALLEST, shape_text

__all__ = [
    "LARGEST",
    "NO_DATASET",
    "RESIZED",
    "SMALLEST",
    "Dataset",
    "DatasetSpec",
    "Description",
    "Split",
    "is_here",
    "load",
    "names",
    "shape_text",
    "stored_image_size",
    "told_to",
]
