"""The JSON of a bundle is refused, by file and field, wherever a report could fail on it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runner.bundle.schema import MetricsFile, ParamsFile, ProvenanceFile, checked, read
from runner.errors import InputError
from tests.runner.reports.stored import DATASET

Change = Callable[[dict[str, Any]], object]

EPOCH = {
    "epoch": 1,
    "loss": 2.0,
    "accuracy": 0.25,
    "val_loss": 2.5,
    "val_accuracy": 0.5,
    "seconds": 1.5,
    "loss_rule": 2,
    "fingerprint": "a machine",
}
ORIGIN = {"command": "runner submit train", "packages": {"keras": "3.15.1", "talos": None}}
VALID: dict[str, tuple[type[Any], dict[str, Any]]] = {
    "params.json": (ParamsFile, {"params": {"lr": 0.01, "epochs": 1}, "seed": 7, "threads": 1}),
    "metrics.json": (
        MetricsFile,
        {
            **{name: EPOCH[name] for name in ("loss", "accuracy", "val_loss", "val_accuracy")},
            "best_epoch": 1,
            "best_val_accuracy": 0.5,
            "val_accuracy_interval": [0.2, 0.8],
            "seconds": 1.5,
            "fingerprint": "a machine",
            "fingerprints": ["a machine"],
            "not_reproducible": None,
            "model": "0" * 64,
            "epochs": [EPOCH],
            "evaluations": [],
        },
    ),
    "provenance.json": (
        ProvenanceFile,
        {"trial": 3, "dataset": DATASET, "provenance": ORIGIN, "exported": ORIGIN},
    ),
}


@pytest.mark.parametrize("name", VALID)
def test_what_export_writes_is_read_again_as_it_was(name: str, tmp_path: Path) -> None:
    model, contents = VALID[name]
    path = tmp_path / name
    path.write_text(json.dumps(checked(model, contents, name)))
    assert read(model, path).model_dump(exclude_unset=True) == contents


BAD: dict[str, tuple[str, Change, str]] = {
    "params are a list": ("params.json", lambda c: c.update(params=[]), "params"),
    "an unknown param": ("params.json", lambda c: c["params"].update(x=1), "unknown parameter"),
    "a param out of range": ("params.json", lambda c: c["params"].update(lr=-1), "lr=-1"),
    "a seed that is text": ("params.json", lambda c: c.update(seed="x"), "seed"),
    "a seed that no option takes": ("params.json", lambda c: c.update(seed=2**32), "seed"),
    "a seed of 30 digits": ("params.json", lambda c: c.update(seed=10**30), "seed"),
    "a seed that is true": ("params.json", lambda c: c.update(seed=True), "seed"),
    "minus seven threads": ("params.json", lambda c: c.update(threads=-7), "threads"),
    "one field more": ("params.json", lambda c: c.update(more=1), "more"),
    "one field less": ("params.json", lambda c: c.pop("seed"), "seed"),
    "no epochs": ("metrics.json", lambda c: c.update(epochs=[]), "epochs"),
    "epochs that are text": ("metrics.json", lambda c: c.update(epochs="abc"), "epochs"),
    "an epoch twice": ("metrics.json", lambda c: c["epochs"].append(EPOCH), "numbered"),
    "an accuracy of 3": ("metrics.json", lambda c: c.update(val_accuracy=3.0), "val_accuracy"),
    "another last loss": ("metrics.json", lambda c: c.update(loss=1.0), "last epoch"),
    "no digest": ("metrics.json", lambda c: c.update(model="abc"), "model"),
    "a best that is none": ("metrics.json", lambda c: c.update(best_val_accuracy=0.9), "best_"),
    "a loss that is NaN": ("metrics.json", lambda c: c.update(loss=float("nan")), "loss"),
    "a rule of tomorrow": (
        "metrics.json",
        lambda c: c["epochs"][0].update(loss_rule=3),
        "loss_rule",
    ),
    "a data set that is text": ("provenance.json", lambda c: c.update(dataset="x"), "dataset"),
    "a class twice": (
        "provenance.json",
        lambda c: c["dataset"].update(classes=["a", "a"]),
        "twice",
    ),
    "a shape of two": ("provenance.json", lambda c: c["dataset"].update(shape=[8, 8]), "shape"),
    "no images": ("provenance.json", lambda c: c["dataset"]["images"].update(test=0), "test"),
    "an escape in a title": (
        "provenance.json",
        lambda c: c["dataset"].update(title="x\x1b[2J"),
        "cannot be printed",
    ),
    "a NUL": ("provenance.json", lambda c: c["provenance"].update(host="a\0b"), "NUL"),
    "a command that is a number": (
        "provenance.json",
        lambda c: c["provenance"].update(command=1),
        "command",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_a_report_could_fail_on_is_refused_by_file_and_field(
    case: str, tmp_path: Path
) -> None:
    name, change, words = BAD[case]
    model, contents = VALID[name]
    changed = json.loads(json.dumps(contents))
    change(changed)
    (tmp_path / name).write_text(json.dumps(changed))
    with pytest.raises(InputError, match=name) as refused:
        read(model, tmp_path / name)
    assert words in refused.value.what
    with pytest.raises(InputError, match=name):
        checked(model, changed, name)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[" * 200_000,
        b'{"params": ' * 5000,
        b"\xff",
        b"null",
        b'{"seed": 1e999}',
        b"\xef\xbb\xbf",
    ],
    ids=lambda content: repr(content[:12]),
)
def test_what_is_no_json_object_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "params.json").write_bytes(content)
    with pytest.raises(InputError, match=r"params\.json is not valid"):
        read(ParamsFile, tmp_path / "params.json")


def test_every_seed_that_can_be_submitted_can_be_imported(tmp_path: Path) -> None:
    contents = VALID["params.json"][1] | {"seed": 2**32 - 1}
    (tmp_path / "params.json").write_text(json.dumps(contents))
    assert read(ParamsFile, tmp_path / "params.json").seed == 2**32 - 1


def test_a_key_that_is_there_twice_is_refused_by_name(tmp_path: Path) -> None:
    text = json.dumps(VALID["params.json"][1])
    (tmp_path / "params.json").write_text(text.replace("{", '{"seed": 1, ', 1))
    with pytest.raises(
        InputError, match=r"params\.json is not valid: the key 'seed' is duplicated"
    ):
        read(ParamsFile, tmp_path / "params.json")
