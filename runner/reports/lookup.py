"""Find an experiment, trial or job by its number, or report which numbers exist."""

from runner.errors import InputError
from runner.store.engine import Connection
from runner.store.queries import reports
from runner.store.queries.rows import ExperimentRow, JobRow


def newest_number(connection: Connection, *, trains: bool = False) -> int:
    """Return the newest experiment that has results; with `trains`, that has trials."""
    number = reports.newest_with_results(connection, trains=trains)
    if number is not None:
        return number
    known = ", ".join(str(known) for known in reports.newest(connection, "experiment"))
    raise InputError(
        "no experiment has results yet",
        "an experiment with a trial, an evaluation or an explanation",
        f"choose one of these to see its jobs: {known}"
        if known
        else "submit one with `runner submit`",
    )


def experiment_row(connection: Connection, number: int) -> ExperimentRow:
    """Return an experiment by its number."""
    found = reports.experiment(connection, number)
    if found is None:
        raise _unknown(connection, "experiment", number)
    return found


def job_row(connection: Connection, *, trial: int | None = None, job: int | None = None) -> JobRow:
    """Return a job by its own number or by the number of its trial."""
    found = reports.jobs(connection, trial=trial, job=job)
    if found:
        return found[0]
    if trial is not None:
        raise _unknown(connection, "trial", trial)
    raise _unknown(connection, "job", job)


def _unknown(connection: Connection, what: str, number: int | None) -> InputError:
    newest = reports.newest(connection, what)
    if not newest:
        return InputError(
            f"there is no {what} {number}: the database has no {what}s yet",
            f"the number of an existing {what}",
            "use `runner submit` first, or correct RUNNER_HOME or RUNNER_DATABASE_URL",
        )
    shown = ", ".join(str(known) for known in newest)
    return InputError(
        f"there is no {what} {number}",
        f"the number of an existing {what}; the newest are {shown}",
        "choose one of these; `runner status` lists the experiments",
    )
