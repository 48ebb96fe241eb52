"""A report's rows as a Parquet file, for pandas and databases: the columns of the CSV, typed."""

import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from runner.report.extras import needed

ABOUT = b"runner"


def as_parquet(rows: Sequence[Mapping[str, Any]], about: Mapping[str, Any]) -> bytes:
    """Return the file; what it is about is JSON in the metadata of its schema."""
    arrow, parquet = (
        needed(module, "parquet", "pyarrow") for module in ("pyarrow", "pyarrow.parquet")
    )
    names = dict.fromkeys(name for row in rows for name in row)
    table = arrow.table({name: [row.get(name) for row in rows] for name in names})
    described = table.replace_schema_metadata({ABOUT: json.dumps(about).encode()})
    content = io.BytesIO()
    parquet.write_table(described, content)
    return content.getvalue()
