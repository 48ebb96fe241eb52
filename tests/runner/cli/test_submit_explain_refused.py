"""`submit explain` refuses what it cannot explain, before a row is written."""

import pytest
from click.testing import CliRunner

from runner.cli.submit import explain
from runner.errors import InputError
from runner.store.engine import Store
from tests.runner.reports.stored import new_trial
from tests.runner.store.making import rows


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            ("--images", "10"),
            "--images 10: the test split has 10 images\n.*numbers from 0 to 9",
        ),
        (("--images", "3,8-11"), "--images 8-11: the test split has 10 images\n"),
        (("--images", "0", "--labels", "bird"), "--labels bird: the data set has no such class"),
        (("--images", "0", "--labels", "circle,bird"), "'predicted', or one or more of circle"),
        (
            ("--images", "0", "--epochs-of-life", "1,5,last"),
            "--epochs-of-life 1,5: trial 1 was trained for 1 epoch\n.*epochs from 1 to 1, or last",
        ),
        (
            ("--images", "0", "--epochs-of-life", "0,first"),
            "--epochs-of-life 0,first: '0', 'first' is not an epoch\n.*numbers of epochs from 1",
        ),
        (("--images", "0", "--epochs-of-life", ""), "--epochs-of-life : '' is not an epoch"),
    ],
)
def test_pictures_and_classes_that_do_not_exist_are_refused(
    sqlite_store: Store, options: tuple[str, ...], words: str
) -> None:
    arguments = ("--trial", str(new_trial(sqlite_store)), *options)
    before = rows(sqlite_store, "jobs")
    environment = {"RUNNER_DATABASE_URL": sqlite_store.url}
    with pytest.raises(InputError, match=words):
        CliRunner().invoke(explain, arguments, env=environment, catch_exceptions=False)
    assert rows(sqlite_store, "jobs") == before
