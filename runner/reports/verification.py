"""Verification of a stored model: its scores are computed again and compared with those stored."""

from dataclasses import dataclass, replace

from runner.reports.evaluation import FIRST_RULE, evaluations_of
from runner.reports.lookup import job_row
from runner.store.engine import Store

# Rounding differs between machines, and up to 1 in 1,000 images may be classified differently.
MOST_ACCURACY = 0.001
MOST_LOSS = 1e-4


@dataclass(frozen=True, slots=True)
class Scores:
    """The scores of a model on the validation split."""

    val_loss: float
    val_accuracy: float

    def is_close(self, other: "Scores") -> bool:
        """Return whether other scores are equal within rounding."""
        loss = abs(self.val_loss - other.val_loss) / max(abs(self.val_loss), 1e-12)
        accuracy = abs(self.val_accuracy - other.val_accuracy)
        return loss <= MOST_LOSS and accuracy <= MOST_ACCURACY


@dataclass(frozen=True, slots=True)
class VerificationDocument:
    """The stored scores of a trial, and those computed again by an experiment that verified it.

    `again` was computed by the code that trained the trial, `keras` by Keras's `evaluate`.
    """

    trial: int
    experiment: int
    model: str | None
    images: int
    stored: Scores
    again: Scores
    keras: Scores
    loss_rule: int | None
    same_bits: bool
    verified: bool


def verification_document(store: Store, trial: int, experiment: int) -> VerificationDocument:
    """Compare the stored scores of a trial with those of an experiment that verified it.

    A val_loss of loss rule 1 is not comparable with Keras's loss, and is not compared with it.
    """
    with store.read() as connection:
        row = job_row(connection, trial=trial)
        [evaluation] = evaluations_of(connection, experiment=experiment)
    if row.val_loss is None or row.val_accuracy is None or evaluation.keras is None:
        raise ValueError(f"trial {trial} was not verified by experiment {experiment}")
    stored = Scores(row.val_loss, row.val_accuracy)
    again = Scores(evaluation.loss, evaluation.accuracy)
    keras = Scores(evaluation.keras.loss, evaluation.keras.accuracy)
    comparable = replace(keras, val_loss=stored.val_loss) if row.loss_rule == 1 else keras
    return VerificationDocument(
        trial=trial,
        experiment=experiment,
        model=row.model,
        images=evaluation.images,
        stored=stored,
        again=again,
        keras=keras,
        loss_rule=row.loss_rule,
        same_bits=stored == again,
        verified=stored.is_close(again) and stored.is_close(comparable),
    )


def verification_text(document: VerificationDocument) -> str:
    """Return the result of a verification as text."""
    if not document.verified:
        verdict = "NOT VERIFIED: the stored model gives different scores"
    elif document.same_bits:
        verdict = "verified, bit-identical"
    else:
        verdict = "verified within rounding, on a different kind of machine"
    rule = f"\n  val_loss was computed by {FIRST_RULE}" if document.loss_rule == 1 else ""
    return (
        f"trial {document.trial}: {verdict}\n"
        f"  stored: {_text(document.stored)}\n"
        f"  again:  {_text(document.again)}, on {document.images:,} validation images\n"
        f"  keras:  {_text(document.keras)}, by Keras's evaluate{rule}"
    )


def _text(scores: Scores) -> str:
    return f"val_loss {scores.val_loss!r}, val_accuracy {scores.val_accuracy!r}"
