"""Settings come from the environment, once, and are checked."""

from pathlib import Path

import pytest

from cifar_model.errors import InputError
from runner.settings import Settings


def test_without_any_variable_everything_is_under_results() -> None:
    settings = Settings.from_environment({})
    assert settings.home == Path("results").absolute()
    assert settings.database_url == f"sqlite:///{settings.home}/runner.db"
    assert settings.broker_url is None
    assert (settings.lease_seconds, settings.heartbeat_seconds) == (60, 5)


def test_passwords_come_from_files_and_are_quoted(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("p@ss/word\n")
    settings = Settings.from_environment(
        {
            "RUNNER_DATABASE_URL": "postgresql://runner@database:5432/results",
            "RUNNER_DATABASE_PASSWORD_FILE": str(secret),
            "RUNNER_BROKER_URL": "rediss://broker:6379/0",
            "RUNNER_BROKER_PASSWORD_FILE": str(secret),
        }
    )
    assert settings.database_url == "postgresql://runner:p%40ss%2Fword@database:5432/results"
    assert settings.broker_url == "rediss://:p%40ss%2Fword@broker:6379/0"


def test_a_password_is_all_of_its_line_and_no_more_than_one(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    environment = {
        "RUNNER_BROKER_URL": "redis://localhost",
        "RUNNER_BROKER_PASSWORD_FILE": str(secret),
    }
    secret.write_text(" 'a\"\\ #%\n")
    settings = Settings.from_environment(environment)
    assert settings.broker_url == "redis://:%20%27a%22%5C%20%23%25@localhost"
    for content in ("", "\n", "one\ntwo\n"):
        secret.write_text(content)
        with pytest.raises(InputError, match="RUNNER_BROKER_PASSWORD_FILE") as refused:
            Settings.from_environment(environment)
        assert "two" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RUNNER_LEASE_SECONDS", "soon"),
        ("RUNNER_LEASE_SECONDS", "-1"),
        ("RUNNER_LEASE_SECONDS", "1e300"),
        ("RUNNER_SLOTS", "nan"),
        ("RUNNER_SLOTS", "2.5"),
        ("RUNNER_SLOTS", "99999999999999999999"),
        ("RUNNER_SLOTS", "1025"),
        ("RUNNER_SLOTS", "-1"),
        ("RUNNER_SLOTS", "٣"),
        ("RUNNER_HEARTBEAT_SECONDS", "inf"),
        ("RUNNER_HEARTBEAT_SECONDS", "30"),
        ("RUNNER_SWEEP_SECONDS", "30"),
    ],
)
def test_a_value_that_cannot_work_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(InputError, match=name):
        Settings.from_environment({name: value})


@pytest.mark.parametrize(
    ("given", "slots"), [("", None), ("auto", None), ("0", None), ("1", 1), ("1024", 1024)]
)
def test_slots_are_a_number_or_left_to_the_worker(given: str, slots: int | None) -> None:
    assert Settings.from_environment({"RUNNER_SLOTS": given}).slots == slots


def test_an_interval_that_is_too_long_says_which_to_decrease() -> None:
    with pytest.raises(InputError) as refused:
        Settings.from_environment({"RUNNER_SWEEP_SECONDS": "30"})
    assert refused.value.fix == "decrease RUNNER_SWEEP_SECONDS or increase RUNNER_LEASE_SECONDS"


def test_a_password_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    environment = {
        "RUNNER_BROKER_URL": "redis://broker",
        "RUNNER_BROKER_PASSWORD_FILE": str(tmp_path / "nowhere"),
    }
    with pytest.raises(InputError, match="nowhere"):
        Settings.from_environment(environment)
