"""Errors as users see them: what happened, what was expected and how to fix it."""

import ast
import re
from collections.abc import Iterable

import click

from cifar_model.errors import nearest, printable
from runner.cli.wording.fitting import say_labelled
from runner.errors import InputError, UnavailableError


def show_error(error: InputError | UnavailableError) -> None:
    """Print an error on stderr."""
    say_labelled("error: ", error.what, "red")
    say_labelled("  expected: ", error.expected)
    say_labelled("  to fix it: ", error.fix, "green")


def show_usage_error(error: click.ClickException) -> None:
    """Print an error that Click found in the command line."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(printable(error.format_message()), err=True)
    else:
        show_error(explained(error))


def explained(error: click.ClickException) -> InputError:
    """Return Click's error as ours."""
    context = getattr(error, "ctx", None)
    if isinstance(error, click.NoSuchOption) and context:
        return _no_option(error, context)
    if isinstance(error, click.exceptions.NoSuchCommand) and context:
        return _no_command(error, context)
    what = _sentence(error.format_message())
    if not context:
        return InputError(what, "a valid command line", "`runner --help` lists the commands")
    fix = f"see `{context.command_path} --help`"
    parameter = error.param if isinstance(error, click.BadParameter) else None
    if parameter is None:
        return InputError(what, _usage(context), fix)
    if isinstance(error, click.MissingParameter):
        fix = f"add it; {fix}"
    elif isinstance(parameter.type, click.Choice):
        return _no_choice(what, parameter.type, _given(error.message), fix)
    return InputError(what, _meaning(parameter, context), fix)


def _no_choice(what: str, choice: "click.Choice[str]", given: str, fix: str) -> InputError:
    names = list(map(str, choice.choices))
    what = what.split(" is not one of ", maxsplit=1)[0] + " is not one of its values"
    return InputError(what, f"one of {', '.join(names)}", _meant(given, names) or fix)


def _no_option(error: click.NoSuchOption, context: click.Context) -> InputError:
    names = [
        name
        for found in context.command.get_params(context)
        if isinstance(found, click.Option)
        for name in found.opts
    ]
    return InputError(
        f"`{context.command_path}` has no option {error.option_name}",
        f"one of {', '.join(names)}",
        _meant(error.option_name, names) or f"see `{context.command_path} --help`",
    )


def _no_command(error: "click.exceptions.NoSuchCommand", context: click.Context) -> InputError:
    path = context.command_path
    assert isinstance(context.command, click.Group)  # noqa: S101 (only a group has commands)
    names = context.command.list_commands(context)
    meant = nearest(error.command_name.lower(), names)
    return InputError(
        f"`{path}` has no command {error.command_name!r}",
        f"one of {', '.join(names)}",
        f"did you mean `{path} {meant}`?" if meant else f"see `{path} --help`",
    )


def _meant(word: str, names: Iterable[str]) -> str | None:
    close = nearest(word.lower(), names)
    return f"did you mean {close}?" if close else None


def _given(message: str) -> str:
    """Return the value that a message of Click begins with, as in 'x' is not one of ..."""
    found = re.match(r"('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")", message)
    return str(ast.literal_eval(found[0])) if found else ""


def _meaning(parameter: click.Parameter, context: click.Context) -> str:
    if isinstance(parameter, click.Option) and parameter.help:
        return f"{parameter.opts[0]}: {parameter.help.rstrip('.')}"
    return _usage(context)


def _usage(context: click.Context) -> str:
    return " ".join([context.command_path, *context.command.collect_usage_pieces(context)])


def _sentence(message: str) -> str:
    """Return a message of Click's as ours begin and end: in lower case, with no full stop."""
    return (message[:1].lower() + message[1:]).rstrip(".")
