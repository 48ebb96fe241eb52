"""Exports for other programs hold what the report holds, and say what they need."""

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.study import StudyDirection
from optuna.trial import TrialState
from sqlalchemy import func, select, update

from runner.errors import InputError
from runner.reports.experiment.document import report_document
from runner.reports.experiment.report import experiment_report
from runner.reports.formats.csv_file import share_of
from runner.reports.leaderboard import leaderboard_document
from runner.reports.leaderboard_view import leaderboard_report
from runner.reports.output import choose_destination, write_report
from runner.search.study import read_study
from runner.store.engine import Store
from runner.store.lifecycle.control import Target, cancel
from runner.store.queries.leaderboard import Scope
from runner.store.schema import Trial
from tests.runner.reports.stored import COMMAND, store_evaluation, store_explanation, store_tune

CURVES = [[0.1 + 0.2, 0.5], [], [0.25]]


def export(store: Store, experiment: int, form: str, home: Path) -> list[Path]:
    """Export to where it goes without --out, and return the files."""
    place = choose_destination(home, "exported", form, None)
    produced = write_report(
        experiment_report(store, report_document(store, experiment)), form, place
    )
    assert produced.text is None
    return [Path(file) for file in produced.files]


def read_parquet(path: Path) -> Any:
    parquet = pytest.importorskip("pyarrow.parquet", reason="the extra `parquet` is not installed")
    return parquet.read_table(path)


def test_parquet_has_the_columns_of_the_csv_with_types_and_where_they_come_from(
    sqlite_store: Store, tmp_path: Path
) -> None:
    pytest.importorskip("pyarrow", reason="the extra `parquet` is not installed")
    experiment = store_tune(sqlite_store, CURVES, batch_size=43)
    [path] = export(sqlite_store, experiment, "parquet", tmp_path)
    assert path == tmp_path / "reports" / "exported" / "report.parquet"
    table = read_parquet(path)
    document = report_document(sqlite_store, experiment)
    out = tmp_path / "report.csv"
    write_report(
        experiment_report(sqlite_store, document),
        "csv",
        choose_destination(tmp_path, "", "csv", out),
    )
    assert table.column_names == out.read_text().splitlines()[0].split(",")
    rows = table.to_pylist()
    assert [row["val_accuracy"] for row in rows] == [0.5, 0.25, None]
    assert {row["batch_size"] for row in rows if row["trial"]} == {43}
    about = json.loads(table.schema.metadata[b"runner"])
    assert about["provenance"]["command"] == COMMAND


def test_parquet_has_every_kind_and_leaderboards(sqlite_store: Store, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="the extra `parquet` is not installed")
    [path] = export(sqlite_store, store_evaluation(sqlite_store), "parquet", tmp_path)
    assert read_parquet(path)["tp"].to_pylist() == [4, 3]
    [path] = export(sqlite_store, store_explanation(sqlite_store), "parquet", tmp_path)
    assert read_parquet(path)["weight"].to_pylist() == [0.5, -0.25, 0.0, 0.1] * 2
    document = leaderboard_document(sqlite_store, Scope(), "val_accuracy", 20)
    place = choose_destination(tmp_path, "leaderboard", "parquet", None)
    [file] = write_report(leaderboard_report(document), "parquet", place).files
    assert read_parquet(Path(file))["val_accuracy"].to_pylist() == [0.5, 0.5]


def test_files_of_other_rows_have_one_schema_and_are_one_data_set(
    sqlite_store: Store, tmp_path: Path
) -> None:
    pytest.importorskip("pyarrow", reason="the extra `parquet` is not installed")
    from pyarrow import dataset, types

    nothing: list[list[float]] = [[]]
    stored = [store_tune(sqlite_store, curves) for curves in (CURVES, nothing)]
    files = []
    for experiment in stored:
        place = choose_destination(tmp_path, "", "parquet", tmp_path / f"{experiment}.parquet")
        document = report_document(sqlite_store, experiment)
        files += write_report(experiment_report(sqlite_store, document), "parquet", place).files
    schemas = [read_parquet(Path(file)).schema for file in files]
    assert schemas[0].equals(schemas[1])
    assert not any(types.is_null(of) for of in schemas[0].types)
    assert schemas[0].field("nesterov").type == "bool"
    assert schemas[0].field("batch_size").type == "int64"
    together = dataset.dataset(files).to_table()
    assert together["experiment"].to_pylist() == [stored[0]] * 3 + [stored[1]]
    # An interval stands beside every validation accuracy, and nothing where there is none.
    low, value, high = (
        together[name].to_pylist()
        for name in ("val_accuracy_low", "val_accuracy", "val_accuracy_high")
    )
    assert low[0] < value[0] < high[0]
    assert low[-1] is value[-1] is high[-1] is None


