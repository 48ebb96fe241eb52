"""Any file of a bundle is what `runner export` writes, or is refused by its name."""

import json
import math
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.bundle.schema import checked, read
from runner.errors import InputError
from tests.fuzz.generated import generates
from tests.fuzz.test_fuzz_params import JSON
from tests.runner.bundle.test_schema import VALID

NAMES = sorted(VALID)
CHANGES = JSON | st.sampled_from([math.nan, math.inf, -1, 2**31, 2**32, 10**30, "a\0b", "\x1b[2J"])


@st.composite
def changed_files(draw: st.DrawFn) -> tuple[str, bytes]:
    """Return a file's name and its content, of which one or two things are others than before."""
    name = draw(st.sampled_from(NAMES))
    contents: Any = deepcopy(VALID[name][1])
    for _ in range(draw(st.integers(1, 2))):
        holder = contents
        while isinstance(holder, dict | list) and len(holder) > 0:
            places = sorted(holder) if isinstance(holder, dict) else range(len(holder))
            place: Any = draw(st.sampled_from(places))
            if draw(st.booleans()) or not isinstance(holder[place], dict | list):
                holder[place] = draw(CHANGES)
                break
            holder = holder[place]
    try:
        return name, json.dumps(contents).encode()
    except ValueError:  # a number of more digits than Python writes
        return name, b"9" * 5000


FILES = changed_files() | st.tuples(st.sampled_from(NAMES), st.binary(max_size=100))


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bundle")


@generates("files of bundles", 1500)
@given(file=FILES)
def test_a_file_of_a_bundle_is_valid_or_refused(directory: Path, file: tuple[str, bytes]) -> None:
    name, content = file
    model = VALID[name][0]
    path = directory / name
    path.write_bytes(content)
    refusal = None
    try:
        record = read(model, path)
    except InputError as error:
        refusal = error.what
    if refusal is None:
        # The writer takes whatever the reader does.
        checked(model, record.model_dump(exclude_unset=True), name)
    else:
        assert refusal.startswith(f"{name} is not valid")
