"""The file of an exported experiment: the schema by which its rows are written and read."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    create_model,
)

from cifar_model.networks.network import Network
from cifar_model.params import Params
from runner.bundle.schema import (
    CodeRecord,
    DatasetRecord,
    Digest,
    Json,
    checked,
    invalid,
    read,
    refusal,
    storable,
)
from runner.errors import InputError
from runner.specs import job_configuration, job_spec
from runner.states import JobState, Kind
from runner.store.copies.tables import TABLES, Column, Rows, fields_of
from runner.store.names import read_label

NAME = "experiment.json"
MOST_BYTES = 2**30
MOST_TEXT = 2**20
MOST = {False: 2**31 - 1, True: 2**63 - 1}


class _Row(BaseModel):
    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        allow_inf_nan=False,
        ser_json_bytes="base64",
        val_json_bytes="base64",
    )


class _File(_Row):
    """An exported experiment: its rows by table, and what exported it."""

    format: Literal[1] = 1
    exported: CodeRecord
    # False: the weights of trials and checkpoints were left out.
    weights: bool


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


def _type_of(field: Column) -> Any:
    """Return what a value of a column has to be."""
    least = -100 if field.name == "priority" else -1
    types = {
        int: Annotated[int, Field(ge=least, le=MOST[field.is_big])],
        str: Annotated[str, Field(max_length=MOST_TEXT), AfterValidator(storable)],
        datetime: Annotated[AwareDatetime, AfterValidator(_utc)],
        dict: Json,
    }
    found: Any = Digest if field.is_digest else types.get(field.type, field.type)
    return found | None if field.is_nullable else found


def _model_of(table: Any) -> Any:
    fields: dict[str, Any] = {
        field.name: (_type_of(field), None if field.is_optional else ...)
        for field in fields_of(table)
    }
    return create_model(table.__name__, __base__=_Row, **fields)


# Any: mypy knows no list of a type that is made when the program runs.
LIST: Any = list
TABLE_FIELDS: dict[str, Any] = {
    table.__tablename__: (LIST[_model_of(table)], ...) for table in TABLES
}
ExperimentFile: Any = create_model("ExperimentFile", __base__=_File, **TABLE_FIELDS)


def write_rows(path: Path, rows: Rows, exported: Mapping[str, Any], *, weights: bool) -> None:
    """Write the file; raise InputError if it would not be read again."""
    try:
        record = ExperimentFile(exported=dict(exported), weights=weights, **rows)
    except ValidationError as error:
        raise invalid(NAME, error) from error
    found = record.model_dump(mode="json", exclude_unset=True)
    path.write_text(lines_of(found), encoding="utf-8")


def lines_of(contents: Mapping[str, Any]) -> str:
    """Return the JSON of the file, with a line for each row."""
    parts = (f'"{name}":{_table(value)}' for name, value in contents.items())
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _table(value: Any) -> str:
    if not isinstance(value, list) or not value:
        return _compact(value)
    return "[\n" + ",\n".join(map(_compact, value)) + "\n]"


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def read_rows(path: Path) -> tuple[dict[str, list[dict[str, Any]]], bool]:
    """Return the rows of the file, and whether the weights are with them.

    Raises InputError naming the first bad field, or the first job or trial that is not valid.
    """
    record = read(ExperimentFile, path)
    found = record.model_dump(exclude={"format", "exported", "weights"}, exclude_unset=True)
    rows = {name: found[name] for name in (table.__tablename__ for table in TABLES)}
    _fill(rows)
    _check_keys(rows)
    for experiment in rows["experiments"]:
        _check_experiment(experiment, rows)
    return rows, record.weights


def _fill(rows: Rows) -> None:
    """Give each row all columns that may be null: an earlier version did not have them all."""
    for table in TABLES:
        nothing = {field.name: None for field in fields_of(table) if field.is_nullable}
        for row in rows[table.__tablename__]:
            row.update({name: None for name in nothing if name not in row})


def _check_keys(rows: Rows) -> None:
    """Raise InputError for a number that occurs twice, and if there is nothing."""
    if not rows["experiments"]:
        raise refusal(NAME, ": there is no experiment in it")
    for table, those in rows.items():
        numbers = [row["id"] for row in those if "id" in row]
        if len(set(numbers)) != len(numbers):
            raise refusal(NAME, f" at {table}: a number occurs twice")


def _check_experiment(experiment: dict[str, Any], rows: Rows) -> None:
    """Raise InputError for what no command of ours would have stored."""
    number, stored = experiment["id"], experiment["configuration"]
    try:
        kind = Kind(experiment["kind"])
        tags = [row["tag"] for row in rows["experiment_tags"] if row["experiment_id"] == number]
        read_label(experiment["name"], tags, experiment["note"])
        checked(CodeRecord, experiment["provenance"], NAME)
        if stored["dataset"] is not None:
            checked(DatasetRecord, stored["dataset"], NAME)
        Network.from_json(stored.get("network"))
        jobs = [row for row in rows["jobs"] if row["experiment_id"] == number]
        for job in jobs:
            _check_job(job, kind, experiment)
        ids = {job["id"] for job in jobs}
        for trial in rows["trials"]:
            if trial["job_id"] in ids:
                Params.from_json(trial["params"], Network.from_json(trial["network"]))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        what = error.what if isinstance(error, InputError) else repr(error)
        raise refusal(NAME, f" at experiment {number}: {what:.300}") from error


def _check_job(job: dict[str, Any], kind: Kind, experiment: dict[str, Any]) -> None:
    if job["state"] == JobState.RUNNING:
        raise ValueError("a running job")
    configuration = job_configuration(experiment["configuration"], job["configuration"])
    # A job of a search has no point until it is asked for; trainers need no data set.
    if "params" in configuration and configuration["dataset"] is not None:
        job_spec(kind, experiment["seed"], configuration)
