"""Documents of the page: when they are built again."""

import asyncio
from contextlib import closing

import pytest

from runner.settings import Settings
from runner.store.engine import Store
from runner.ui import answers
from runner.ui.answers import Answers
from runner.ui.overview import Overviews
from tests.runner.reports.stored import store_tune, train_epochs
from tests.runner.store.making import home_of, job_ids


def test_what_a_job_does_is_shown_though_the_document_is_not_old(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, seconds in (("LOOK_SECONDS", 0), ("REST", 0), ("OLDEST_SECONDS", 3600)):
        monkeypatch.setattr(answers, name, seconds)
    settings = Settings.from_environment({"RUNNER_HOME": home_of(sqlite_store)})
    kept, build = Answers(settings), Overviews(settings).build

    (job,) = job_ids(sqlite_store, store_tune(sqlite_store, [[]]))
    with closing(asyncio.new_event_loop()) as loop:

        def tag() -> str:
            return loop.run_until_complete(kept.document("experiments", build)).tag

        before = tag()
        assert tag() == before
        train_epochs(sqlite_store, job, [0.5])
        assert tag() != before
