"""What `runner check` says: which promises a function keeps, and why it breaks the others."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the file that may be the cause."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Check:
    """One promise; `holds` is None if it cannot be told because another one is broken."""

    check: str
    holds: bool | None
    found: str
    cause: str | None = None
    fix: str | None = None
    lines: list[Line] = field(default_factory=list)
    traceback: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """All promises of one function, which is a `network` or a `trainer`."""

    function: str
    kind: str
    seconds: float
    checks: list[Check]

    @property
    def holds(self) -> bool:
        """Return whether every promise holds."""
        return all(check.holds for check in self.checks)

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {"holds": self.holds, **asdict(self)}
