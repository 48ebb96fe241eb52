"""`runner verify`, `export` and `import`: trust a stored trial, and carry it elsewhere."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli.options import EXPERIMENT, JOB, TRIAL, format_option
from runner.cli.output import open_store
from runner.cli.wording.fitting import say, show
from runner.errors import ExitCode, InputError

if TYPE_CHECKING:
    from runner.store.copies.writing import Copied


@click.command()
@click.argument("trial", type=TRIAL)
@format_option
def verify(trial: int, form: str) -> None:
    """Score a stored model again, also with Keras. Exits with 1 if the scores differ."""
    from runner.cli.interrupts import explained, kept
    from runner.cli.progress import wait_for
    from runner.reports.records import plain
    from runner.reports.verification import verification_document, verification_text
    from runner.states import JobState
    from runner.store import queries
    from runner.submit.experiments import submit_verify

    settings, store = open_store()
    experiment = submit_verify(store, trial)
    with explained([kept(settings, experiment)]):
        wait_for(settings, store, experiment)
    [job] = queries.jobs(store, experiment)
    if job.state != JobState.SUCCEEDED:
        say(f"trial {trial}: NOT VERIFIED: job {job.id} {job.state}: {job.reason}")
        sys.exit(ExitCode.JOB_FAILED)
    document = verification_document(store, trial, experiment)
    words = verification_text(document)
    if form == "json":
        click.echo(json.dumps(plain(document), indent=2))
    else:
        show(words)
    if not document.verified:
        sys.exit(ExitCode.JOB_FAILED)


@click.command()
@click.argument("trial", type=TRIAL, required=False)
@click.option(
    "--experiment",
    "experiments",
    type=EXPERIMENT,
    multiple=True,
    help="Export an experiment with its trials, evaluations and explanations; repeatable.",
)
@click.option(
    "--checkpoint",
    "job",
    type=JOB,
    help="Export the unfinished training run of a job, to continue it in another store.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    help="The directory to create; it must not exist yet.",
)
@click.option(
    "--weights/--no-weights",
    default=True,
    show_default=True,
    help="With --experiment: include weights and checkpoints.",
)
@format_option
def export(
    trial: int | None,
    experiments: tuple[int, ...],
    job: int | None,
    out: Path,
    weights: bool,
    form: str,
) -> None:
    """Export a trial, experiments or an unfinished training to a directory.

    The bundle of a trial contains a Keras model, params, metrics and provenance; experiments
    and a training are for another store: `runner import`.
    """
    from runner.bundle.experiments import export_checkpoint, export_experiments
    from runner.bundle.exporting import export_bundle

    if [trial, experiments or None, job].count(None) != 2:
        raise InputError(
            "give one thing to export",
            "the number of a trial, --experiment or --checkpoint",
            "for example: runner export --experiment 3 --out DIR",
        )
    if not weights and not experiments:
        raise InputError(
            "--no-weights is for experiments only",
            "--experiment with --no-weights: the other exports consist of weights",
            "leave out --no-weights",
        )
    _, store = open_store()
    document: dict[str, object] = {}
    if trial is not None:
        export_bundle(store, trial, out)
        document, words = {"trial": trial}, f"trial {trial}: {out}"
    elif experiments:
        found = export_experiments(store, experiments, out, weights=weights)
        document = {"experiments": found}
        words = f"experiment{'s' * (len(found) > 1)} {', '.join(map(str, found))}: {out}"
    elif job is not None:
        epoch = export_checkpoint(store, job, out)
        document = {"job": job, "epoch": epoch}
        words = f"job {job}, which continues after epoch {epoch}: {out}"
    files = sorted(path.name for path in out.iterdir())
    document |= {"out": str(out.absolute()), "files": files}
    words += f" ({', '.join(files)})"
    click.echo(json.dumps(document, indent=2) if form == "json" else words)


@click.command("import")
@click.argument("path", type=click.Path(exists=True, file_okay=False, path_type=Path))
@format_option
def import_(path: Path, form: str) -> None:
    """Import what `runner export` wrote. What is already stored is skipped."""
    from runner.bundle.experiments import import_experiments, is_experiment
    from runner.bundle.importing import import_bundle
    from runner.settings import Settings
    from runner.store.opening import make_store

    store = make_store(Settings.from_environment())
    if is_experiment(path):
        _show_copied(import_experiments(store, path), form)
        return
    found = import_bundle(store, path)
    _say_name(found.name_holder)
    state = "imported" if found.imported else "is already stored"
    words = f"trial {found.trial} {state}: score it again with `runner verify {found.trial}`"
    document = {"trial": found.trial, "imported": found.imported}
    click.echo(json.dumps(document, indent=2) if form == "json" else words)


def _show_copied(copied: "list[Copied]", form: str) -> None:
    lines, experiments = [], []
    for each in copied:
        _say_name(each.name_holder)
        state = "imported" if each.imported else "already stored"
        lines.append(f"experiment {each.original} {state}: it is experiment {each.experiment} here")
        experiments.append(
            {"original": each.original, "experiment": each.experiment, "imported": each.imported}
        )
    text = "\n".join(lines)
    click.echo(json.dumps({"experiments": experiments}, indent=2) if form == "json" else text)


def _say_name(holder: int | None) -> None:
    if holder is not None:
        say(f"the name of its experiment was left out: experiment {holder} already has it")


COMMANDS = [verify, export, import_]
