"""The command line: one short command for everything that a person does."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper

import click

from runner.cli.wording.errors import show_error, show_usage_error
from runner.cli.wording.fitting import say_labelled
from runner.cli.wording.listing import Commands
from runner.errors import ExitCode, InputError, UnavailableError

# What a full or broken device answers; that of a closed pipe is Click's to handle.
UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


@click.group(cls=Commands)
@click.version_option(package_name="cifar-experiment-runner", prog_name="runner")
def cli() -> None:
    """Run image-classification experiments as jobs on a queue and report the results."""


@contextmanager
def _written_out() -> Iterator[None]:
    """Raise InputError if standard output cannot be written."""
    try:
        yield
        sys.stdout.flush()
    except OSError as error:
        if error.filename is not None or error.errno not in UNWRITABLE:
            raise
        # Python would try to write the rest when it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise InputError(
            f"standard output cannot be written: {error.strerror}",
            "a file or device with free space",
            "free some space, or write to another place",
        ) from error


def main() -> None:
    """Run the command line; every error a person can mend is three lines and an exit code."""
    if "_RUNNER_COMPLETE" in os.environ:
        from runner.cli.completion.shells import complete

        complete(cli)
    # A name that is no UTF-8 is written out, and does not end the command that would print it.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        with _written_out():
            ended = cli.main(prog_name="runner", standalone_mode=False) or ExitCode.OK
        sys.exit(ended)
    except click.exceptions.Exit as end:
        sys.exit(end.exit_code)
    except click.ClickException as error:
        show_usage_error(error)
        sys.exit(ExitCode.USAGE)
    except InputError as error:
        show_error(error)
        sys.exit(ExitCode.USAGE)
    except UnavailableError as error:
        show_error(error)
        sys.exit(ExitCode.UNAVAILABLE)
    except (KeyboardInterrupt, click.Abort) as error:
        # Click turns the one into the other; the command that was interrupted knows what it left.
        left = str(error.__cause__ or error)
        say_labelled("interrupted: " if left else "interrupted", left)
        sys.exit(ExitCode.INTERRUPTED)
