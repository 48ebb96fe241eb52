"""A preset is a shorthand for a network and params: what is stored is as if they were given."""

from typing import Any

import pytest
from click.testing import CliRunner, Result

import runner
from cifar_model.errors import InputError
from cifar_model.networks.presets import PRESETS, STRONG
from cifar_model.params import Params
from runner.cli.submit import submit
from runner.store import queries
from runner.store.engine import Store


@pytest.fixture
def client(sqlite_store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> runner.Client:
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path))
    return runner.open(sqlite_store.url)


def submitted(store: Store, *options: str) -> Result:
    command = ["train", "--dataset", "digits", *options]
    return CliRunner().invoke(submit, command, env={"RUNNER_DATABASE_URL": store.url})


def stored(store: Store) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the configuration of the newest experiment and the params of its job."""
    experiment = queries.experiments(store, 1)[0]
    (job,) = queries.jobs(store, experiment.id)
    return dict(experiment.configuration), dict(job.configuration["params"])


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_has_params_that_its_network_can_have(name: str) -> None:
    preset = PRESETS[name]
    params = Params.from_json(preset.params, preset.network).to_json()
    assert {given: params[given] for given in preset.params} == preset.params


def test_what_a_preset_stands_for_is_stored(client: runner.Client, sqlite_store: Store) -> None:
    assert submitted(sqlite_store, "--preset", "strong").exit_code == 0
    configuration, params = stored(sqlite_store)
    assert configuration["network"]["name"] == "resnet"
    assert STRONG.params.items() <= params.items()
    assert "preset" not in configuration
    client.submit_train(dataset="digits", preset="strong")
    again, same = stored(sqlite_store)
    assert (again["network"], same) == (configuration["network"], params)
    client.submit_train(dataset="digits", network="resnet", params=STRONG.params)
    assert stored(sqlite_store)[1] == params


def test_what_is_given_beside_a_preset_overrides_it(
    client: runner.Client, sqlite_store: Store
) -> None:
    options = ("--param", "width=16", "--epochs", "3", "--network", "resnet", "--augment")
    assert submitted(sqlite_store, "--preset", "strong", *options).exit_code == 0
    _, params = stored(sqlite_store)
    assert (params["width"], params["epochs"], params["augmentation"]) == (16, 3, "paper")
    assert params["lr"] == STRONG.params["lr"]
    client.submit_train(dataset="digits", preset="strong", params={"augmentation": "none"})
    assert stored(sqlite_store)[1]["augmentation"] == "none"


def test_a_preset_is_for_its_own_network(client: runner.Client, sqlite_store: Store) -> None:
    refused = submitted(sqlite_store, "--preset", "strong", "--network", "paper").exception
    assert isinstance(refused, InputError)
    assert "the preset strong is for the network resnet, not for 'paper'" in refused.what
    with pytest.raises(InputError, match="unknown parameter 'filters'"):
        client.submit_train(dataset="digits", preset="strong", params={"filters": 8})
    assert queries.experiments(sqlite_store, 1) == []


def test_a_trainer_has_no_preset(client: runner.Client) -> None:
    with pytest.raises(InputError, match="--preset strong are both given"):
        client.submit_train(dataset="digits", preset="strong", trainer="own.py:train")


def test_an_unknown_preset_is_refused_with_a_guess(client: runner.Client) -> None:
    with pytest.raises(InputError, match="unknown preset 'stronk'") as refused:
        client.submit_train(dataset="digits", preset="stronk")
    assert refused.value.fix == "did you mean 'strong'?"
