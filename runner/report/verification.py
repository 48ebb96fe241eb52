"""Whether a stored model, loaded and scored again, gives the numbers that were stored with it."""

from collections.abc import Mapping
from typing import Any

from runner.report.evaluations import evaluation_rows
from runner.report.lookup import job_row
from runner.store.engine import Store

# On another machine the last bits differ, and a picture in a thousand may fall to another class.
MOST_ACCURACY = 0.001
MOST_LOSS = 1e-4


def verification_document(store: Store, trial: int, experiment: int) -> dict[str, Any]:
    """Compare a trial's scores of its last epoch with those of an experiment that evaluated it."""
    with store.read() as connection:
        row = job_row(connection, trial=trial)
        [evaluation] = evaluation_rows(connection, experiment=experiment)
    stored = {name: row[name] for name in ("val_loss", "val_accuracy")}
    again = {"val_loss": evaluation["loss"], "val_accuracy": evaluation["accuracy"]}
    closeness = abs(stored["val_loss"] - again["val_loss"]) / max(abs(stored["val_loss"]), 1e-12)
    return {
        "trial": trial,
        "experiment": experiment,
        "model": row["model"],
        "images": evaluation["images"],
        "stored": stored,
        "again": again,
        "same_bits": stored == again,
        "verified": closeness <= MOST_LOSS
        and abs(stored["val_accuracy"] - again["val_accuracy"]) <= MOST_ACCURACY,
    }


def verification_text(document: Mapping[str, Any]) -> str:
    """Return in words what came out."""
    stored, again = (
        f"val_loss {scores['val_loss']!r}, val_accuracy {scores['val_accuracy']!r}"
        for scores in (document["stored"], document["again"])
    )
    if document["same_bits"]:
        verdict = "verified, to the last bit"
    elif document["verified"]:
        verdict = "verified, but for the last bits: another kind of machine"
    else:
        verdict = "NOT VERIFIED: the stored model gives other numbers"
    return (
        f"trial {document['trial']}: {verdict}\n"
        f"  stored: {stored}\n"
        f"  again:  {again}, of {document['images']:,} validation pictures"
    )
