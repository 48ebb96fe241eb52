"""`runner cancel`, `retry`, `pause`, `resume` and `continue`: what is done to existing jobs."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from runner.api.checks import LIMITS
from runner.cli.options import EXPERIMENT, JOB, TRIAL, format_option, fresh_option, wait_option
from runner.cli.output import open_store
from runner.cli.wording.fitting import say

if TYPE_CHECKING:
    from runner.store.lifecycle.control import Target


def target_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the argument, or the option, that names the jobs that are meant."""
    job = click.option("--job", type=JOB, help="Select one job instead of a whole experiment.")
    return click.argument("experiment", type=EXPERIMENT, required=False)(job(command))


@click.command()
@target_options
@format_option
def cancel(experiment: int | None, job: int | None, form: str) -> None:
    """Cancel the unfinished jobs of an experiment, or one job."""
    from runner.api.live.control import cancelled_text
    from runner.store.lifecycle import control

    settings, store = open_store()
    target = _target(experiment, job)
    done = control.cancel(store, target)
    text = cancelled_text(settings, target, done)
    _print(form, text, cancelled=done.cancelled, stopping=done.stopping)


@click.command()
@target_options
@click.option(
    "--any-machine",
    is_flag=True,
    help="Also continue from the checkpoint of a different kind of machine; reports state it.",
)
@format_option
def retry(experiment: int | None, job: int | None, any_machine: bool, form: str) -> None:
    """Run failed and cancelled jobs again. They resume from their newest checkpoint."""
    from runner.api.live.control import retried_text
    from runner.cli.deliver import send_saved
    from runner.store.lifecycle import control

    settings, store = open_store()
    target = _target(experiment, job)
    jobs = control.retry(store, target, any_machine=any_machine)
    _print(form, retried_text(target, jobs), pending=jobs)
    if jobs:
        send_saved(settings, store)


@click.command()
@click.argument("experiment", type=EXPERIMENT)
@format_option
def pause(experiment: int, form: str) -> None:
    """Pause an experiment: running jobs finish, no new job starts."""
    from runner.api.live.control import paused_text
    from runner.store.lifecycle import control

    _, store = open_store()
    done = control.pause(store, experiment)
    _print(form, paused_text(experiment, done), paused=True, running=done.running)


@click.command()
@click.argument("experiment", type=EXPERIMENT)
@click.option(
    "--priority",
    type=click.IntRange(*LIMITS["priority"]),
    help="Also set the priority: jobs of a higher one start first.",
)
@format_option
def resume(experiment: int, priority: int | None, form: str) -> None:
    """Resume a paused experiment, or change its priority."""
    from runner.api.live.control import resumed_text
    from runner.cli.deliver import send_saved
    from runner.store.lifecycle import control

    settings, store = open_store()
    done = control.resume(store, experiment)
    words = resumed_text(experiment, done)
    if priority is not None:
        control.set_priority(store, experiment, priority)
        words += f", priority {priority}"
    _print(form, words, paused=False, running=done.running)
    if done.changed:
        send_saved(settings, store)


@click.command(name="continue")
@click.argument("trial", type=TRIAL)
@click.option(
    "--epochs",
    type=click.IntRange(*LIMITS["epochs"]),
    help="Train to this epoch; default: that of its params.",
)
@fresh_option
@wait_option
@format_option
def continue_(trial: int, epochs: int | None, fresh: bool, wait: bool, form: str) -> None:
    """Continue a trial that was stopped early, or train it for more epochs, in a new experiment."""
    from runner.cli.deliver import deliver
    from runner.submit.continuing import RESTARTS, continue_trial
    from runner.submit.experiments import Saved

    settings, store = open_store()
    new = continue_trial(store, trial, epochs, fresh=fresh)
    if not new.resumes:
        say(RESTARTS.format(trial=trial))
    deliver(settings, store, Saved(new.experiment), wait=wait, form=form)


def _target(experiment: int | None, job: int | None) -> "Target":
    from runner.store.lifecycle.control import Target

    if (experiment is None) == (job is None):
        raise click.UsageError("name either an EXPERIMENT or a job with --job, not both")
    return Target(experiment, job)


def _print(form: str, words: str, **document: Any) -> None:
    click.echo(json.dumps(document) if form == "json" else words)


COMMANDS = [cancel, retry, pause, resume, continue_]
