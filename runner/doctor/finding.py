"""What an examination finds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """Say what is wrong, why that matters and how to fix it."""

    what: str
    why: str
    fix: str
