"""What a reproduction says of itself before it is done, and what decides that it is another one."""

from dataclasses import replace
from pathlib import Path

import pytest

from cifar_model.errors import InputError
from runner.bundle.experiments import export_experiments, import_experiments
from runner.datasets import decoded
from runner.reports.formats.terminal import View
from runner.reports.output import Destination, write_report
from runner.reports.records import plain
from runner.reproduction import plan as planned
from runner.reproduction.advance import Reproduction, begin, submitted, without_weights
from runner.reproduction.document import Output, Value, reproduction_document
from runner.reproduction.measured import read_sources
from runner.reproduction.outputs import OUTPUTS, outputs_with, wanted
from runner.reproduction.plan import Scale
from runner.reproduction.view import reproduction_report
from runner.settings import Settings
from runner.store import queries
from runner.store.engine import Store
from tests.runner.reports.stored import store_failure, train_to_end
from tests.runner.reproduction.tiny import TINY
from tests.runner.store.making import job_ids


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Offer settings with no data of anybody's."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return Settings.from_environment({"RUNNER_HOME": str(tmp_path)})


def tiny(settings: Settings, store: Store, seed: int = 3) -> Reproduction:
    return begin(settings, store, TINY, "digits", seed)


def test_a_report_of_nothing_says_what_is_missing(
    settings: Settings, sqlite_store: Store, tmp_path: Path
) -> None:
    sources = read_sources(tiny(settings, sqlite_store))
    told = write_report(reproduction_report(sources), "table", Destination(None, tmp_path)).text
    assert told is not None
    assert "T-II: No tuning, no augmentation" in told
    of_long, of_short = (
        f"{step}, {step}-on-train, {step}-on-test" for step in ("untuned-long", "untuned-short")
    )
    assert f"Steps without a result yet: {of_long}, {of_short}." in told
    assert queries.experiments(sqlite_store, 10) == []


def test_images_that_are_slow_to_read_are_decoded_once(
    settings: Settings, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoded, "SLOW_SECONDS", 0)
    first = tiny(settings, sqlite_store)
    monkeypatch.setattr(decoded, "load", None)
    again = tiny(settings, sqlite_store)
    assert again.dataset.to_json() == first.dataset.to_json()
    assert len(again.dataset.train) == TINY.train_size


def test_on_a_terminal_there_is_an_overview_of_the_outputs_that_fits(
    settings: Settings, sqlite_store: Store, tmp_path: Path
) -> None:
    report = reproduction_report(read_sources(tiny(settings, sqlite_store)))
    whole = Destination(None, tmp_path)
    told = write_report(report, "table", whole, View(width=80)).text
    assert told is not None
    assert len(told.splitlines()) < 60
    assert all(output.id in told for output in OUTPUTS)
    again = "runner reproduce --scale tiny --dataset digits --seed 3 --only-report"
    assert f"{again} --format table --wide" in " ".join(told.split())
    everything = write_report(report, "table", whole, View(width=None)).text
    assert everything is not None
    assert len(everything.splitlines()) > 200


def test_one_output_alone_has_only_the_steps_that_it_needs(
    settings: Settings, sqlite_store: Store, tmp_path: Path
) -> None:
    outputs = outputs_with(["F-7", "T-III"])
    assert [output.id for output in outputs] == ["T-III", "F-7"], "in the paper's order"
    whole = begin(settings, sqlite_store, TINY, "digits", seed=3, repeats=2)
    reproduction = replace(whole, wanted=wanted(outputs))
    needed = ("untuned-long", "tuned", "tuned-on-test", "tuned-folds", "activations")
    repeated = ("tuned-repeat-2", "tuned-repeat-2-on-test")
    assert [step.name for step in reproduction.steps] == [*needed, *repeated]
    assert list(submitted(reproduction, submit=True)) == ["untuned-long", "tuned"]
    assert replace(whole, wanted=wanted(OUTPUTS)).steps == whole.steps
    curve = replace(whole, wanted=wanted(outputs_with(["F-15"])))
    assert [step.name for step in curve.steps] == ["untuned-short"], "a figure has one seed"

    report = reproduction_report(read_sources(reproduction), outputs)
    told = write_report(report, "table", Destination(None, tmp_path), View(width=300)).text
    assert told is not None
    assert "--dataset digits --seed 3 --repeats 2 --only T-III --only F-7 --only-report" in told
    with pytest.raises(InputError, match="there is no output 'T-4'; did you mean 'T-I'"):
        outputs_with(["T-4"])


