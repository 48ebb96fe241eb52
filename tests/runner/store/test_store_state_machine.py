"""The promises about jobs hold whatever workers, people, messages and clocks do, in any order.

`pytest FILE --hypothesis-profile=deep` tries a hundred times as much.
"""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select, update

from runner.errors import UnavailableError
from runner.queue import dispatch
from runner.states import FINAL, AttemptState, JobState
from runner.store import queries
from runner.store.engine import Store
from runner.store.lifecycle import control, job_lifecycle, outbox
from runner.store.lifecycle.attempts import Claim, OpenAttempt, Signal, open_attempts
from runner.store.lifecycle.checkpoints import record_epoch
from runner.store.lifecycle.results import write_trial
from runner.store.lifecycle.tuning import order
from runner.store.schema import Base, Job
from tests.runner.store.expected import Model, Network
from tests.runner.store.making import (
    FINGERPRINT,
    make_epoch,
    make_worker,
)
from tests.runner.store.tables import read_jobs

WORKERS = ("one", "two")
DEEP = 100
EXAMPLES = {"sqlite": 25, "postgresql": 12}
STEPS = 50
MOST_JOBS = 6
# Longer than an example takes, so that only its own steps decide what is lost.
LOST_AFTER = 600


class ClaimProtocol(Model):
    """Do anything that may happen to jobs, and compare the tables with what must be true."""

    jobs = Bundle("jobs")
    claims = Bundle("claims")
    looks = Bundle("looks")
    positions = st.integers(0, 999)

    @initialize(target=jobs)
    def begin(self) -> Any:
        """Begin with empty tables, two workers, four jobs and no message."""
        with self.store.write() as connection:
            for table in reversed(Base.metadata.sorted_tables):
                connection.execute(table.delete())
        for worker in WORKERS:
            make_worker(self.store, worker)
        self.network.waiting, self.network.accepts = [], None
        self.late: list[tuple[Any, list[int]]] = []
        self.missing = dispatch.Missing()
        return multiple(*self.accept(3), *self.accept(1))

    @precondition(lambda self: len(self.known) < MOST_JOBS)
    @rule(target=jobs)
    def submit(self) -> Any:
        """Accept two jobs more."""
        return multiple(*self.accept(2))

    # Messages, and the recovery that sends them.

    @rule()
    def send(self) -> None:
        """Send what is pending and what was lost, as every recovery does."""
        dispatch.forget_lost(self.store, None, self.missing)  # type: ignore[arg-type]
        dispatch.send_pending(self.store, None)  # type: ignore[arg-type]

    @rule(accepted=st.integers(0, 2))
    def send_until_the_broker_goes_away(self, accepted: int) -> None:
        """Send, and lose the broker in the middle."""
        self.network.accepts = accepted
        try:
            self.send()
        except UnavailableError:
            pass
        finally:
            self.network.accepts = None

    @rule(look_for_lost=st.booleans(), begun=st.booleans())
    def send_slowly(self, look_for_lost: bool, begun: bool) -> None:
        """Do half of what a sending does: the messages, or what is lost, follow only later."""
        if look_for_lost:
            sent = outbox.sent_jobs(self.store, dispatch.LOST_AFTER_SECONDS)
            gone = [job.job_id for job in sent if job.message not in self.network.waiting]
            self.late.append((self.forget, gone))
            return
        for experiment in outbox.experiments_to_send(self.store, begun=begun):
            taken = outbox.take_unsent(self.store, experiment, begun=begun)
            self.late.append((self.deliver, taken))

    def forget(self, jobs: list[int]) -> None:
        """Note that the messages of these jobs were lost."""
        outbox.mark_unsent(self.store, jobs, dispatch.LOST_AFTER_SECONDS)

    def deliver(self, jobs: list[int]) -> None:
        """Put the messages of jobs that were marked long ago on the queue."""
        found = queries.jobs_to_send(self.store, jobs)
        self.network.send(None, map(dispatch.message, found))

    @precondition(lambda self: self.late)
    @rule()
    def be_done_with_what_was_slow(self) -> None:
        """Do the rest of the oldest of it."""
        finish, jobs = self.late.pop(0)
        finish(jobs)

    @precondition(lambda self: self.network.waiting)
    @rule(position=positions, all_of_them=st.booleans())
    def lose_messages(self, position: int, all_of_them: bool) -> None:
        """Lose one message, or all."""
        if all_of_them:
            self.network.waiting.clear()
        else:
            self.network.waiting.pop(position % len(self.network.waiting))

    @precondition(lambda self: self.network.waiting)
    @rule(position=positions)
    def repeat_a_message(self, position: int) -> None:
        """Deliver one message twice."""
        self.network.waiting.append(self.network.waiting[position % len(self.network.waiting)])

    @rule(seconds=st.sampled_from([-3600, -2 * LOST_AFTER, 2 * LOST_AFTER, 3600]))
    def set_the_clock(self, seconds: int) -> None:
        """Let time pass, or step the clock: what was written is older or newer than before."""
        with self.store.write() as connection:
            for job, moment in connection.execute(select(Job.id, Job.enqueued_at)).all():
                moved = moment and moment - timedelta(seconds=seconds)
                connection.execute(update(Job).where(Job.id == job).values(enqueued_at=moved))

    # Workers.

    @precondition(lambda self: self.network.waiting)
    @rule(target=claims, position=positions, worker=st.sampled_from(WORKERS))
    def claim(self, position: int, worker: str) -> Any:
        """Take a message and claim its job."""
        return self.take(self.network.waiting.pop(position % len(self.network.waiting)), worker)

    @precondition(lambda self: self.network.waiting)
    @rule(target=claims, position=positions, other=positions, worker=st.sampled_from(WORKERS))
    def claim_another(self, position: int, other: int, worker: str) -> Any:
        """Take a message and claim another job of the experiment, if both are new and sent."""
        message = self.network.waiting.pop(position % len(self.network.waiting))
        first = order.new_job(self.store, message)
        found = order.next_jobs(self.store, first.experiment_id) if first else []
        others = [job for job in found if first and job.job_id != first.job_id]
        if first is None or not others:
            return self.take(message, worker)
        assert self.is_free(self.known[first.job_id])
        chosen = others[other % len(others)].job_id
        claimed = job_lifecycle.claim_instead(self.store, message, (first.job_id, chosen), worker)
        if claimed is None:
            # The message was repeated: the job has another one.
            return self.take(message, worker)
        return self.taken(chosen, claimed)

    @rule(target=claims, job=jobs, worker=st.sampled_from(WORKERS))
    def claim_for_an_old_message(self, job: int, worker: str) -> Any:
        """Take a message that was repeated long ago: it may name any job, in any state."""
        return self.take(job, worker)

    @rule(target=claims, claim=claims, times=st.integers(1, job_lifecycle.MOST_LOST))
    def lose_and_claim_again(self, claim: Claim, times: int) -> Any:
        """Take an attempt for dead that lives, and give its job to another, again and again."""
        claimed: Any = multiple()
        for _ in range(times):
            self.lose([seen for seen in open_attempts(self.store) if seen.job_id == claim.job_id])
            claimed = self.take(claim.job_id, WORKERS[1])
        return claimed

    @rule(claim=claims)
    def beat(self, claim: Claim) -> None:
        """Say that an attempt lives."""
        known, before = self.known[claim.job_id], self.everything(claim)
        answer = job_lifecycle.heartbeat(self.store, claim.key)
        if before is not None:
            assert answer == Signal.STALE
            assert self.everything(claim) == before
            return
        known.beats += 1
        assert answer == (Signal.CANCEL if known.cancel else Signal.CONTINUE)

    @rule(claim=claims)
    def end_an_epoch(self, claim: Claim) -> None:
        """Record an epoch and its checkpoint."""
        known, before = self.known[claim.job_id], self.everything(claim)
        epoch = make_epoch(known.epochs + 1)
        recorded = record_epoch(self.store, claim.key, epoch, b"state", FINGERPRINT)
        assert recorded == (before is None)
        if before is not None:
            assert self.everything(claim) == before
            return
        known.epochs, known.beats, known.lost = known.epochs + 1, known.beats + 1, 0

    @rule(claim=claims)
    def succeed(self, claim: Claim) -> None:
        """End an attempt with a result."""
        if not self.known[claim.job_id].epochs:
            self.end_an_epoch(claim)
        self.finish(
            claim,
            AttemptState.SUCCEEDED,
            lambda connection: write_trial(connection, claim, b"weights", FINGERPRINT),
        )

    @rule(
        claim=claims,
        state=st.sampled_from([AttemptState.FAILED, AttemptState.RELEASED, AttemptState.CANCELLED]),
    )
    def end_without_a_result(self, claim: Claim, state: AttemptState) -> None:
        """Fail, give the job back, or stop because of a cancel."""
        self.finish(claim, state, None)

    def finish(self, claim: Claim, state: AttemptState, write: Any) -> None:
        """End an attempt; of one that is not open nothing may be written."""
        before = self.everything(claim)
        assert job_lifecycle.finish(self.store, claim.key, state, write=write) == (before is None)
        if before is None:
            self.known[claim.job_id].end(job_lifecycle.JOB_STATES[state])
        else:
            assert self.everything(claim) == before

    @rule(target=looks)
    def look(self) -> list[OpenAttempt]:
        """See which attempts are under way, as a recovery does before it judges them."""
        return open_attempts(self.store)

    @rule(look=looks)
    def recover(self, look: list[OpenAttempt]) -> None:
        """Take them for dead, however long ago they were seen."""
        self.lose(look)

    @rule(claim=claims)
    def take_for_dead_what_beats_again(self, claim: Claim) -> None:
        """See the attempts, hear one beat, and take all for dead."""
        look = open_attempts(self.store)
        self.beat(claim)
        self.lose(look)

    def lose(self, dead: list[OpenAttempt]) -> None:
        """Close attempts as lost, but none whose heart has beaten since it was seen."""
        pending: list[int] = []
        for seen in dead:
            known = self.known[seen.job_id]
            same = (known.attempts, known.beats) == (seen.number, seen.heartbeats)
            if known.state == JobState.RUNNING and same and known.lose() == JobState.PENDING:
                pending.append(seen.job_id)
        assert job_lifecycle.recover(self.store, dead) == pending

    # People.

    @rule(job=jobs, whole=st.booleans())
    def cancel(self, job: int, whole: bool) -> None:
        """Cancel a job, or its whole experiment."""
        control.cancel(self.store, self.target(job, whole))
        for known in self.family(job, whole):
            if known.state in (JobState.PENDING, JobState.RUNNING):
                known.cancel = True
            if known.state == JobState.PENDING:
                known.state = JobState.CANCELLED

    @rule(claim=claims, released=st.booleans())
    def cancel_what_runs(self, claim: Claim, released: bool) -> None:
        """Cancel a job under a worker that gives it back, or dies, before it hears of it."""
        self.cancel(claim.job_id, whole=False)
        if released:
            self.finish(claim, AttemptState.RELEASED, None)
        else:
            self.lose(open_attempts(self.store))

    @rule(job=jobs, whole=st.booleans())
    def retry(self, job: int, whole: bool) -> None:
        """Retry a job, or its whole experiment."""
        control.retry(self.store, self.target(job, whole))
        for known in self.family(job, whole):
            if known.state in (JobState.FAILED, JobState.CANCELLED):
                known.state, known.lost, known.cancel = JobState.PENDING, 0, False

    @rule(job=jobs)
    def pause_or_resume(self, job: int) -> None:
        """Pause an experiment, or let it go on."""
        experiment = self.known[job].experiment
        if experiment in self.paused:
            control.resume(self.store, experiment)
        else:
            control.pause(self.store, experiment)
        self.paused ^= {experiment}

    # What must be true after each of these.

    @invariant()
    def the_tables_say_what_is_true(self) -> None:
        """One open attempt a running job, one result a job that succeeded, none for any other."""
        jobs, running, succeeded, trials = read_jobs(self.store)
        assert {
            job: (state, attempts, lost, bool(cancel))
            for job, state, attempts, lost, cancel in jobs
        } == {
            job: (one.state, one.attempts, one.lost, one.cancel) for job, one in self.known.items()
        }
        assert sorted(running) == sorted(
            (job, one.attempts, one.beats)
            for job, one in self.known.items()
            if one.state == JobState.RUNNING
        )
        one_each = {job: 1 for job, one in self.known.items() if one.state == JobState.SUCCEEDED}
        assert succeeded == trials == one_each

    def teardown(self) -> None:
        """Let everything come to rest: no pending job is forgotten, and each has one outcome."""
        for experiment in self.paused:
            control.resume(self.store, experiment)
        self.paused.clear()
        while self.late:
            self.be_done_with_what_was_slow()
        # What was sent lately was sent long ago, or in the future, and no message of it is left.
        # Earlier steps were multiples of 2 * LOST_AFTER: nothing was sent lately after this one.
        self.set_the_clock(-5100 if len(self.known) % 2 else 5700)
        self.network.waiting.clear()
        while not all(known.state in FINAL for known in self.known.values()):
            self.lose(open_attempts(self.store))
            # What is missing is lost when it is still missing at the next look.
            self.send()
            self.send()
            pending = {job for job, one in self.known.items() if one.state == JobState.PENDING}
            assert pending <= set(self.network.waiting), "a job that is pending has no message"
            while self.network.waiting:
                if isinstance(claimed := self.claim(0, WORKERS[0]), Claim):
                    self.succeed(claimed)
            self.the_tables_say_what_is_true()
            self.set_the_clock(2 * LOST_AFTER)


@pytest.mark.timeout(7200)
def test_the_promises_hold_whatever_happens_in_any_order(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = Network()
    monkeypatch.setattr(dispatch, "LOST_AFTER_SECONDS", LOST_AFTER)
    monkeypatch.setattr(dispatch, "send", network.send)
    monkeypatch.setattr(dispatch, "queued_jobs", network.queued_jobs)
    monkeypatch.setattr(dispatch, "queue_lengths", network.queue_lengths)
    machine = type("OnThisDatabase", (ClaimProtocol,), {"store": store, "network": network})
    deep = settings.get_current_profile_name() == "deep"
    examples = EXAMPLES["sqlite" if store.url.startswith("sqlite") else "postgresql"]
    chosen = settings(
        max_examples=examples * (DEEP if deep else 1),
        stateful_step_count=STEPS,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.reuse, Phase.generate, Phase.shrink],
        print_blob=True,
    )
    run_state_machine_as_test(machine, settings=chosen)
