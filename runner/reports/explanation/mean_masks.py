"""Mean masks of classes and of cells of the confusion: where explanations point on the whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cifar_model.explanation import coarse
from runner.store.engine import Connection
from runner.store.queries import explanations


@dataclass(frozen=True, slots=True)
class MeanMask:
    """How many masks there are and what they are on average; None of none."""

    masks: int
    mean_mask: list[list[float]] | None


@dataclass(frozen=True, slots=True)
class MeanMasks:
    """Hold coarse masks by explained class, and by true and predicted class.

    A mask of a cell is one that explains the predicted class: why was a cat taken for a dog?
    """

    classes: Mapping[str, Sequence[bytes]]
    cells: Mapping[tuple[str, str], Sequence[bytes]]

    def of_class(self, name: str) -> MeanMask:
        """Return the mean of a class."""
        return _mean(self.classes.get(name, []))

    def of_cell(self, true_class: str, predicted_class: str) -> MeanMask:
        """Return the mean of a cell."""
        return _mean(self.cells.get((true_class, predicted_class), []))


def mean_masks(
    connection: Connection, wanted: explanations.Wanted, classes: Mapping[int, list[str]]
) -> MeanMasks:
    """Return the masks of all wanted explanations that are not void."""
    # By labels first: to look up the names of each of very many takes as long as to read them.
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
