"""Params are plain JSON, checked before anything is done with them."""

import pytest

from cifar_model.errors import InputError
from cifar_model.params import Params


def test_the_defaults_are_the_papers_untuned_model() -> None:
    params = Params.from_json({})
    assert params.dropout_rates() == [0.2, 0.3, 0.4]
    assert params.dense_dropout_rate() == 0.25
    assert (params.optimizer, params.losses) == ("adam", "categorical_crossentropy")
    assert (params.blocks, params.filters, params.batch_norm_momentum) == (3, 32, 0.99)


def test_no_dropout_means_none_anywhere() -> None:
    params = Params.from_json({"dropout": 0.0})
    assert params.dropout_rates() == [0, 0, 0]
    assert params.dense_dropout_rate() == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lr", 0),
        ("lr", "fast"),
        ("lr", float("nan")),
        ("lr", True),
        ("batch_size", 0),
        ("batch_size", 32.5),
        ("batch_size", "32"),
        ("epochs", -1),
        ("dropout", 1.0),
        ("optimizer", "lion"),
        ("losses", None),
        ("activation", ["relu"]),
        ("blocks", 9),
        ("augment", 1),
    ],
)
def test_a_value_of_the_wrong_type_or_range_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(InputError) as refused:
        Params.from_json({name: value})
    assert name in refused.value.what
    assert refused.value.expected


def test_an_unknown_name_is_refused_with_a_guess() -> None:
    with pytest.raises(InputError, match="batch_size"):
        Params.from_json({"batchsize": 32})


def test_a_dropout_that_grows_to_one_is_refused() -> None:
    with pytest.raises(InputError, match="last of 5 blocks"):
        Params.from_json({"dropout": 0.4, "blocks": 5})
