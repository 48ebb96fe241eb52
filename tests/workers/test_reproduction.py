"""A whole reproduction, as small as can be: every step done, reported, and nothing done twice."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from runner.reports.experiment.document import ExperimentDocument
from runner.reports.output import Destination, write_report
from runner.reproduction.advance import Reproduction, begin, is_open, submitted, unfinished
from runner.reproduction.measured import read_sources
from runner.reproduction.outputs import OUTPUTS
from runner.reproduction.view import reproduction_report
from runner.states import JobState, Kind
from runner.store import queries
from runner.submit.experiments import Training, new_train, save
from tests.runner.reproduction.tiny import TINY
from workers import tasks
from workers.context import Context

TASKS = {
    Kind.TRAIN: tasks.train,
    Kind.TUNE: tasks.tune,
    Kind.EVALUATE: tasks.evaluate,
    Kind.EXPLAIN: tasks.explain,
}


class Read(dict[str, ExperimentDocument]):
    """Documents that know which of them were looked at."""

    def __init__(self, documents: Mapping[str, ExperimentDocument]) -> None:
        super().__init__(documents)
        self.steps: set[str] = set()

    def __getitem__(self, step: str) -> ExperimentDocument:
        self.steps.add(step)
        return super().__getitem__(step)


def run_pending(worker: Context, most: int | None = None) -> int:
    """Run the pending jobs of all experiments, or some of them; return how many."""
    done = 0
    for experiment in reversed(queries.experiments(worker.store, 1000)):
        for job in queries.jobs(worker.store, experiment.id):
            if job.state == JobState.PENDING and done != most:
                TASKS[Kind(experiment.kind)].apply(args=(job.id,), throw=True)
                done += 1
    return done


def run_to_its_end(worker: Context, reproduction: Reproduction) -> None:
    """Do what the command does, with tasks that run here."""
    while True:
        experiments = submitted(reproduction, submit=True)
        if not any(is_open(worker.store, number) for number in experiments.values()):
            return
        run_pending(worker)


def test_every_output_of_the_paper_is_there_and_nothing_is_done_twice(
    worker: Context, tmp_path: Path
) -> None:
    # What somebody trained before is taken, not trained again.
    reproduction = begin(worker.settings, worker.store, TINY, "digits", seed=3)
    training = Training(reproduction.spec, epochs=2, threads=1, seed=3)
    earlier = save(worker.store, new_train(worker.settings, training, TINY.params))
    run_pending(worker)

    # Stopped after two jobs, as by Ctrl-C; the same command again goes on.
    first = submitted(reproduction, submit=True)
    assert first["untuned-long"] == earlier
    run_pending(worker, most=2)
    again = begin(worker.settings, worker.store, TINY, "digits", seed=3, repeats=2)
    assert first.items() <= submitted(again, submit=True).items()
    assert "tuned-folds" not in first

    run_to_its_end(worker, again)
    experiments = submitted(again, submit=True)
    assert list(experiments) == [step.name for step in again.steps]
    assert unfinished(again, experiments) == {}
    assert len(queries.experiments(worker.store, 1000)) == len(again.steps)
    assert run_pending(worker) == 0

    check_page(again, tmp_path)
    check_values(again, tmp_path)


def check_page(reproduction: Reproduction, directory: Path) -> None:
    place = Destination(directory / "page.html", directory / "pictures")
    write_report(reproduction_report(read_sources(reproduction)), "html", place)
    page = (directory / "page.html").read_text()
    for output in OUTPUTS:
        assert f"<h2>{output.id}: " in page
    figures = page.split("<figure")[1:]
    assert len(figures) == 13
    assert 'id="intervals.png"' in figures[0]
    assert all(", scale tiny, fingerprint " in figure for figure in figures)


def check_values(reproduction: Reproduction, directory: Path) -> None:
    sources = read_sources(reproduction)
    told = write_report(reproduction_report(sources), "json", Destination(None, directory)).text
    assert told is not None
    entries = {entry["id"]: entry for entry in json.loads(told)["ids"]}
    for output in OUTPUTS:
        entry = entries[output.id]
        assert {name: entry["paper"][name] for name in output.paper} == output.paper
        missing = [name for name in output.paper if entry["ours"][name] is None]
        assert missing == [], output.id
    for output in OUTPUTS:
        read = Read(sources.documents)
        for measure in output.ours:
            measure(replace(sources, documents=read))
        steps = {step for step in read.steps if "-repeat-" not in step}
        assert steps == set(output.steps) - {"cifar100"}, output.id
    test = entries["T-I"]
    low, high = test["interval"]["test accuracy"]
    assert low <= test["ours"]["test accuracy"] <= high
    assert test["inside"]["test accuracy"] == (low <= 0.8718 <= high)
    assert test["inside"]["test loss"] is None
    assert test["seeds"]["test accuracy"] == test["seeds"]["test loss"] == 2
    assert entries["T-III"]["seeds"] == {
        "k-fold accuracy": None,
        "Talos's fold score (F1, no refit)": None,
        "validation accuracy": 2,
        "test accuracy": 2,
        "accuracy while training, last epoch": 2,
    }
    assert entries["FUT"]["ours"]["CIFAR-100"] == "not run: needs the CIFAR-100 archive"
    assert entries["F-5"]["ours"]["row 4"]["activation"] == "elu"
    for name in ("R-BATCH", "R-PASSES", "R-LOSS", "R-DROPOUT"):
        check_nearest(entries[name])
    passes = entries["R-PASSES"]["ours"]
    assert passes["1 pass an epoch"] == sources.trial("augmented").val_accuracy
    assert "uses instead" in entries["F-12"]["note"]


def check_nearest(entry: Mapping[str, Any]) -> None:
    """Check that no other reading with an interval is nearer to the paper's number."""
    paper, ours = entry["paper"], entry["ours"]
    nearest = ours["nearest"]
    distances = {
        name: abs(ours[name] - paper[name])
        for name, interval in entry["interval"].items()
        if interval is not None
        and not name.startswith("best of the grid")
        and "while training" not in name
    }
    assert distances[nearest] == min(distances.values())