@pytest.mark.parametrize("form", ["talos", "tensorboard", "nonsense"])
def test_a_format_that_a_report_is_not_offered_in_is_refused(
    sqlite_store: Store, tmp_path: Path, form: str
) -> None:
    report = leaderboard_report(leaderboard_document(sqlite_store, Scope(), "val_accuracy", 20))
    place = choose_destination(tmp_path, "", form, tmp_path / "out")
    with pytest.raises(ValueError, match=f"'{form}'"):
        write_report(report, form, place)
    assert not (tmp_path / "out").exists()


def test_an_accuracy_has_the_digits_of_the_share_that_it_is() -> None:
    assert share_of(0.8500000238418579, 40) == 0.85
    assert share_of(float(np.float32(2 / 3)), 30_000) == 2 / 3
    assert share_of(None, 40) is None
    # What is no share of so many images stays as it is.
    assert share_of(0.123456, 10) == 0.123456


def of_tensorboard(module: str) -> Any:
    reason = "the extra `tensorboard` is not installed"
    return pytest.importorskip(f"tensorboard.compat.{module}", reason=reason)


def scalars(path: Path) -> tuple[list[tuple[int, str, float]], str]:
    """Read an event file with TensorBoard's own reader; return its scalars, and all as text."""
    proto, errors, records = (
        of_tensorboard(module)
        for module in (
            "proto.event_pb2",
            "tensorflow_stub.errors",
            "tensorflow_stub.pywrap_tensorflow",
        )
    )
    reader, events = records.PyRecordReader_New(str(path)), []
    # It checks the sum of every record, and raises at the end.
    with suppress(errors.OutOfRangeError):
        while True:
            reader.GetNext()
            events.append(proto.Event.FromString(reader.record()))
    found = [
        (event.step, value.tag, value.simple_value)
        for event in events
        for value in event.summary.value
        if value.HasField("simple_value")
    ]
    return found, "".join(map(str, events))


def test_tensorboard_has_a_run_for_each_trial_with_every_epoch_and_its_params(
    sqlite_store: Store, tmp_path: Path
) -> None:
    of_tensorboard("proto.event_pb2")
    experiment = store_tune(sqlite_store, CURVES)
    [directory] = export(sqlite_store, experiment, "tensorboard", tmp_path)
    assert directory == tmp_path / "reports" / "exported" / "tensorboard"
    trials = [row.trial for row in report_document(sqlite_store, experiment).trials if row.trial]
    files = sorted(directory.glob("*/events.out.tfevents.*"))
    assert [file.parent.name for file in files] == [f"trial-{trial}" for trial in sorted(trials)]
    found, rest = scalars(directory / f"trial-{trials[0]}" / files[0].name)
    accuracies = [(step, value) for step, tag, value in found if tag == "val_accuracy"]
    assert accuracies == [(1, pytest.approx(0.3)), (2, 0.5)]
    assert {tag for _, tag, _ in found} == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert "hparams" in rest
    # Written again, they are the same runs and not more of them.
    export(sqlite_store, experiment, "tensorboard", tmp_path)
    assert sorted(directory.glob("*/events.out.tfevents.*")) == files
    place = choose_destination(tmp_path, "", "tensorboard", directory)
    again = write_report(
        experiment_report(sqlite_store, report_document(sqlite_store, experiment)),
        "tensorboard",
        place,
    )
    assert again.files == [str(directory)]
    with pytest.raises(InputError, match="is a file"):
        choose_destination(tmp_path, "", "tensorboard", files[0])
    with pytest.raises(InputError, match="is a directory"):
        choose_destination(tmp_path, "", "html", directory)
    with pytest.raises(InputError, match="of kind evaluate"):
        export(sqlite_store, store_evaluation(sqlite_store), "tensorboard", tmp_path)


