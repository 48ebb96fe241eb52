"""Say at the end how many inputs were generated of each kind."""

import pytest

from tests.fuzz.command_line import command_line
from tests.fuzz.generated import COUNTS

__all__ = ["command_line"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print a line for each kind and the sum."""
    if not COUNTS:
        return
    terminalreporter.section("generated inputs")
    for kind, count in sorted(COUNTS.items()):
        terminalreporter.line(f"{count:>7,} {kind}")
    terminalreporter.line(f"{COUNTS.total():>7,} in all")
