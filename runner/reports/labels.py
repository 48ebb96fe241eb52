"""What an experiment is called, as reports and `status` show it."""

from collections.abc import Sequence


def labels(name: str | None, tags: Sequence[str], note: str | None) -> list[str]:
    """Return a line for each of them that is set."""
    lines = [f"name: {name}"] if name else []
    lines += [f"tags: {', '.join(tags)}"] if tags else []
    return lines + ([f"note: {note}"] if note else [])


def named(experiment: int, name: str | None) -> str:
    """Return the number of an experiment with its name, if it has one."""
    return f"{experiment} ({name})" if name else str(experiment)
