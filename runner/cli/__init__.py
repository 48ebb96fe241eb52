"""The command line: one short command for everything that a person does."""

import sys
from io import StringIO, TextIOWrapper

import click

from cifar_model.errors import printable
from runner.errors import ExitCode, InputError, UnavailableError

EPILOG = (
    "To start: `runner submit tune --downsample 0.01 --seed 2 --dataset shapes --epochs 1 --wait`."
)


@click.group(epilog=EPILOG)
@click.version_option(package_name="cifar-experiment-runner", prog_name="runner")
def cli() -> None:
    """Run image-classification experiments as jobs on a queue and report the results."""


def load_commands() -> None:
    """Add every command to the group; none of them imports anything heavy before it runs."""
    from runner.cli import (
        bundle,
        compare,
        control,
        explanations,
        flower,
        local,
        report,
        reproduce,
        status,
        submit,
    )

    reading = (status, report, compare, explanations, bundle, reproduce)
    for module in (submit, control, *reading, local, flower):
        for command in module.COMMANDS:
            cli.add_command(command)
    _name_variables(cli, "RUNNER")


def _name_variables(command: click.Command, name: str) -> None:
    """Let every option come from a variable, such as RUNNER_REPORT_FORMAT, and nothing else.

    Click's `auto_envvar_prefix` would also take RUNNER_HELP for --help and RUNNER_VERSION, which
    other programs set, for --version.
    """
    if isinstance(command, click.Group):
        for word, member in command.commands.items():
            _name_variables(member, f"{name}_{word.upper()}")
        return
    for option in command.params:
        if isinstance(option, click.Option):
            longest = max(option.opts, key=len).strip("-")
            option.envvar = f"{name}_{longest.replace('-', '_').upper()}"


def main() -> None:
    """Run the command line; every error a person can mend is three lines and an exit code."""
    load_commands()
    # A name that is no UTF-8 is written out, and does not end the command that would print it.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        sys.exit(cli.main(prog_name="runner", standalone_mode=False) or ExitCode.OK)
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
