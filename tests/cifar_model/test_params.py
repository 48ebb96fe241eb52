"""Params are plain JSON, checked before anything is done with them."""

import pytest

from cifar_model.errors import InputError
from cifar_model.networks.network import RESNET, Network, dense_dropout_rate, dropout_rates
from cifar_model.params import DEFAULTS, Params, present, read_value


def test_the_defaults_are_the_papers_untuned_model() -> None:
    params = Params.from_json({})
    assert dropout_rates(0.2, 3) == [0.2, 0.3, 0.4]
    assert dense_dropout_rate(0.2) == 0.25
    assert (params.training.optimizer, params.training.lr) == ("adam", 0.001)
    assert dict(params.architecture)["filters"] == 32
    assert params.to_json() == DEFAULTS


def test_no_dropout_means_none_anywhere() -> None:
    assert dropout_rates(0, 3) == [0, 0, 0]
    assert dense_dropout_rate(0) == 0


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
        ("optimizer", "lions"),
        ("momentum", 1),
        ("warmup", 1.0),
        ("patience", -1),
        ("ema", 1),
        ("schedule", "linear"),
        ("precision", "float16"),
        ("augmentation", True),
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
    with pytest.raises(InputError, match="block 5 of 5"):
        Params.from_json({"dropout": 0.4, "blocks": 5})


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("lr", ".001", 0.001),
        ("lr", "5.", 5.0),
        ("lr", "1e-3", 0.001),
        ("lr", "1", 1.0),
        ("batch_size", "32.0", 32),
        ("augment", "True", True),
        ("augment", "FALSE", False),
        ("optimizer", "nadam", "nadam"),
        ("optimizer", '"nadam"', "nadam"),
    ],
)
def test_a_typed_value_is_read_in_any_usual_spelling(name: str, text: str, value: object) -> None:
    read = read_value(name, text)
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("lr", "[" * 100_000),
        ("lr", "1" * 5_000),
        ("lr", "1e400"),
        ("epochs", "99999999999999999999"),
        ("epochs", "1" + "0" * 27),
        ("batch_size", "32.5"),
        ("augment", "yes"),
    ],
)
def test_a_typed_value_that_no_trial_could_use_is_refused(name: str, text: str) -> None:
    with pytest.raises(InputError, match=name) as refused:
        read_value(name, text)
    assert len(refused.value.what) < 200


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("learning_rate=0.1", "lr"),
        ("LR=0.1", "lr"),
        ("batch-size=32", "batch_size"),
        ("loss=logcosh", "losses"),
        ("bn_momentum=0.9", "batch_norm_momentum"),
        ("data_augmentation=mixup", "augmentation"),
        ("early_stopping=3", "patience"),
    ],
)
def test_the_name_that_is_hinted_at_is_accepted(typed: str, meant: str) -> None:
    name, _, value = typed.partition("=")
    with pytest.raises(InputError) as refused:
        read_value(name, value)
    assert refused.value.fix == f"did you mean {meant!r}?"
    read_value(meant, value)


@pytest.mark.parametrize(
    "typed", ["optimizer=Adam", "optimizer=adamW", "losses=crossentropy", "augment=1"]
)
def test_the_value_that_is_hinted_at_is_accepted(typed: str) -> None:
    with pytest.raises(InputError) as refused:
        read_value(*pair(typed))
    hint = refused.value.fix.removeprefix("did you mean ").removesuffix("?")
    read_value(*pair(hint))


def pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name, value


@pytest.mark.parametrize(
    ("blocks", "shape", "fix"),
    [
        (4, (8, 64, 3), "blocks=3 or less, or --image-size 16 or more"),
        (5, (64, 31, 1), "blocks=4 or less, or --image-size 32 or more"),
    ],
)
def test_more_blocks_than_the_images_can_be_halved_are_refused(
    blocks: int, shape: tuple[int, int, int], fix: str
) -> None:
    with pytest.raises(InputError, match=f"blocks={blocks} is too many") as refused:
        Params.from_json({"blocks": blocks}).check_shape(shape)
    assert refused.value.fix == f"use {fix}"
    Params.from_json({"blocks": blocks - 1}).check_shape(shape)


