"""A stored model is verified only if scoring it again gives what was stored."""

import pytest

from runner.report.verification import verification_document, verification_text
from runner.store.engine import Store
from tests.runner.report.stored import store_evaluation
from tests.runner.store.making import run, value


def verified(store: Store, loss: float, accuracy: float) -> str:
    """Say what comes out for a trial of val_loss 3 and val_accuracy 0.5 that scores so again."""
    experiment = store_evaluation(store)
    scores = {"loss": loss, "accuracy": accuracy}
    run(store, "UPDATE evaluations SET loss = :loss, accuracy = :accuracy", **scores)
    trial = value(store, "SELECT max(id) FROM trials")
    return verification_text(verification_document(store, trial, experiment)).splitlines()[0]


@pytest.mark.parametrize(
    ("loss", "accuracy", "said"),
    [
        (3.0, 0.5, "verified, to the last bit"),
        (3.00001, 0.5005, "verified, but for the last bits"),
        (3.00001, 0.502, "NOT VERIFIED"),
        (3.01, 0.5, "NOT VERIFIED"),
    ],
)
def test_other_numbers_are_not_verified(
    sqlite_store: Store, loss: float, accuracy: float, said: str
) -> None:
    assert said in verified(sqlite_store, loss, accuracy)
