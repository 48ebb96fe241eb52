"""The pages of `--help`: every line fitted, examples at the end."""

from collections.abc import Sequence
from typing import Any

import click

from runner.cli.wording.examples import EXAMPLES

# Of the first sentence of a command's help: it is wrapped and not cut.
MOST_SIGNS = 1_000


class FittedFormatter(click.HelpFormatter):
    """Click's formatter, which also breaks the names and choices of options that are too long."""

    def write_dl(self, rows: Any, col_max: int = 30, col_spacing: int = 2) -> None:
        """Write names and their meanings in two columns."""
        room = self.width - self.current_indent
        broken = [(_broken(first, room), second) for first, second in rows]
        super().write_dl(broken, col_max, col_spacing)


class FittedContext(click.Context):
    """Click's context, whose help ends with examples."""

    formatter_class = FittedFormatter

    def get_help(self) -> str:
        """Return the page of help."""
        words = self.command_path.partition(" ")[2]
        examples = EXAMPLES.get(words, ())
        if not examples:
            return super().get_help()
        width = self.make_formatter().width
        lines = [line for example in examples for line in continued(example, width - 2)]
        title = "Example" if len(examples) == 1 else "Examples"
        return "\n".join([super().get_help(), "", f"{title}:", *(f"  {line}" for line in lines)])


class Group(click.Group):
    """A group that lists its commands with the whole first sentence of their help."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands."""
        names = self.list_commands(ctx)
        longest = max(map(len, names))
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name.ljust(longest), first_sentence(self.commands[name])) for name in names]
            )


def first_sentence(command: click.Command) -> str:
    """Return the first sentence of a command's help."""
    return command.get_short_help_str(limit=MOST_SIGNS)


def continued(command: str, width: int) -> list[str]:
    """Return a command in lines that a shell reads as one, broken before options."""
    lines: list[str] = []
    for part in _parts(command):
        if lines and len(lines[-1]) + 1 + len(part) <= width - 2:
            lines[-1] += f" {part}"
        else:
            lines.append(part if not lines else f"    {part}")
    return [f"{line} \\" for line in lines[:-1]] + lines[-1:]


def _parts(command: str) -> Sequence[str]:
    """Return the words of a command, an option with its value in one part."""
    parts: list[str] = []
    for word in command.split(" "):
        if parts and parts[-1].startswith("--") and " " not in parts[-1] and word[:2] != "--":
            parts[-1] += f" {word}"
        else:
            parts.append(word)
    return parts


def _broken(term: str, width: int) -> str:
    """Break the choices of an option, as in --method [a|b|c], at their bars."""
    lines = [""]
    for piece in term.replace("|", "|\0").split("\0"):
        if len(lines[-1]) + len(piece) > width and lines[-1]:
            lines.append("    ")
        lines[-1] += piece
    return "\n  ".join(lines)
