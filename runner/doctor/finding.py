"""What an examination finds, and how it is kept from ending the others."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from runner.errors import InputError, UnavailableError
from runner.loop_errors import summary


@dataclass(frozen=True, slots=True)
class Finding:
    """Say what is wrong, why that matters and how to fix it."""

    what: str
    why: str
    fix: str


def of_error(error: InputError | UnavailableError) -> Finding:
    """Return the finding that an error of ours is."""
    return Finding(error.what, f"no job can start; expected: {error.expected}", error.fix)


def examined(subject: str, findings: Iterable[Finding]) -> Iterator[Finding]:
    """Give what an examination finds; an error that ends it is a finding as well."""
    try:
        yield from findings
    except (InputError, UnavailableError) as error:
        yield of_error(error)
    except Exception as error:
        yield Finding(
            f"{subject} cannot be checked: {summary(error)}",
            "problems there are not detected, and may make jobs fail",
            "fix the cause of the error, and run `runner doctor` again",
        )
