"""Exports for other programs hold what the report holds, and say what they need."""

import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from runner.errors import InputError
from runner.report.document import report_document
from runner.report.leaderboard import leaderboard_document
from runner.report.leaderboard_forms import produce_leaderboard
from runner.report.produce import choose_place, produce
from runner.store.engine import Store
from runner.store.leaderboard import Scope
from tests.runner.report.stored import COMMAND, store_evaluation, store_explanation, store_tune

CURVES = [[0.1 + 0.2, 0.5], [], [0.25]]


def export(store: Store, experiment: int, form: str, home: Path) -> list[Path]:
    """Export to where it goes without --out, and return the files."""
    place = choose_place(home, "exported", form, None)
    produced = produce(store, report_document(store, experiment), form, place)
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
    produce(sqlite_store, document, "csv", choose_place(tmp_path, "", "csv", out))
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
    place = choose_place(tmp_path, "leaderboard", "parquet", None)
    [file] = produce_leaderboard(document, "parquet", place).files
    assert read_parquet(Path(file))["val_accuracy"].to_pylist() == [0.5, 0.5]


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
    trials = [row["trial"] for row in report_document(sqlite_store, experiment)["trials"]][:2]
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
    with pytest.raises(InputError, match="of kind evaluate"):
        export(sqlite_store, store_evaluation(sqlite_store), "tensorboard", tmp_path)


def test_tensorboard_s_files_are_written_without_tensorflow(
    sqlite_store: Store,
) -> None:
    of_tensorboard("proto.event_pb2")
    document = report_document(sqlite_store, store_tune(sqlite_store, CURVES))
    code = (
        "import json, sys; from runner.report.event_files import event_files;"
        "assert list(event_files(json.load(sys.stdin)));"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], input=json.dumps(document), text=True, check=True)


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
