"""The command line: one short command for everything that a person does."""

import sys
from io import StringIO, TextIOWrapper

import click

from cifar_model.errors import printable
from runner.errors import ExitCode, InputError, UnavailableError

EPILOG = (
    "Begin with `runner submit tune --downsample 0.01 --seed 2 --dataset shapes --epochs 1 --wait`."
)


@click.group(epilog=EPILOG, context_settings={"auto_envvar_prefix": "RUNNER"})
@click.version_option(package_name="cifar-experiment-runner", prog_name="runner")
def cli() -> None:
    """Run image-classification experiments as jobs on a queue and read what came out."""


def load_commands() -> None:
    """Add every command to the group; none of them imports anything heavy before it runs."""
    from runner.cli import (
        bundle,
        compare,
        control,
        diff,
        doctor,
        explanations,
        flower,
        local,
        look,
        report,
        reproduce,
        submit,
    )

    reading = (look, report, compare, explanations, diff, bundle, reproduce)
    for module in (submit, control, *reading, local, flower, doctor):
        for command in module.COMMANDS:
            cli.add_command(command)


def main() -> None:
    """Run the command line; every error a person can mend is three lines and an exit code."""
    load_commands()
    # A name that is no UTF-8 is written out, and does not end the command that would print it.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        sys.exit(cli.main(standalone_mode=False) or ExitCode.OK)
    except click.exceptions.Exit as end:
        sys.exit(end.exit_code)
    except click.ClickException as error:
        words = StringIO()
        error.show(words)
        click.echo(printable(words.getvalue()), nl=False, err=True)
        sys.exit(ExitCode.USAGE)
    except InputError as error:
        sys.exit(_explain(error, ExitCode.USAGE))
    except UnavailableError as error:
        sys.exit(_explain(error, ExitCode.UNAVAILABLE))
    except (KeyboardInterrupt, click.Abort) as error:
        # Click turns the one into the other; the command that was interrupted knows what it left.
        left = str(error.__cause__ or error)
        click.echo(f"interrupted: {left}" if left else "interrupted", err=True)
        sys.exit(ExitCode.INTERRUPTED)


def _explain(error: InputError | UnavailableError, code: ExitCode) -> ExitCode:
    click.echo(
        f"error: {error.what}\n  expected: {error.expected}\n  to fix it: {error.fix}", err=True
    )
    return code
