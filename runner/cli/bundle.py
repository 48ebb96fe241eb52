"""`runner verify`, `export` and `import`: trust a stored trial, and carry it elsewhere."""

import json
import sys
from pathlib import Path

import click

from runner.cli.options import TRIAL, format_option
from runner.cli.output import open_store
from runner.cli.wording.fitting import say, show
from runner.errors import ExitCode


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
@click.argument("trial", type=TRIAL)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    help="The directory to create; it must not exist yet.",
)
@format_option
def export(trial: int, out: Path, form: str) -> None:
    """Export a trial as a bundle. It contains a Keras model, params, metrics and provenance."""
    from runner.bundle.exporting import export_bundle

    _, store = open_store()
    files = export_bundle(store, trial, out)
    document = {"trial": trial, "out": str(out.absolute()), "files": files}
    words = f"trial {trial}: {out} ({', '.join(files)})"
    click.echo(json.dumps(document, indent=2) if form == "json" else words)


@click.command("import")
@click.argument("path", type=click.Path(exists=True, file_okay=False, path_type=Path))
@format_option
def import_(path: Path, form: str) -> None:
    """Import the trial of a bundle. A trial that is already stored is skipped."""
    from runner.bundle.importing import import_bundle
    from runner.settings import Settings
    from runner.store.opening import make_store

    store = make_store(Settings.from_environment())
    found = import_bundle(store, path)
    if found.name_holder is not None:
        say(f"the name of its experiment is that of experiment {found.name_holder}: left out")
    state = "imported" if found.imported else "is already stored"
    words = f"trial {found.trial} {state}: score it again with `runner verify {found.trial}`"
    document = {"trial": found.trial, "imported": found.imported}
    click.echo(json.dumps(document, indent=2) if form == "json" else words)


COMMANDS = [verify, export, import_]
