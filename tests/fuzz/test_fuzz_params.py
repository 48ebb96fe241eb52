"""Any JSON as the params of a trial is either params or an error that a person can mend."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cifar_model.errors import InputError
from cifar_model.params import RULES, Params
from tests.fuzz.generated import generates

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(10**19, 10**40)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["adam", "relu", "elu", "softmax", "True", "1e-3", ".5", "5.", "logcosh"])
)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)
NAMES = st.sampled_from([*RULES, "learning_rate", "batchsize", "Adam", ""]) | st.text(max_size=12)


@generates("params", 2000)
@given(st.dictionaries(NAMES, JSON, max_size=4))
def test_params_are_valid_or_refused(values: dict[str, Any]) -> None:
    try:
        params = Params.from_json(values)
    except InputError:
        return
    assert 0 < params.training.lr < 10
    assert 1 <= params.training.epochs <= 100_000
    assert set(params.to_json()) == set(RULES)
