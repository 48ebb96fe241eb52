"""Whether a stored model, loaded and scored again, gives the numbers that were stored with it."""

from collections.abc import Mapping
from typing import Any

from runner.reports.evaluation import FIRST_RULE, evaluation_rows
from runner.reports.lookup import job_row
from runner.store.engine import Store

# On another machine the last bits differ, and an image in a thousand may fall to another class.
MOST_ACCURACY = 0.001
MOST_LOSS = 1e-4

Scores = Mapping[str, float]


def verification_document(store: Store, trial: int, experiment: int) -> dict[str, Any]:
    """Compare a trial's scores of its last epoch with those of an experiment that verified it.

    `again` is by the code that trained it, `keras` by Keras's own `evaluate`. A val_loss of the
    first loss rule is another number than Keras's, and is not compared with it.
    """
    with store.read() as connection:
        row = job_row(connection, trial=trial)
        [evaluation] = evaluation_rows(connection, experiment=experiment)
    stored = {name: row[name] for name in ("val_loss", "val_accuracy")}
    again = _validation(evaluation)
    keras = _validation(evaluation["keras"])
    same_rule = row["loss_rule"] != 1
    return {
        "trial": trial,
        "experiment": experiment,
        "model": row["model"],
        "images": evaluation["images"],
        "stored": stored,
        "again": again,
        "keras": keras,
        "loss_rule": row["loss_rule"],
        "same_bits": stored == again,
        "verified": _close(stored, again)
        and _close(stored, keras if same_rule else {**keras, "val_loss": stored["val_loss"]}),
    }


def _validation(scores: Scores) -> dict[str, float]:
    return {"val_loss": scores["loss"], "val_accuracy": scores["accuracy"]}


def _close(stored: Scores, other: Scores) -> bool:
    loss = abs(stored["val_loss"] - other["val_loss"]) / max(abs(stored["val_loss"]), 1e-12)
    accuracy = abs(stored["val_accuracy"] - other["val_accuracy"])
    return loss <= MOST_LOSS and accuracy <= MOST_ACCURACY


def verification_text(document: Mapping[str, Any]) -> str:
    """Return in words what came out."""
    stored, again, keras = (_text(document[name]) for name in ("stored", "again", "keras"))
    if not document["verified"]:
        verdict = "NOT VERIFIED: the stored model gives other numbers"
    elif document["same_bits"]:
        verdict = "verified, bit for bit"
    else:
        verdict = "verified within rounding: another kind of machine"
    rule = f"\n  val_loss was computed by {FIRST_RULE}" if document["loss_rule"] == 1 else ""
    return (
        f"trial {document['trial']}: {verdict}\n"
        f"  stored: {stored}\n"
        f"  again:  {again}, of {document['images']:,} validation images\n"
        f"  keras:  {keras}, by its own evaluate{rule}"
    )


def _text(scores: Scores) -> str:
    return f"val_loss {scores['val_loss']!r}, val_accuracy {scores['val_accuracy']!r}"
