"""A stored model is verified only if scoring it again gives what was stored."""

import pytest

from runner.reports.verification import verification_document, verification_text
from runner.store.engine import Store
from tests.runner.reports.stored import store_evaluation
from tests.runner.store.making import run, value


def verified(
    store: Store, loss: float, accuracy: float, keras: float | None = None, loss_rule: int = 2
) -> str:
    """Say what comes out for a trial of val_loss 3 and val_accuracy 0.5 that scores so again.

    Keras gives the same numbers, unless told otherwise.
    """
    experiment = store_evaluation(store)
    scores = {"loss": loss, "accuracy": accuracy, "keras": keras or loss}
    run(
        store,
        "UPDATE evaluations SET loss = :loss, accuracy = :accuracy,"
        " keras_loss = :keras, keras_accuracy = :accuracy",
        **scores,
    )
    run(store, "UPDATE trials SET loss_rule = :rule", rule=loss_rule)
    trial = value(store, "SELECT max(id) FROM trials")
    return verification_text(verification_document(store, trial, experiment))


@pytest.mark.parametrize(
    ("loss", "accuracy", "said"),
    [
        (3.0, 0.5, "verified, bit-identical"),
        (3.00001, 0.5005, "verified within rounding"),
        (3.00001, 0.502, "NOT VERIFIED"),
        (3.01, 0.5, "NOT VERIFIED"),
    ],
)
def test_other_numbers_are_not_verified(
    sqlite_store: Store, loss: float, accuracy: float, said: str
) -> None:
    assert said in verified(sqlite_store, loss, accuracy)


def test_a_loss_that_keras_does_not_give_is_not_verified(sqlite_store: Store) -> None:
    assert "NOT VERIFIED" in verified(sqlite_store, 3.0, 0.5, keras=2.9)


def test_a_loss_of_the_first_rule_is_compared_only_with_that_rule(sqlite_store: Store) -> None:
    said = verified(sqlite_store, 3.0, 0.5, keras=2.9, loss_rule=1)
    assert "verified, bit-identical" in said
    assert "loss rule 1" in said
    assert "keras:  val_loss 2.9" in said
