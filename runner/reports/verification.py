"""Whether a stored model, loaded and scored again, gives the numbers that were stored with it."""

from dataclasses import dataclass, replace

from runner.reports.evaluation import FIRST_RULE, evaluations_of
from runner.reports.lookup import job_row
from runner.store.engine import Store

# On another machine the last bits differ, and an image in a thousand may fall to another class.
MOST_ACCURACY = 0.001
MOST_LOSS = 1e-4


@dataclass(frozen=True, slots=True)
class Scores:
    """The scores of a model on the validation split."""

    val_loss: float
    val_accuracy: float

    def is_close(self, other: "Scores") -> bool:
        """Tell whether other scores are the same but for rounding."""
        loss = abs(self.val_loss - other.val_loss) / max(abs(self.val_loss), 1e-12)
        accuracy = abs(self.val_accuracy - other.val_accuracy)
        return loss <= MOST_LOSS and accuracy <= MOST_ACCURACY


@dataclass(frozen=True, slots=True)
class VerificationDocument:
    """A trial's scores of its last epoch, and those of an experiment that verified it.

    `again` is by the code that trained it, `keras` by Keras's own `evaluate`.
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
    """Compare a trial's scores of its last epoch with those of an experiment that verified it.

    A val_loss of the first loss rule is another number than Keras's, and is not compared with it.
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
    """Return in words what came out."""
    if not document.verified:
        verdict = "NOT VERIFIED: the stored model gives other numbers"
    elif document.same_bits:
        verdict = "verified, bit for bit"
    else:
        verdict = "verified within rounding: another kind of machine"
    rule = f"\n  val_loss was computed by {FIRST_RULE}" if document.loss_rule == 1 else ""
    return (
        f"trial {document.trial}: {verdict}\n"
        f"  stored: {_text(document.stored)}\n"
        f"  again:  {_text(document.again)}, of {document.images:,} validation images\n"
        f"  keras:  {_text(document.keras)}, by its own evaluate{rule}"
    )


def _text(scores: Scores) -> str:
    return f"val_loss {scores.val_loss!r}, val_accuracy {scores.val_accuracy!r}"
