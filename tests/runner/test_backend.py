"""Which jobs a worker takes, and in which environment it computes."""

import sys
from importlib.machinery import ModuleSpec

import pytest

from cifar_model.backends import names
from cifar_model.errors import InputError
from runner.environment import environment_for_children
from runner.needs import EVERYTHING, Needs, Offer, every_needs, needs_of
from runner.queue.app import queues_of
from runner.settings import Settings

ON_JAX = needs_of({"backend": "jax"})


def test_a_worker_takes_the_jobs_of_its_backend_only() -> None:
    tensorflow, jax = Offer(code=True), Offer(code=False, backend="jax")
    assert [offer.meets(ON_JAX) for offer in (tensorflow, jax, EVERYTHING)] == [False, True, True]
    assert [offer.meets(needs_of({})) for offer in (tensorflow, jax)] == [True, False]
    # One of an earlier version has said nothing of backends.
    assert Offer.from_json({"code": True}) == tensorflow
    assert Offer.from_json(jax.to_json()) == jax


def test_jobs_with_other_needs_wait_on_other_queues() -> None:
    assert len({needs.suffix for needs in every_needs()}) == 4
    assert not set(queues_of(Offer(code=True))) & set(queues_of(Offer(code=True, backend="jax")))


def test_what_a_job_needs_is_said_with_the_setting_that_a_worker_lacks() -> None:
    assert (str(ON_JAX), ON_JAX.fix) == ("a worker on jax", "RUNNER_BACKEND=jax")
    both = Needs(code=True, backend="jax")
    assert str(both) == "a worker on jax that allows code"
    assert both.fix == "RUNNER_BACKEND=jax RUNNER_ALLOW_CODE=1"


def test_a_worker_on_jax_computes_deterministically_unless_told_otherwise() -> None:
    built = environment_for_children({"RUNNER_BACKEND": "jax", "XLA_FLAGS": "--foreign"})
    assert built["KERAS_BACKEND"] == "jax"
    assert built["XLA_FLAGS"] == "--xla_gpu_deterministic_ops=true"
    fast = environment_for_children({"RUNNER_BACKEND": "jax", "RUNNER_DETERMINISTIC": "0"})
    assert "XLA_FLAGS" not in fast


@pytest.mark.parametrize(
    ("name", "installed", "said"),
    [("jux", True, "did you mean 'jax'?"), ("jax", False, "pip install jax")],
)
def test_a_backend_that_is_not_there_is_an_error_that_says_so(
    name: str, installed: bool, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = ModuleSpec("jax", None) if installed else None
    monkeypatch.setattr(names, "find_spec", lambda _: spec)
    before = "jax" in sys.modules
    with pytest.raises(InputError) as refused:
        Settings.from_environment({"RUNNER_BACKEND": name})
    assert refused.value.fix.startswith(said) or said in refused.value.fix
    assert ("jax" in sys.modules) == before, "it is not imported to see whether it is there"
