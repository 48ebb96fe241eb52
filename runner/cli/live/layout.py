"""Lay out the live view in the lines of a terminal: the most important lines always fit."""

from collections.abc import Sequence
from dataclasses import dataclass

from cifar_model.errors import printable
from cifar_model.objective import PREFERRED, in_words
from cifar_model.params import ParamValues
from runner.cli.live.scene import Scene
from runner.reports.formats.terminal import View, fit_table, sparkline
from runner.reports.formats.wrapping import shortened, wrapped
from runner.reports.model import Table, as_text
from runner.store.queries.running import BestTrial, RunningJob
from runner.store.queries.tuning.folds import BestPoint

CURVE = 12
# A title, a heading, a rule and a line for what is left out.
AROUND_TABLE = 4
MOST_WORKERS = 8
LONGEST_BAR = 40
# Columns of a terminal below which the curves, and then the workers, are left out.
NARROW, NARROWER = 68, 54


@dataclass(frozen=True, slots=True)
class Line:
    """A line and its mark, which sets the color; the words have the same meaning without it."""

    text: str
    mark: str = ""


def lay_out(scene: Scene, notices: Sequence[str], size: tuple[int, int]) -> list[Line]:
    """Return the lines of a scene, at most as many and as wide as fit into columns and rows."""
    columns, rows = size
    lines = _head(scene, columns)
    lines += [Line(text, "warning") for words in notices for text in wrapped(words, columns)]
    if not scene.progress.ended:
        room = rows - len(lines) - 1
        workers = min(len(scene.workers), MOST_WORKERS, max(1, room // 4))
        for_jobs = room - (workers + AROUND_TABLE if scene.workers else 1) - AROUND_TABLE
        lines += _jobs(scene, for_jobs, columns)
        lines += _workers(scene, rows - len(lines) - 1 - AROUND_TABLE, columns)
    shown = [Line(shortened(printable(line.text), columns), line.mark) for line in lines]
    return shown[: rows - 1]


def _head(scene: Scene, columns: int) -> list[Line]:
    progress = scene.progress
    share = progress.done / progress.total if progress.total else 0.0
    unit = progress.unit if progress.total == 1 else f"{progress.unit}s"
    left = "?" if scene.seconds_left is None else duration(scene.seconds_left)
    timing = f"elapsed {duration(scene.elapsed)}"
    timing += "" if progress.ended else f"  ETA {left}"
    after = f" {share:4.0%}  {progress.done}/{progress.total} {unit}  {timing}"
    states = ", ".join(f"{count} {state}" for state, count in progress.states.items() if count)
    states += ", paused" if progress.paused else ""
    failed = progress.states["failed"]
    name = "" if scene.name is None else f" ({scene.name})"
    about = ", ".join(filter(None, (scene.kind, scene.dataset)))
    lines = [
        Line(f"experiment {scene.experiment}{name}: {about}"),
        Line(bar(share, min(LONGEST_BAR, columns - len(after))) + after),
        Line(states, "failed" if failed else ""),
    ]
    if scene.best is not None:
        words = params_text(scene.best.params, scene.differing)
        score = f"best so far: {_score(scene.best)}"
        lines.append(Line(f"{score}, {words}" if words else score, "best"))
    return lines


def _score(best: BestTrial | BestPoint) -> str:
    if isinstance(best, BestTrial):
        return f"trial {best.trial}, {best.metric} {in_words(best.metric, best.score)}"
    mean = in_words(best.metric, best.mean)
    return f"mean {best.metric} {mean} over {len(best.scores)} folds"


def _jobs(scene: Scene, most: int, columns: int) -> list[Line]:
    if not scene.jobs:
        return [Line(""), Line("no job is running")]
    most = max(1, most)
    shown = scene.jobs[:most]
    trains = any(job.epochs is not None for job in shown)
    seen = [value for job in scene.jobs for value in job.scores]
    scale = (min(seen, default=0.0), max(seen, default=1.0))
    names = {worker.job: worker.worker for worker in scene.workers}
    metrics = list(dict.fromkeys(job.metric for job in scene.jobs if job.scores))
    score = metrics[0] if len(metrics) == 1 else "score" if metrics else PREFERRED[0]
    headings = ["job", "epoch", "curve", score, "worker", "params"]
    rows = [_row(job, scene, scale, names.get(job.job, "-")) for job in shown]
    left_out = {
        "params": not scene.differing,
        "curve": not trains or columns < NARROW,
        "worker": columns < NARROWER,
        "epoch": not trains,
        score: not trains,
    }
    view = View(columns, columns=[name for name in headings if not left_out.get(name)])
    table = fit_table(Table("", headings, rows), view).splitlines()
    return [Line(""), *map(Line, table), *_more(len(scene.jobs) - len(shown), "running jobs")]


def _row(
    job: RunningJob, scene: Scene, scale: tuple[float, float], worker: str
) -> list[str | int | float | None]:
    last = job.scores[-1] if job.scores else None
    return [
        job.job,
        f"{job.epoch}/{job.epochs}",
        sparkline(job.scores[-CURVE:], *scale) or "-",
        None if last is None else round(last, 4),
        worker,
        params_text(job.params, scene.differing),
    ]


def _workers(scene: Scene, most: int, columns: int) -> list[Line]:
    if not scene.workers:
        return [Line(""), Line("no worker is running yet", "warning")]
    shown = scene.workers[: max(1, min(most, MOST_WORKERS))]
    rows = [
        [worker.worker, worker.device, _work(worker.experiment, worker.job, scene.experiment)]
        for worker in shown
    ]
    headings = ["worker", "device", "works on"]
    table = fit_table(Table("", headings, rows), View(columns, columns=headings)).splitlines()
    return [Line(""), *map(Line, table), *_more(len(scene.workers) - len(shown), "workers")]


def _work(experiment: int | None, job: int | None, own: int) -> str:
    if job is None:
        return "nothing"
    return f"job {job}" if experiment == own else f"job {job} of experiment {experiment}"


def _more(count: int, what: str) -> list[Line]:
    return [Line(f"and {count} more {what}")] if count > 0 else []


def params_text(params: ParamValues, names: Sequence[str]) -> str:
    """Return these params as they are typed on the command line."""
    return " ".join(f"{name}={as_text(params[name])}" for name in names if name in params)


def bar(share: float, width: int) -> str:
    """Return a bar of this width of which so much is filled."""
    if width < 4:
        return ""
    filled = int(min(max(share, 0.0), 1.0) * (width - 2))
    return f"|{'█' * filled}{' ' * (width - 2 - filled)}|"


def duration(seconds: float) -> str:
    """Return a time as minutes and seconds, or hours, minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"
