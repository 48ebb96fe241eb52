"""The data sets behind one function, `load`: read, checked, divided, named and fingerprinted.

Needs numpy and Pillow only, so that bad data is refused before a job is written.
"""

from cifar_model.data.dataset import Dataset, DatasetSpec, Split
from cifar_model.data.description import Description
from cifar_model.data.loading import is_here, load, names
from cifar_model.data.reading import told_to

__all__ = ["Dataset", "DatasetSpec", "Description", "Split", "is_here", "load", "names", "told_to"]