def test_resnet_needs_images_of_ten_pixels() -> None:
    with pytest.raises(InputError, match="the network resnet is too deep for images of 12x9"):
        Params.from_json({}, RESNET).check_shape((9, 12, 3))
    Params.from_json({}, RESNET).check_shape((10, 12, 3))


OWN = Network("own.py:build", (("width", 32), ("lr", 0.01), ("bias", True), ("name", None)))


def test_a_networks_parameters_stand_beside_those_of_training() -> None:
    params = Params.from_json({"width": 64, "epochs": 3}, OWN)
    assert params.architecture == (("width", 64), ("lr", 0.01), ("bias", True), ("name", None))
    # What both have is one, with the network's default.
    assert (params.training.epochs, params.training.lr) == (3, 0.01)
    assert "filters" not in params.to_json()


@pytest.mark.parametrize(
    ("name", "value", "guess"),
    [("filters", 32, None), ("widthh", 8, "width"), ("learning_rate", 1, "lr")],
)
def test_another_networks_parameter_is_unknown(name: str, value: float, guess: str | None) -> None:
    with pytest.raises(InputError, match=f"unknown parameter '{name}'") as refused:
        Params.from_json({name: value}, OWN)
    assert guess is None or refused.value.fix == f"did you mean {guess!r}?"


@pytest.mark.parametrize("values", [{"width": 1.5}, {"bias": 1}, {"name": [1]}, {"name": "\x1b"}])
def test_a_value_of_another_kind_than_the_networks_default_is_refused(
    values: dict[str, object],
) -> None:
    with pytest.raises(InputError, match=f"parameter {next(iter(values))}="):
        Params.from_json(values, OWN)


def test_augment_is_an_earlier_name_of_augmentation() -> None:
    for given, value in ((True, "paper"), (False, "none")):
        assert Params.from_json({"augment": given}).training.augmentation == value
        assert present({"lr": 0.1, "augment": given}) == {"lr": 0.1, "augmentation": value}
    with pytest.raises(InputError, match="augment and augmentation are the same parameter"):
        Params.from_json({"augment": True, "augmentation": "mixup"})


def test_a_network_may_have_a_parameter_of_its_own_with_an_earlier_name() -> None:
    own = Network("own.py:build", (("augment", True), ("momentum", 0.99)))
    assert present({"augment": False}, own) == {"augment": False, "momentum": 0.99}
    assert Params.from_json({"augment": False}, own).training.augmentation == "none"


def test_a_value_sets_what_it_needs_unless_that_is_given() -> None:
    assert present({"optimizer": "adamw"}) == {"optimizer": "adamw", "weight_decay": 0.004}
    assert Params.from_json({"schedule": "one_cycle"}).training.warmup == 0.3
    given = {"optimizer": "adamw", "weight_decay": 0.1}
    assert present(given) == given


@pytest.mark.parametrize(
    ("values", "what"),
    [
        ({"momentum": 0.9}, "momentum=0.9 has no effect with optimizer=adam"),
        ({"optimizer": "rmsprop", "nesterov": True}, "nesterov=true has no effect"),
        ({"optimizer": "sgd", "nesterov": True}, "nesterov=true has no effect with momentum=0"),
        ({"losses": "logcosh", "label_smoothing": 0.1}, "has no effect with losses=logcosh"),
        ({"schedule": "one_cycle", "warmup": 0}, "never rises"),
    ],
)
def test_a_combination_without_effect_is_refused(values: dict[str, object], what: str) -> None:
    with pytest.raises(InputError, match=what) as refused:
        Params.from_json(values)
    assert refused.value.fix
