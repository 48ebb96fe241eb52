"""A report's rows as a Parquet file for pandas and databases: the CSV columns with types."""

import io
import json
from collections.abc import Mapping, Sequence

from cifar_model.params import DEFAULTS, ParamValues
from runner.reports.formats.csv_file import Cell
from runner.reports.formats.extras import needed
from runner.reports.records import plain

ABOUT = b"runner"

TEXT = (
    *("state", "reason", "ended_by", "not_reproducible", "fingerprints", "dataset", "fingerprint"),
    *("data_fingerprint", "split", "class", "true_class", "predicted_class"),
    *("method", "segmentation", "verdict", "metric", "varying", "network", "code"),
)
WHOLE = (
    *("rank", "trial", "job", "number", "attempts", "round_epochs", "best_epoch", "seed", "reused"),
    *("experiment", "evaluation", "fold", "images", "support", "tp", "tn", "fp", "fn"),
    *("image", "label", "superpixels", "superpixel", "loss_rule"),
    *("trials", "seeds", "unscored", "train_images"),
)
TYPES = {bool: "bool", int: "int64", float: "double", str: "string"}


def as_parquet(
    rows: Sequence[Mapping[str, Cell]], columns: Sequence[str], about: Mapping[str, object]
) -> bytes:
    """Return the file. The metadata of its schema has `about` as JSON.

    The type of a column of ours does not depend on its values, so that several files can be read
    as one data set.
    """
    arrow, parquet = (
        needed(module, "parquet", "pyarrow") for module in ("pyarrow", "pyarrow.parquet")
    )
    # In rows without params, `precision` is a score.
    params = DEFAULTS if "optimizer" in columns else {}
    known = {
        name: next((row[name] for row in rows if row.get(name) is not None), None)
        for name in columns
    }
    fields = [(name, arrow.type_for_alias(_type(name, known[name], params))) for name in columns]
    schema = arrow.schema(fields, metadata={ABOUT: json.dumps(plain(about)).encode()})
    table = arrow.table({name: [row.get(name) for row in rows] for name in columns}, schema=schema)
    content = io.BytesIO()
    parquet.write_table(table, content)
    return content.getvalue()


def _type(name: str, value: Cell, params: ParamValues) -> str:
    """Return the Arrow type name of a column; a column that is not listed above is a float.

    That of a text or a flag of a user's network is known by its values only.
    """
    if name in params:
        return TYPES[type(params[name])]
    if name == "noise":
        return TYPES[bool]
    if name in TEXT or name in WHOLE:
        return TYPES[str if name in TEXT else int]
    return TYPES[type(value) if isinstance(value, bool | str) else float]
