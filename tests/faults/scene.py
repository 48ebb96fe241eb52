"""A small trial that real processes train, what came of it, and who has it now."""

import json
from typing import Any

import psutil
from sqlalchemy import select

from runner.failpoints import VARIABLE
from runner.local.run_dir import RunDir
from runner.store.engine import Store, open_store
from runner.store.lifecycle.attempts import OpenAttempt, open_attempts
from runner.store.schema import Attempt, Epoch, Event, Job, Trial
from tests.acceptance.command_line import TINY, Runner, wait_until

EPOCHS = 5
# Outcomes are compared: each is trained, also if an equal one was.
TRAIN = ["submit", "train", *TINY, "--epochs", str(EPOCHS), "--seed", "7", "--fresh"]
SCORES = (Epoch.epoch, Epoch.loss, Epoch.accuracy, Epoch.val_loss, Epoch.val_accuracy)

REPAIR_SECONDS = 10.0


class Scene:
    """One database, a private broker and a worker, and places at which the worker dies."""

    def __init__(self, runner: Runner, database_url: str) -> None:
        self.runner = runner
        self.marks = runner.directory / "marks"
        self.marks.mkdir()
        runner.environment["RUNNER_DATABASE_URL"] = database_url
        runner("db", "upgrade")
        self.store: Store = open_store(database_url)

    def dies(self, *places: str, always: bool = False) -> None:
        """Let the next worker that is started die at these places, once each or always."""
        named = ",".join(places)
        self.runner.environment[VARIABLE] = named if always else f"{named}:{self.marks}"

    def submit(self, *options: str) -> int:
        """Submit the trial; return its job."""
        document = self.runner.json(*TRAIN, *options)
        job: int = document["jobs"][0]["job"]
        return job

    def tune(self, points: int) -> list[int]:
        """Submit the smallest trial for each of so many points of a grid; return the jobs."""
        grid = self.runner.directory / "grid.json"
        grid.write_text(json.dumps({"lr": [number / 100_000 for number in range(1, points + 1)]}))
        options = ["--grid", str(grid), "--downsample", "1", "--epochs", "1"]
        document = self.runner.json("submit", "tune", *TINY, *options)
        return [job["job"] for job in document["jobs"]]

    def trained_through(self, *places: str) -> int:
        """Train the trial with a worker that dies once at each of these places; return its job."""
        self.dies(*places)
        self.runner("up")
        job = self.submit()
        self.wait_for(job)
        return job

    def job(self, job: int) -> Any:
        """Return a job's row."""
        return self.rows(select(Job.__table__).where(Job.id == job))[0]

    def attempts(self, job: int) -> list[str]:
        """Return how each attempt at a job ended."""
        statement = select(Attempt.state).where(Attempt.job_id == job).order_by(Attempt.number)
        return [row["state"] for row in self.rows(statement)]

    def epochs(self, job: int) -> list[int]:
        """Return the epochs of a job that were recorded."""
        return [row["epoch"] for row in self.rows(select(Epoch.epoch).where(Epoch.job_id == job))]

    def wait_for_another(self) -> None:
        """Wait until one more job has succeeded than now."""
        succeeded = select(Job.id).where(Job.state == "succeeded")
        before = len(self.rows(succeeded))
        wait_until(lambda: len(self.rows(succeeded)) > before, "work goes on", self.explain)

    def wait_for(self, job: int, state: str = "succeeded") -> None:
        """Wait until the job is in this state."""
        wait_until(lambda: self.job(job)["state"] == state, f"job {job} is {state}", self.explain)

    def wait_for_attempt(self, job: int, number: int) -> None:
        """Wait until the job has had so many attempts."""
        wait_until(
            lambda: len(self.attempts(job)) >= number,
            f"attempt {number} at job {job}",
            self.explain,
        )

    def wait_for_epochs(self, job: int, count: int) -> None:
        """Wait until so many epochs of the job are recorded."""
        wait_until(
            lambda: len(self.epochs(job)) >= count, f"{count} epochs of job {job}", self.explain
        )

    def explain(self) -> str:
        """Return what the logs and the events say, for a failure's message."""
        events = [dict(row) for row in self.rows(select(Event.__table__).order_by(Event.id))]
        return json.dumps(events, default=str, indent=1) + self.runner.logs()

    def outcome(self, job: int) -> tuple[str, list[tuple[Any, ...]]]:
        """Return the SHA-256 of the job's model and every metric of its epochs."""
        (trial,) = self.rows(select(Trial.model).where(Trial.job_id == job))
        epochs = self.rows(select(*SCORES).where(Epoch.job_id == job).order_by(Epoch.epoch))
        return trial["model"], [tuple(row.values()) for row in epochs]

    def repairs(self, job: int) -> list[float]:
        """Return how long after each death the job was claimed again, in seconds."""
        claims = [
            row["at"].timestamp()
            for row in self.rows(
                select(Event.at)
                .where(Event.job_id == job, Event.name == "claimed")
                .order_by(Event.id)
            )
        ]
        deaths = [mark.stat().st_mtime for mark in self.marks.iterdir()]
        return [min(claim for claim in claims if claim > death) - death for death in deaths]

    def child(self, job: int) -> psutil.Process:
        """Wait until a process has the job and has finished an epoch; return it."""

        def found() -> list[OpenAttempt]:
            mine = [one for one in open_attempts(self.store) if one.job_id == job]
            return mine if self.epochs(job) else []

        (attempt,) = wait_until(found, f"job {job} has trained an epoch", self.explain)
        return psutil.Process(attempt.pid)

    def worker(self) -> psutil.Process:
        """Return the main process of the worker that is up."""
        return psutil.Process(RunDir(self.runner.directory / "results").remembered()["worker"].pid)

    def rows(self, statement: Any) -> list[Any]:
        """Return what a query finds."""
        with self.store.read() as connection:
            return list(connection.execute(statement).mappings())

    def close(self) -> None:
        """Close the database."""
        self.store.close()