def test_a_failed_job_leaves_out_its_own_value_and_no_other(
    settings: Settings, sqlite_store: Store
) -> None:
    reproduction = tiny(settings, sqlite_store)
    (job,) = job_ids(sqlite_store, submitted(reproduction, submit=True)["deeper"])
    store_failure(sqlite_store, job, "diverged: loss is nan")
    document = reproduction_document(read_sources(reproduction))
    assert document.unfinished["deeper"] == {"failed": 1}
    future = next(output for output in document.ids if output.id == "FUT")
    ours = {value.name: value.ours for value in future.values}
    assert ours["a deeper model"] is None
    assert ours["CIFAR-100"] == "not run: needs the CIFAR-100 archive"
    assert "Steps without a result yet: deeper, untuned-long." in future.note


def test_beside_an_accuracy_stands_that_the_images_are_others(
    settings: Settings, sqlite_store: Store
) -> None:
    reproduction = tiny(settings, sqlite_store)
    (job,) = job_ids(sqlite_store, submitted(reproduction, submit=True)["deeper"])
    others = "The images are not those of the paper but"
    train_to_end(sqlite_store, job, [0.5])
    notes = {
        output.id: output.note for output in reproduction_document(read_sources(reproduction)).ids
    }
    assert others in notes["FUT"]
    assert others not in notes["T-I"], "it has no accuracy yet"


def test_all_readings_are_reported_and_the_nearest_to_the_paper_is_named(
    settings: Settings, sqlite_store: Store
) -> None:
    reproduction = tiny(settings, sqlite_store)
    found = submitted(reproduction, submit=True)
    grid = queries.jobs(sqlite_store, found["untuned-batch-sizes"])
    for number, job in enumerate(grid, start=1):
        train_to_end(sqlite_store, job.id, [number / 10])
    (passes,) = job_ids(sqlite_store, found["augmented-3-passes"])
    train_to_end(sqlite_store, passes, [0.1, 0.85, 0.95])
    for step, score in (("", 0.7), ("-dropout-0.1", 0.8), ("-dropout-0", 0.9)):
        (row,) = job_ids(sqlite_store, found[f"figure-5-row-5{step}"])
        train_to_end(sqlite_store, row, [score])
    outputs = reproduction_document(read_sources(reproduction)).ids
    ours = {output.id: {value.name: value.ours for value in output.values} for output in outputs}
    # Table II has 0.6877.
    params = grid[6].configuration["params"]
    nearest = f"batch_size {params['batch_size']}, lr {params['lr']}"
    assert ours["R-BATCH"]["nearest"] == nearest
    assert sorted(value for value in ours["R-BATCH"].values() if isinstance(value, float)) == [
        number / 10 for number in range(1, 10)
    ]
    # Table I has 0.8888.
    assert ours["R-PASSES"] == {
        "1 pass an epoch": 0.1,
        "2 passes an epoch": 0.85,
        "3 passes an epoch": 0.95,
        "nearest": "2 passes an epoch",
    }
    assert set(ours["R-LOSS"].values()) == {None}, "nothing of it is trained"
    # Row 5 of Figure 4 has 0.8024.
    dropouts = [ours["R-DROPOUT"][f"row 5, dropout {rate}"] for rate in (0, 0.1, 0.2)]
    assert dropouts == [0.9, 0.8, 0.7]
    assert ours["R-DROPOUT"]["nearest"] == "row 5, dropout 0.1"
    trained = "row 5, accuracy while training with dropout"
    assert [ours["R-DROPOUT"][f"{trained} {rate}"] for rate in (0, 0.1, 0.2)] == [0.5] * 3
    (dropout,) = (output.paper for output in OUTPUTS if output.id == "R-DROPOUT")
    assert dropout[f"{trained} 0.1"] == pytest.approx(0.858, abs=1e-4)


