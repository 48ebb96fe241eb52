"""A worker takes the jobs of a higher priority first, whatever message it got."""

from sqlalchemy import select, update

from runner.store import queries
from runner.store.engine import Store
from runner.store.lifecycle import control, outbox
from runner.store.schema import Experiment, Job
from tests.runner.store.making import make_experiment
from workers.attempt import Attempt, Stopped, Write, execute
from workers.context import Context


def first_job(store: Store, experiment: int) -> int:
    return queries.jobs(store, experiment)[0].id


def done_for(job: int, told: list[str] | None = None) -> list[int]:
    """Return the jobs that a worker does which gets the message of this job."""
    done: list[int] = []

    def cancel(attempt: Attempt) -> Write:
        done.append(attempt.claim.job_id)
        attempt.progress("epoch 1")
        raise Stopped(None)

    heard: list[str] = [] if told is None else told
    execute(job, cancel, heard.append)
    return done


def test_a_job_of_a_higher_priority_is_done_first_and_the_other_is_sent_again(
    worker: Context,
) -> None:
    store = worker.store
    ordinary, urgent, paused = (make_experiment(store, [{}]) for _ in range(3))
    outbox.take_unsent(store, ordinary, begun=False)
    control.set_priority(store, urgent, 5)
    control.set_priority(store, paused, 9)
    control.pause(store, paused)
    told: list[str] = []
    assert done_for(first_job(store, ordinary), told) == [first_job(store, urgent)]
    assert told == [f"job {first_job(store, urgent)}: epoch 1"], "the message names another"
    with store.read() as connection:
        sent = select(Job.state, Job.enqueued_at).where(Job.experiment_id == ordinary)
        assert tuple(connection.execute(sent).one()) == ("pending", None)
    # The urgent one is running now.
    assert done_for(first_job(store, ordinary), told) == [first_job(store, ordinary)]
    assert told[1:] == ["epoch 1"]


def test_a_job_that_needs_another_worker_is_not_taken(worker: Context) -> None:
    store = worker.store
    ordinary, urgent = (make_experiment(store, [{}]) for _ in range(2))
    control.set_priority(store, urgent, 5)
    with store.write() as connection:
        stored = select(Experiment.configuration).where(Experiment.id == urgent)
        configuration = {**connection.scalars(stored).one(), "backend": "jax"}
        connection.execute(
            update(Experiment).where(Experiment.id == urgent).values(configuration=configuration)
        )
    assert done_for(first_job(store, ordinary)) == [first_job(store, ordinary)]
