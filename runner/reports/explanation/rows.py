"""The explanations and activations of a document, with class names added to the labels."""

from collections.abc import Sequence

import numpy as np

from cifar_model.explanation.regions import curve_counts
from cifar_model.results import Evidence
from runner.reports.records import Activation, Channels, Curves, Explanation
from runner.store.engine import Connection
from runner.store.queries import reports
from runner.store.queries.rows import ActivationRow, ExplanationRow


def explanations_of(
    connection: Connection, experiment: int, classes: Sequence[str]
) -> list[Explanation]:
    """Return the explanations of an experiment."""
    return [explanation(row, classes) for row in reports.explanations(connection, experiment)]


def explanation(row: ExplanationRow, classes: Sequence[str]) -> Explanation:
    """Return the record of a stored explanation."""
    return Explanation(
        explanation=row.id,
        job=row.job_id,
        trial=row.trial_id,
        image=row.image,
        label=row.label,
        class_=classes[row.label],
        true_class=classes[row.true_label],
        predicted_class=classes[row.predicted_label],
        other_class=None if row.other_label is None else classes[row.other_label],
        weights=np.frombuffer(row.weights, "<f8").tolist(),
        probability=row.probability,
        normalised=row.normalised,
        method=row.method,
        segmentation=row.segmentation,
        samples=row.samples,
        seed=row.seed,
        superpixels=row.superpixels,
        intercept=row.intercept,
        r2=row.r2,
        largest_share=row.largest_share,
        weight_range=row.weight_range,
        stability=row.stability,
        verdict=row.verdict,
        reason=row.reason,
        rules=row.rules,
        evidence=None if row.evidence is None else Evidence(**row.evidence),
        removed=row.removed,
        removed_random=row.removed_random,
        contrast=row.contrast,
        contrast_other=row.contrast_other,
        contrast_random=row.contrast_random,
        contrast_other_random=row.contrast_other_random,
        deletion_area=row.deletion_area,
        insertion_area=row.insertion_area,
        picture=row.picture,
        segments=row.segments,
        curves=_curves(row),
    )


def _curves(row: ExplanationRow) -> Curves | None:
    """Return both curves, by the share of superpixels that are hidden or shown."""
    if row.curves is None:
        return None
    shares = curve_counts(row.superpixels) / row.superpixels
    deletion, insertion = np.split(np.frombuffer(row.curves, "<f4"), 2)
    return Curves(shares.tolist(), deletion.tolist(), insertion.tolist())


def activations_of(connection: Connection, experiment: int) -> list[Activation]:
    """Return the stored layer outputs of an experiment."""
    return [_activation(row) for row in reports.activations(connection, experiment)]


def _activation(row: ActivationRow) -> Activation:
    mean, spread, zeros = np.frombuffer(row.channels, "<f4").reshape(3, -1)
    return Activation(
        job=row.job_id,
        trial=row.trial_id,
        image=row.image,
        layer=row.layer,
        name=row.name,
        shape=row.shape,
        output=row.output,
        channels=Channels(mean.tolist(), spread.tolist(), zeros.tolist()),
        dead=int((zeros == 1).sum()),
    )
