"""All commands: what `runner --help` lists, without the import of any; one that is run is."""

from collections.abc import Mapping
from importlib import import_module
from typing import NamedTuple

import click

from runner.cli.wording.help import FittedContext, Group


class Listed(NamedTuple):
    """A command: its name, its module in `runner.cli` and the first sentence of its help."""

    name: str
    module: str
    sentence: str


SECTIONS: Mapping[str, tuple[Listed, ...]] = {
    "Submit and control": (
        Listed("submit", "submit", "Submit an experiment of one or more jobs."),
        Listed(
            "grid",
            "grid",
            "Show how many points a grid has, some of them, and what its trials cost.",
        ),
        Listed("cancel", "control", "Cancel the unfinished jobs of an experiment, or one job."),
        Listed("retry", "control", "Run failed and cancelled jobs again."),
        Listed("pause", "control", "Pause an experiment: running jobs finish, no new job starts."),
        Listed("resume", "control", "Resume a paused experiment, or change its priority."),
        Listed(
            "continue",
            "control",
            "Continue a trial that was stopped early, or train it for more epochs, in a"
            " new experiment.",
        ),
        Listed("recover", "local", "Run recovery once, now."),
    ),
    "See the results": (
        Listed("status", "status", "Show the newest experiments, or the jobs of one."),
        Listed("watch", "status", "Follow an experiment until it ends."),
        Listed("report", "report", "Report the results of an experiment."),
        Listed("show", "status", "Show one trial: params, scores, epochs and attempts."),
        Listed("compare", "compare", "Test whether two trials differ significantly."),
        Listed("diff", "compare", "Compare the explanations of two experiments."),
        Listed(
            "explanations",
            "explanations",
            "Summarise all stored explanations by verdict and class.",
        ),
        Listed(
            "explain",
            "explanations",
            "Judge stored explanations again by the newest rules, without computing them again.",
        ),
        Listed("sql", "sql", "Run one SELECT statement on the store, which it cannot change."),
    ),
    "Organise": (
        Listed("edit", "upkeep.edit", "Change the name, tags or note of an experiment."),
        Listed("archive", "upkeep.edit", "Hide experiments from lists and leaderboards."),
        Listed(
            "unarchive", "upkeep.edit", "Show archived experiments in lists and leaderboards again."
        ),
        Listed("delete", "upkeep.delete", "Delete experiments with all results, permanently."),
        Listed(
            "prune",
            "upkeep.delete",
            "Remove what no result needs: checkpoints of ended jobs, and unused artifacts.",
        ),
    ),
    "Share and check": (
        Listed(
            "export",
            "bundle",
            "Export a trial, experiments or an unfinished training to a directory.",
        ),
        Listed("import", "bundle", "Import what `runner export` wrote."),
        Listed("verify", "bundle", "Score a stored model again, also with Keras."),
        Listed(
            "check",
            "check",
            "Check that training gives bit-identical results, also after kill -9.",
        ),
        Listed("reproduce", "reproduce", "Reproduce the paper."),
    ),
    "Run and operate": (
        Listed("up", "local", "Start a private broker and workers in the background."),
        Listed("down", "local", "Stop the broker, workers and page of `runner up`."),
        Listed("worker", "local", "Run a worker for the broker at RUNNER_BROKER_URL."),
        Listed("ui", "web.ui", "Show the results on a live page in the browser."),
        Listed("flower", "web.flower", "Start Flower, the dashboard of the queue."),
        Listed("doctor", "local", "Check for problems that could lose or damage work."),
        Listed("db", "local", "Manage the database."),
        Listed("completion", "completion.command", "Print the completion script for a shell."),
    ),
}
LISTED = {listed.name: listed for members in SECTIONS.values() for listed in members}


class Commands(Group):
    """The group of all commands."""

    context_class = FittedContext

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (Click's form)
        """Return the names of all commands."""
        return sorted(LISTED)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, imported when it is first asked for; None if there is none."""
        if cmd_name in LISTED and cmd_name not in self.commands:
            module = import_module(f"runner.cli.{LISTED[cmd_name].module}")
            for command in module.COMMANDS:
                _prepare(command, f"RUNNER_{command.name.upper()}")
                self.add_command(command)
        return super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 (Click's form)
        """Write the commands, section by section."""
        longest = max(map(len, LISTED))
        for title, members in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(each.name.ljust(longest), each.sentence) for each in members])


def _prepare(command: click.Command, name: str) -> None:
    """Let every option come from a variable, such as RUNNER_REPORT_FORMAT; give help its form.

    Click's `auto_envvar_prefix` would also take RUNNER_HELP for --help and RUNNER_VERSION, which
    other programs set, for --version.
    """
    command.context_class = FittedContext
    if isinstance(command, click.Group):
        for word, member in command.commands.items():
            _prepare(member, f"{name}_{word.upper()}")
        return
    for option in command.params:
        if isinstance(option, click.Option):
            longest = max(option.opts, key=len).strip("-")
            option.envvar = f"{name}_{longest.replace('-', '_').upper()}"
