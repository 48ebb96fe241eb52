"""Write what a job found; each function is for the `write` of `finish`, and so happens once."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import JSON, Connection, bindparam, insert, select, text, update

from cifar_model import objective, results
from cifar_model.data import Split
from cifar_model.explanation import coarse
from cifar_model.explanation.regions import Segments, mask
from cifar_model.explanation.settings import fixed_samples
from runner.needs import needs_of
from runner.specs import trial_seed
from runner.store.artifacts import put_array, put_artifact
from runner.store.lifecycle.attempts import Claim
from runner.store.lifecycle.finite import require_finite
from runner.store.lifecycle.metrics import trial_scores
from runner.store.lifecycle.numbers import insert_numbered
from runner.store.schema import (
    Activation,
    ConfusionCell,
    Epoch,
    Evaluation,
    Explanation,
    Probabilities,
    Trial,
)

# Both databases know this clause, and SQLAlchemy has no word for it that serves both.
INSERT_RANDOMISATION = text(
    "INSERT INTO randomisations (trial_id, method, segmentation, samples, dataset, images,"
    " correlation, fall, layers, curve) VALUES (:trial_id, :method, :segmentation, :samples,"
    " :dataset, :images, :correlation, :fall, :layers, :curve) ON CONFLICT DO NOTHING"
).bindparams(bindparam("layers", type_=JSON()), bindparam("curve", type_=JSON()))


EPOCHS = select(Epoch.__table__).where(Epoch.job_id == bindparam("job")).order_by(Epoch.epoch)
INSERT_TRIAL = insert_numbered(Trial).returning(Trial.id)


def write_trial(
    connection: Connection,
    claim: Claim,
    weights: bytes,
    fingerprint: str,
    ended_by: str = objective.EPOCHS,
    predictor: Mapping[str, str | bool] | None = None,
) -> int:
    """Store the trial of a job whose epochs are all recorded; return its id.

    The fingerprint is that of the machine that finished it. `predictor` is what a trainer's files
    say of its model.
    """
    epochs = [dict(row) for row in connection.execute(EPOCHS, {"job": claim.job_id}).mappings()]
    if not epochs:
        raise ValueError(f"job {claim.job_id} has recorded no epoch, so there is no trial")
    trial = {
        "job_id": claim.job_id,
        "params": claim.configuration["params"],
        "seed": trial_seed(claim.kind, claim.seed, claim.configuration),
        "dataset": claim.configuration["dataset"],
        **trial_scores(epochs),
        "fingerprint": fingerprint,
        "model": put_artifact(connection, weights),
        "ended_by": ended_by,
        "predictor": predictor,
        "network": claim.configuration.get("network"),
        "backend": needs_of(claim.configuration).backend,
    }
    return connection.scalars(INSERT_TRIAL, trial).one()


def write_measured(connection: Connection, trial_id: int, measured: Mapping[str, float]) -> None:
    """Add metrics of the trained network that no epoch has."""
    if measured:
        values = update(Trial).where(Trial.id == trial_id).values(metrics=dict(measured))
        connection.execute(values)


@dataclass(frozen=True, slots=True)
class FoldScore:
    """Which fold an evaluation is of, and what Talos calls the score of it."""

    fold: int
    talos_f1: float


def write_evaluation(
    connection: Connection,
    claim: Claim,
    evaluation: results.Evaluation,
    classes: Sequence[str],
    fold: FoldScore | None = None,
    keras: tuple[float, float] | None = None,
) -> int:
    """Store the scores of the job's trial on the job's split or fold, and what they come from.

    `keras` is the loss and the accuracy by Keras's own `evaluate`, where they were asked for.
    """
    scores = {
        "loss": float(evaluation.loss),
        "accuracy": float(evaluation.accuracy),
        "log_loss": float(evaluation.log_loss),
    }
    if keras:
        scores |= dict(zip(("keras_loss", "keras_accuracy"), keras, strict=True))
    require_finite(f"evaluation of trial {claim.configuration['trial']}", scores)
    row = {
        "job_id": claim.job_id,
        "trial_id": claim.configuration["trial"],
        "split": claim.configuration["split"],
        "images": int(evaluation.images),
        "loss_rule": evaluation.loss_rule,
        "classes": list(classes),
        "predictions": put_array(connection, _compact(evaluation.predictions, classes)),
        "labels": put_array(connection, _compact(evaluation.labels, classes)),
        "fold": fold.fold if fold else None,
        "talos_f1": fold.talos_f1 if fold else None,
    }
    evaluation_id = connection.scalars(
        insert(Evaluation).returning(Evaluation.id), row | scores
    ).one()
    if fold is None:
        probabilities = np.asarray(evaluation.probabilities, np.float16)
        artifact = put_array(connection, probabilities)
        row = {"evaluation_id": evaluation_id, "artifact": artifact}
        connection.execute(insert(Probabilities), row)
    confusion = np.asarray(evaluation.confusion)
    connection.execute(
        insert(ConfusionCell),
        [
            {
                "evaluation_id": evaluation_id,
                "true_label": int(true),
                "predicted_label": int(predicted),
                "images": int(confusion[true, predicted]),
            }
            for true, predicted in np.argwhere(confusion)
        ],
    )
    return evaluation_id


def _compact(labels: NDArray[np.int64], classes: Sequence[str]) -> NDArray[Any]:
    """Return labels as one byte each, or two where there are too many classes."""
    return labels.astype(np.uint8 if len(classes) <= 256 else np.uint16)


def write_explained(
    connection: Connection, claim: Claim, image: int, split: Split, explained: results.Explained
) -> None:
    """Store the explanations of one image of a split.

    Only an experiment's first job keeps its images, for reports to draw on: no report shows
    thousands, and they would be most of what is stored.
    """
    ids = explained.segments
    shared = {
        "job_id": claim.job_id,
        "trial_id": claim.configuration["trial"],
        "image": image,
        "true_label": int(split.labels[image]),
        "predicted_label": int(explained.predicted),
        "normalised": explained.normalised,
        "method": claim.configuration["method"],
        "segmentation": claim.configuration["segmentation"],
        "samples": explained.samples,
        "seed": claim.seed,
        "picture": put_array(connection, split.images[image]) if claim.number == 1 else None,
        "segments": put_array(connection, ids.astype(np.min_scalar_type(ids.max()))),
    }
    rows = [_explanation(explanation, image, ids) for explanation in explained.explanations]
    connection.execute(insert(Explanation), [shared | row for row in rows])


def _explanation(
    explanation: results.Explanation, image: int, segments: Segments
) -> dict[str, Any]:
    """Return the columns of one explanation, once its numbers are known to be finite."""
    integrity, checks, curves = explanation.integrity, explanation.checks, explanation.curves
    numbers = {
        "probability": explanation.probability,
        "intercept": explanation.intercept,
        "r2": integrity.r2,
        "largest_share": integrity.largest_share,
        "weight_range": integrity.weight_range,
        "stability": integrity.stability,
        "deletion_area": curves.deletion_area if curves else None,
        "insertion_area": curves.insertion_area if curves else None,
    }
    weights = explanation.weights
    known = {name: number for name, number in numbers.items() if number is not None}
    require_finite(
        f"explanation of label {explanation.label} of image {image}",
        known | {f"weight {number}": weight for number, weight in enumerate(weights)},
    )
    return numbers | {
        "label": explanation.label,
        "superpixels": integrity.superpixels,
        "weights": np.array(weights, "<f8").tobytes(),
        "verdict": explanation.verdict,
        "reason": explanation.reason,
        "rules": explanation.rules,
        "evidence": _evidence(explanation),
        "removed": checks.removed,
        "removed_random": checks.removed_random,
        "other_label": checks.other,
        "contrast": checks.contrast,
        "contrast_other": checks.contrast_other,
        "contrast_random": checks.contrast_random,
        "contrast_other_random": checks.contrast_other_random,
        "curves": np.array([curves.deletion, curves.insertion], "<f4").tobytes()
        if curves
        else None,
        "coarse_mask": None
        if explanation.verdict == "void"
        else coarse.pack(mask(segments, weights)),
    }


def _evidence(explanation: results.Explanation) -> dict[str, float | None] | None:
    """Return the evidence of an explanation, once it is known to be finite."""
    if explanation.evidence is None:
        return None
    found = asdict(explanation.evidence)
    known = {name: value for name, value in found.items() if value is not None}
    require_finite(f"the evidence on label {explanation.label}", known)
    return found


def write_randomisation(connection: Connection, claim: Claim, found: results.Randomisation) -> None:
    """Store a randomisation of the job's trial, unless another job was faster."""
    configuration = claim.configuration
    key = {
        "trial_id": configuration["trial"],
        "method": configuration["method"],
        "segmentation": configuration["segmentation"],
        "samples": fixed_samples(configuration["samples"]),
        "dataset": configuration["dataset"]["fingerprint"],
    }
    connection.execute(INSERT_RANDOMISATION, key | asdict(found))


def write_activations(
    connection: Connection, claim: Claim, image: int, outputs: Sequence[results.LayerOutput]
) -> None:
    """Store what the layers put out for one image."""
    for output in outputs:
        connection.execute(
            insert(Activation),
            {
                "job_id": claim.job_id,
                "trial_id": claim.configuration["trial"],
                "image": image,
                "layer": output.layer,
                "name": output.name,
                "shape": list(output.output.shape),
                "output": put_array(connection, output.output),
                "channels": output.channels.astype("<f4").tobytes(),
            },
        )