def test_json_has_the_values_of_an_output_in_mappings_by_name() -> None:
    accuracy = Value("accuracy", 0.5, 0.4, [0.3, 0.6], 10, 5, inside=True)
    classes = Value("classes", 10, 9, None, None, None, inside=False)
    assert plain(Output("T-I", "Scores", "Table I", [accuracy, classes], None, "small")) == {
        "id": "T-I",
        "title": "Scores",
        "place": "Table I",
        "paper": {"accuracy": 0.5, "classes": 10},
        "ours": {"accuracy": 0.4, "classes": 9},
        "interval": {"accuracy": [0.3, 0.6], "classes": None},
        "images": {"accuracy": 10, "classes": None},
        "seeds": {"accuracy": 5, "classes": None},
        "inside": {"accuracy": True, "classes": False},
        "oddity": None,
        "note": "small",
    }


def test_the_same_again_submits_nothing_and_another_seed_is_another_reproduction(
    settings: Settings, sqlite_store: Store
) -> None:
    first, again, other = (
        submitted(tiny(settings, sqlite_store, seed), submit=True) for seed in (1, 1, 2)
    )
    assert again == first
    assert not set(first.values()) & set(other.values())


def test_a_step_that_a_later_version_does_otherwise_is_done_again(
    settings: Settings, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = submitted(tiny(settings, sqlite_store), submit=True)
    monkeypatch.setattr(planned, "DEEPER_BLOCKS", 2)
    later = submitted(tiny(settings, sqlite_store), submit=True)
    assert {step for step in first if later[step] != first[step]} == {"deeper"}


def test_steps_that_were_imported_are_not_submitted_again(
    settings: Settings, sqlite_store: Store, home_store: Store, tmp_path: Path
) -> None:
    experiments = submitted(tiny(settings, home_store), submit=True)
    (job,) = job_ids(home_store, experiments["untuned-short"])
    train_to_end(home_store, job, [0.5])
    done = submitted(tiny(settings, home_store), submit=True)
    chosen = [done["untuned-short"], done["tuned"]]
    exported = export_experiments(home_store, chosen, tmp_path / "out", weights=False)
    assert done["untuned-short-on-test"] in exported
    import_experiments(sqlite_store, tmp_path / "out")

    found = submitted(tiny(settings, sqlite_store), submit=False)
    on_splits = [f"untuned-short-on-{split}" for split in ("test", "train")]
    assert sorted(found) == ["tuned", "untuned-short", *on_splits]


def test_what_needs_weights_that_were_not_imported_is_left_out_and_the_rest_is_reported(
    settings: Settings, store: Store, home_store: Store, tmp_path: Path
) -> None:
    steps = submitted(tiny(settings, home_store), submit=True)
    trained = [steps["untuned-short"], steps["untuned-long"]]
    for experiment in trained:
        (job,) = job_ids(home_store, experiment)
        train_to_end(home_store, job, [0.5])
    for weights in (False, True):
        exported = tmp_path / f"weights-{weights}"
        export_experiments(home_store, trained, exported, weights=weights)
    on_splits = {f"untuned-short-on-{split}" for split in ("train", "test")}

    import_experiments(store, tmp_path / "weights-False")
    reproduction = tiny(settings, store)
    found = submitted(reproduction, submit=True)
    assert not on_splits & set(found)
    assert on_splits <= set(without_weights(reproduction, found))
    outputs = {
        output.id: output for output in reproduction_document(read_sources(reproduction)).ids
    }
    assert "untuned-long with its weights" in outputs["MODEL"].note
    ours = {value.name: value.ours for value in outputs["T-II"].values}
    assert ours["10 epochs, validation accuracy"] == 0.5
    assert ours["10 epochs, test accuracy"] is None

    import_experiments(store, tmp_path / "weights-True")
    found = submitted(reproduction, submit=True)
    assert on_splits <= set(found)
    assert without_weights(reproduction, found) == []


@pytest.mark.parametrize("size", [1, 10**6])
def test_a_scale_takes_no_more_pictures_than_there_are(
    settings: Settings, sqlite_store: Store, size: int
) -> None:
    scale = Scale("other", train_size=size)
    reproduction = begin(settings, sqlite_store, scale, "digits", seed=0)
    assert len(reproduction.dataset.train) == min(size, 1151)
