"""What `runner status` shows: the newest experiments, or one experiment and its jobs."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from cifar_model.errors import printable
from runner.api.delivery import StatusDocument
from runner.cli.live.layout import duration
from runner.reports.experiment.search import search_line
from runner.reports.formats.terminal import View, fit_table
from runner.reports.formats.wrapping import wrapped
from runner.reports.labels import labels
from runner.reports.model import Table
from runner.reports.records import Job
from runner.states import FINAL, JobState
from runner.store.engine import Store
from runner.store.queries.experiments import OF_INTEREST
from runner.store.queries.progress import Progress, progress_of

# Of the lines of a terminal: what stands around the rows of a table, and the prompt.
AROUND_ROWS = 12
LEAST_ROWS = 3

Row = dict[str, Any]


def with_progress(store: Store, rows: Sequence[Row]) -> list[Row]:
    """Add how far each unfinished experiment is, if there are any."""
    under_way = {
        row["experiment"]: progress_of(store, row["experiment"])
        for row in rows
        if sum(row[state] for state in FINAL) < row["jobs"]
    }
    if not under_way:
        return list(rows)
    added = []
    for row in rows:
        progress = under_way.get(row["experiment"])
        known = {
            "progress": percent(progress) if progress else None,
            "ETA": eta(progress) if progress else None,
        }
        added.append({"experiment": row["experiment"], "kind": row["kind"], **known, **row})
    return added


def experiments_table(rows: Sequence[Row], view: View) -> str:
    """Return the experiments as a table; on a terminal, without the states that no job is in."""
    names = list(rows[0])
    if view.width is not None:
        names = [name for name in names if name not in (*JobState, "paused", "dataset", "jobs")]
        names += [state for state in JobState if any(row[state] for row in rows)]
        names += ["paused"] * any(row["paused"] for row in rows) + ["dataset", "jobs"]
    marks = ["failed" if row[JobState.FAILED] else "" for row in rows]
    cells = [[row[name] for name in names] for row in rows]
    return fit_table(Table("", names, cells, marks=marks), replace(view, more=""))


def experiment_text(
    store: Store, document: StatusDocument, view: View, terminal_rows: int | None
) -> str:
    """Return an experiment and its jobs; on a terminal, as many of them as it has room for."""
    number = document.experiment
    seed, dataset = f"seed {document.seed}", printable(document.dataset.title)
    about = ", ".join(filter(None, (document.kind, seed, dataset)))
    lines = [f"experiment {number}: {about}"]
    lines += map(printable, labels(document.name, document.tags, document.note))
    if document.archived:
        lines.append(f"archived: hidden from lists until `runner unarchive {number}`")
    if _is_under_way(document):
        progress = progress_of(store, number)
        done = f"{progress.done}/{progress.total} {progress.unit}s"
        lines.append(f"{percent(progress)} ({done}), ETA {eta(progress)}")
    states = ", ".join(f"{count} {state}" for state, count in document.states.items() if count)
    lines.append(states or "no jobs")
    if document.search is not None:
        lines.append(search_line(document.search))
    if document.paused:
        lines.append(f"paused: no new job starts until `runner resume {number}`")
    if view.width is not None:
        lines = [part for line in lines for part in wrapped(line, view.width)]
    jobs = _most_important(document.jobs, terminal_rows)
    if jobs:
        lines += ["", _jobs_table(jobs, view)]
    every = sum(document.states.values())
    if left_out := every - len(jobs):
        piped = "" if terminal_rows is None else " | less"
        limit = f" --limit {every}" if every > len(document.jobs) else ""
        words = f"and {left_out} more jobs: `runner status {number}{limit}{piped}` shows all"
        lines += wrapped(words, view.width) if view.width is not None else [words]
    return "\n".join(lines)


def next_command(document: StatusDocument) -> str:
    """Return the next command, with what it does."""
    number = document.experiment
    if _is_under_way(document):
        return f"follow it with: `runner watch {number}`"
    failed = [job.job for job in document.jobs if job.state == JobState.FAILED]
    if failed:
        return (
            f"see why with: `runner show --job {failed[0]}`; run failed jobs again with: "
            f"`runner retry {number}`"
        )
    return f"show the results with: `runner report {number}`"


def percent(progress: Progress) -> str:
    """Return the share that is done."""
    return f"{progress.done / progress.total:.0%}" if progress.total else "0%"


def eta(progress: Progress) -> str:
    """Return when it ends, as far as the stored epochs say."""
    return "?" if progress.seconds_left is None else duration(progress.seconds_left)


def _is_under_way(document: StatusDocument) -> bool:
    return any(count for state, count in document.states.items() if state not in FINAL)


def _most_important(jobs: list[Job], terminal_rows: int | None) -> list[Job]:
    if terminal_rows is None or len(jobs) <= (most := max(LEAST_ROWS, terminal_rows - AROUND_ROWS)):
        return jobs
    first = sorted(jobs, key=lambda job: (OF_INTEREST.index(JobState(job.state)), job.number))
    return first[:most]


def _jobs_table(jobs: list[Job], view: View) -> str:
    names = ["job", "state", "trial", "attempts", "reason", "number"]
    if view.width is None:
        names = ["job", "number", "state", "attempts", "reason", "trial"]
    elif not any(job.reason for job in jobs):
        names.remove("reason")
    if any(job.reused for job in jobs):
        names.insert(names.index("trial") + 1, "reused")
    cells = [[getattr(job, name) for name in names] for job in jobs]
    marks = ["failed" if job.state == JobState.FAILED else "" for job in jobs]
    return fit_table(Table("", names, cells, marks=marks), replace(view, more=""))
