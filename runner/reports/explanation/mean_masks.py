"""Mean masks of the explanations by class and by cell of the confusion matrix."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cifar_model.explanation import coarse
from runner.store.engine import Connection
from runner.store.queries import explanations


@dataclass(frozen=True, slots=True)
class MeanMask:
    """The number of masks and their mean; None if there are no masks."""

    masks: int
    mean_mask: list[list[float]] | None


@dataclass(frozen=True, slots=True)
class MeanMasks:
    """Coarse masks by explained class, and by true and predicted class.

    The masks of a cell are those that explain the predicted class, such as why a cat was classified
    as a dog.
    """

    classes: Mapping[str, Sequence[bytes]]
    cells: Mapping[tuple[str, str], Sequence[bytes]]

    def of_class(self, name: str) -> MeanMask:
        """Return the mean mask of a class."""
        return _mean(self.classes.get(name, []))

    def of_cell(self, true_class: str, predicted_class: str) -> MeanMask:
        """Return the mean mask of a cell of the confusion matrix."""
        return _mean(self.cells.get((true_class, predicted_class), []))


def mean_masks(
    connection: Connection, wanted: explanations.Wanted, classes: Mapping[int, list[str]]
) -> MeanMasks:
    """Return the masks of all selected explanations that are not void."""
    # Grouped by labels first, because looking up the class names of every mask would be slow.
    found: dict[tuple[int, int, int, int], list[bytes]] = {}
    for experiment, true, predicted, label, mask in explanations.masks(connection, wanted, classes):
        found.setdefault((experiment, true, predicted, label), []).append(mask)
    by_class: dict[str, list[bytes]] = {}
    by_cell: dict[tuple[str, str], list[bytes]] = {}
    for (experiment, true, predicted, label), masks in found.items():
        names = classes[experiment]
        by_class.setdefault(names[label], []).extend(masks)
        if label == predicted:
            by_cell.setdefault((names[true], names[predicted]), []).extend(masks)
    return MeanMasks(by_class, by_cell)


def _mean(masks: Sequence[bytes]) -> MeanMask:
    return MeanMask(len(masks), coarse.mean(masks).tolist() if masks else None)
