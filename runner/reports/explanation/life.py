"""How the explanations of a trial changed while it was trained: `--epochs-of-life`."""

from collections.abc import Sequence
from dataclasses import dataclass

from runner.reports.explanation.difference import Summary, by_image, summary
from runner.reports.explanation.pairs import explanation_pairs
from runner.reports.explanation.rows import explanation
from runner.reports.model import Note, Part, Table, titled
from runner.reports.records import Epoch, Explanation, Interval, Named, values
from runner.store.engine import Store
from runner.store.queries import reports


@dataclass(frozen=True, slots=True)
class LifeEpoch:
    """The explanations of an epoch, compared with those of the last: the same images and classes.

    The measures are means over images. The last epoch is not compared with itself.
    """

    epoch: int
    val_accuracy: float | None
    explanations: int
    sound: int
    weak: int
    void: int
    compared: int
    shared_weight: float | None
    shared_weight_interval: Interval | None
    shared_weight_chance: float | None
    shared_weight_signed: float | None
    shared_weight_signed_chance: float | None
    rank_correlation: float | None
    rank_correlation_interval: Interval | None


def life_of(
    store: Store,
    experiment: int,
    classes: Sequence[str],
    earlier: Sequence[int],
    last: Sequence[Explanation],
    epochs: Sequence[Epoch],
) -> list[LifeEpoch]:
    """Return a row for each epoch that was explained, in order; `last` are those of the last."""
    accuracies = {epoch.epoch: epoch.val_accuracy for epoch in epochs}
    rows = []
    for number in earlier:
        with store.read() as connection:
            stored = reports.earlier_explanations(connection, experiment, number)
        found = [explanation(row, classes) for row in stored]
        pairs = list(explanation_pairs(store, by_image(found), by_image(last)))
        rows.append(_row(number, accuracies.get(number), found, summary(pairs)))
    final = max(accuracies, default=0)
    return [*rows, _row(final, accuracies.get(final), last, summary([]))]


def _row(
    epoch: int, val_accuracy: float | None, found: Sequence[Explanation], compared: Summary
) -> LifeEpoch:
    verdicts = [row.verdict for row in found]
    return LifeEpoch(
        epoch=epoch,
        val_accuracy=val_accuracy,
        explanations=len(found),
        sound=verdicts.count("sound"),
        weak=verdicts.count("weak"),
        void=verdicts.count("void"),
        compared=compared.compared,
        shared_weight=compared.shared_weight,
        shared_weight_interval=compared.shared_weight_interval,
        shared_weight_chance=compared.shared_weight_chance,
        shared_weight_signed=compared.shared_weight_signed,
        shared_weight_signed_chance=compared.shared_weight_signed_chance,
        rank_correlation=compared.rank_correlation,
        rank_correlation_interval=compared.rank_correlation_interval,
    )


LIFE = (
    *("epoch", "val_accuracy", "explanations", "sound", "weak", "void", "shared_weight"),
    *("shared_weight_interval", "shared_weight_chance", "shared_weight_signed"),
    *("shared_weight_signed_chance", "rank_correlation", "rank_correlation_interval", "compared"),
)
MEANING = (
    "Each epoch's explanations are compared with those of the last epoch, for the same images and"
    " classes: shared_weight and rank_correlation are those of `runner diff`."
)


def life_parts(dataset: Named, life: Sequence[LifeEpoch] | None) -> list[Part]:
    """Return the table of the epochs; nothing unless earlier epochs were explained."""
    if not life:
        return []
    rows = [values(row, LIFE) for row in life]
    return [Table(titled(dataset, "Explanations by epoch"), LIFE, rows), Note(MEANING)]