def test_tensorboard_s_files_are_written_without_tensorflow(
    sqlite_store: Store, tmp_path: Path
) -> None:
    of_tensorboard("proto.event_pb2")
    store_tune(sqlite_store, CURVES)
    code = """
import sys
from datetime import datetime
from runner.reports.experiment.document import report_document
from runner.reports.formats.tensorboard import event_files
from runner.settings import Settings
from runner.store.opening import find_store
document = report_document(find_store(Settings.from_environment()), None)
assert list(event_files(document.trials, datetime.fromisoformat(document.created_at)))
assert not {"tensorflow", "keras"} & set(sys.modules)
"""
    own = {"RUNNER_DATABASE_URL": sqlite_store.url, "RUNNER_HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], env=os.environ | own, check=True)


@pytest.mark.parametrize(
    ("form", "package"), [("parquet", "pyarrow"), ("tensorboard", "tensorboard")]
)
def test_without_its_package_an_export_says_how_to_install_it(
    sqlite_store: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    form: str,
    package: str,
) -> None:
    # As if it were not installed, whether it is or not.
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(InputError, match=f"needs the package {package}") as refused:
        export(sqlite_store, store_tune(sqlite_store, CURVES), form, tmp_path)
    assert f"pip install {package}" in refused.value.fix
    assert not (tmp_path / "reports").exists()


def test_an_optuna_file_has_one_study_with_curves_pruned_and_waiting_trials(
    sqlite_store: Store, tmp_path: Path
) -> None:
    experiment = store_tune(sqlite_store, [*CURVES, [0.4, 0.6]])
    with sqlite_store.write() as connection:
        newest = connection.scalars(select(func.max(Trial.id))).one()
        connection.execute(update(Trial).where(Trial.id == newest).values(ended_by="stopped"))
    [path] = export(sqlite_store, experiment, "optuna", tmp_path)
    assert path == tmp_path / "reports" / "exported" / "study.db"
    url = f"sqlite:///{path}"
    assert optuna.get_all_study_names(url) == [f"experiment-{experiment}"]
    study = optuna.load_study(study_name=None, storage=url)
    assert study.direction == StudyDirection.MAXIMIZE
    first, waiting, third, pruned = study.trials
    assert [first.state, third.state] == [TrialState.COMPLETE] * 2
    assert [waiting.state, pruned.state] == [TrialState.WAITING, TrialState.PRUNED]
    assert (first.value, first.intermediate_values) == (0.5, {1: pytest.approx(0.3), 2: 0.5})
    assert pruned.intermediate_values == {1: 0.4, 2: 0.6}
    assert first.params["lr"] == 0.01
    assert study.best_trial.user_attrs["trial"] == 1
    assert [trial.values for trial in read_study(path).trials] == [[0.5], [0.25]]
    # Written again, it is still one study.
    export(sqlite_store, experiment, "optuna", tmp_path)
    assert len(optuna.get_all_study_names(url)) == 1


def test_an_optuna_file_leaves_out_jobs_that_were_cancelled_before_they_began(
    sqlite_store: Store, tmp_path: Path
) -> None:
    experiment = store_tune(sqlite_store, CURVES)
    cancel(sqlite_store, Target(experiment))
    [path] = export(sqlite_store, experiment, "optuna", tmp_path)
    study = optuna.load_study(study_name=None, storage=f"sqlite:///{path}")
    assert [trial.state for trial in study.trials] == [TrialState.COMPLETE] * 2


def test_a_file_that_is_no_study_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    path.write_text("no database")
    with pytest.raises(InputError, match="cannot be read as an Optuna study"):
        read_study(path)
    with pytest.raises(InputError, match="there is no file"):
        read_study(tmp_path / "other.db")
