"""`runner doctor`: what would break the promise, each with its fix."""

import json
import sys
from dataclasses import asdict

import click

from runner.cli.options import format_option


@click.command()
@format_option
def doctor(form: str) -> None:
    """Check for problems that could lose or damage work. Exits with 1 if there are any."""
    from runner.doctor.examine import examine
    from runner.doctor.finding import of_error
    from runner.errors import InputError
    from runner.settings import Settings

    try:
        findings = list(examine(Settings.from_environment()))
    except InputError as error:
        findings = [of_error(error)]
    if form == "json":
        click.echo(json.dumps({"findings": [asdict(finding) for finding in findings]}, indent=2))
    else:
        for found in findings:
            click.echo(f"{found.what}\n  why it matters: {found.why}\n  to fix it: {found.fix}")
        click.echo(f"problems found: {len(findings)}" if findings else "no problems found")
    sys.exit(1 if findings else 0)


COMMANDS = [doctor]
