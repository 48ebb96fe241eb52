"""How shells are served: Click's own machinery, and what Bash needs for NAME=VALUE."""

import os
import sys

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    add_completion_class,
    get_completion_class,
    split_arg_string,
)

from runner.errors import ExitCode

VARIABLE = "_RUNNER_COMPLETE"

# After a name that ends in = its value follows at once.
OFFERED = "COMPREPLY+=($value)"
WITH_NO_SPACE = f"{OFFERED}\n            [[ $value == *= ]] && compopt -o nospace"


@add_completion_class
class Bash(BashComplete):
    """Bash, which takes the = of NAME=VALUE for a word of its own."""

    source_template = BashComplete.source_template.replace(OFFERED, WITH_NO_SPACE)

    @staticmethod
    def _check_version() -> None:
        """Check nothing: the script may be for the Bash of another machine."""

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words before the one that is completed, and that one, put together again."""
        words = split_arg_string(os.environ["COMP_WORDS"])[1:]
        place = int(os.environ["COMP_CWORD"]) - 1
        words = words[:place] + (words[place : place + 1] or [""])
        joined: list[str] = []
        for word in words:
            if joined and (word == "=" or joined[-1].endswith("=")):
                joined[-1] += word
            else:
                joined.append(word)
        self._before = joined[-1][: joined[-1].rfind("=") + 1]
        return joined[:-1], joined[-1]

    def format_completion(self, item: CompletionItem[str]) -> str:
        """Return what Bash replaces: only what is behind the = of the word."""
        return f"{item.type},{item.value.removeprefix(self._before)}"


def script(shell: str, group: click.Group) -> str:
    """Return the script that a shell loads."""
    found = get_completion_class(shell)
    assert found is not None  # noqa: S101 (the shells are a choice)
    return found(group, {}, "runner", VARIABLE).source()


def complete(group: click.Group) -> None:
    """Answer a shell that asks for completions, and end; an error is no answer."""
    try:
        # What a library says there would land in the line that a person types.
        sys.stderr = open(os.devnull, "w")  # noqa: PTH123, SIM115 (until the process ends)
        group.main(prog_name="runner")
    except Exception:
        sys.exit(ExitCode.OK)
