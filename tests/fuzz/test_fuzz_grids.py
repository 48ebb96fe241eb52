"""Any file as a grid is sampled or refused, and a grid that is refused leaves no experiment."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cifar_model.params import RULES
from tests.fuzz.command_line import CommandLine
from tests.fuzz.generated import generates
from tests.fuzz.test_fuzz_params import JSON, NAMES

BOUNDS = st.integers(-5, 50) | st.floats() | st.sampled_from([10**20, 1e308, True, None, "1"])
RANGES = st.fixed_dictionaries({"range": st.lists(BOUNDS, min_size=2, max_size=4)})
VALUES: dict[str, list[Any]] = {
    "lr": [0.001, 0.01, 1, 0],
    "batch_size": [8, 32, 32.0, 0],
    "epochs": [1, 2, 10**20],
    "dropout": [0, 0.2, 0.9],
    "optimizer": ["adam", "sgd", "Adam"],
    "momentum": [0.0, 0.9, 1],
    "augment": [True, False, 1],
}
PLAIN = st.dictionaries(
    st.sampled_from(list(VALUES)), st.integers(0, 4), min_size=1, max_size=4
).map(lambda chosen: {name: VALUES[name][: count + 1] for name, count in chosen.items()})
OBJECTS = PLAIN | st.dictionaries(
    NAMES | st.sampled_from(list(RULES)), RANGES | st.lists(JSON, max_size=4) | JSON, max_size=3
)
TEXT = OBJECTS.map(json.dumps) | JSON.map(json.dumps) | st.text(max_size=60)
DEEP = st.sampled_from(["[", '{"a":', '{"lr":[']).map(lambda sign: sign * 20_000)
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-7"])


@st.composite
def file(draw: st.DrawFn) -> bytes:
    kind = draw(st.integers(0, 9))
    if kind == 0:
        return draw(st.binary(max_size=60))
    text = draw(DEEP if kind == 1 else TEXT)
    content = text.encode(draw(ENCODINGS), "surrogatepass")
    if kind == 2:
        content = content[: draw(st.integers(0, len(content)))]
    return content


@generates("grids", 1500)
@given(file(), st.sampled_from(["1", "0.5", "0.01"]))
def test_a_grid_is_sampled_or_refused(
    command_line: CommandLine, content: bytes, downsample: str
) -> None:
    (command_line.directory / "grid.json").write_bytes(content)
    options: Any = ["--dataset", "npz:good.npz", "--grid", "grid.json", "--downsample", downsample]
    command_line(["submit", "tune", *options])
