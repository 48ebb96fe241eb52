"""A stored configuration becomes the job that was submitted, or a refusal that names what lacks."""

from pathlib import Path
from typing import Any

import pytest

from cifar_model.data import DatasetSpec, Description
from cifar_model.explanation.settings import Settings as Explaining
from runner.errors import InputError
from runner.settings import Settings
from runner.specs import (
    Configuration,
    EvaluateSpec,
    ExplainSpec,
    FoldSpec,
    JobSpec,
    TrainSpec,
    job_configuration,
    job_spec,
)
from runner.states import Kind
from runner.store import queries
from runner.store.engine import Store
from runner.store.lifecycle.experiments import NewExperiment
from runner.submit.experiments import Training, new_evaluate, new_folds, new_train, new_tune
from runner.submit.explain import Explaining as Asked
from runner.submit.explain import new_explain
from tests.runner.store.making import DATASET, make_trial

IMAGES = Description.from_json(DATASET)
COMMON = {"dataset": DATASET, "threads": 2}
TRAIN = COMMON | {"params": {"lr": 0.1}}
EXPLAIN = COMMON | {
    "trial": 3,
    "images": [0],
    "labels": ["predicted"],
    "method": "lime",
    "segmentation": "small",
    "samples": 100,
    "activations": True,
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.from_environment({"RUNNER_HOME": str(tmp_path)})


def specs(new: NewExperiment) -> list[JobSpec]:
    """Return what the jobs of an experiment are to do, as their workers will read it."""
    return [
        job_spec(new.kind, new.seed, job_configuration(new.configuration, job)) for job in new.jobs
    ]


def test_what_is_submitted_for_training_is_what_is_trained(settings: Settings) -> None:
    training = Training(DatasetSpec("digits", split_seed=4), epochs=3, threads=2, seed=5)
    [spec] = specs(new_train(settings, training, {"lr": 0.1, "epochs": 7}))
    assert isinstance(spec, TrainSpec)
    assert (spec.params, spec.seed, spec.own_seed) == ({"lr": 0.1, "epochs": 3}, 5, False)
    assert (spec.threads, spec.dataset.name, spec.dataset.split_seed) == (2, "digits", 4)
    repeated = Training(DatasetSpec("digits"), epochs=None, threads=1, seed=5, repeats=2)
    grid = {"lr": [0.1, 0.2]}
    tuned = specs(new_tune(settings, repeated, grid, (1.0, "sobol")))
    assert [(spec.seed, spec.own_seed) for spec in tuned if isinstance(spec, TrainSpec)] == [
        (5, True),
        (6, True),
    ] * 2


def test_what_is_submitted_about_a_trial_is_what_is_done(
    sqlite_store: Store, settings: Settings
) -> None:
    trial = make_trial(sqlite_store)
    stored = queries.trial(sqlite_store, trial)
    assert specs(new_evaluate(sqlite_store, trial, "test", 0)) == [
        EvaluateSpec(IMAGES, 1, trial, "test", verify=False)
    ]
    assert specs(new_folds(sqlite_store, trial, 2, 0)) == [
        FoldSpec(IMAGES, 1, trial, "validation", stored.params, stored.seed, fold, 2)
        for fold in (1, 2)
    ]
    asked = Asked([4, 2], ["square"], "stock", 50, activations=False, method="gradcam")
    how = Explaining("stock", 50, 9, "gradcam")
    assert specs(new_explain(settings, sqlite_store, trial, asked, 9)) == [
        ExplainSpec(IMAGES, 1, trial, [4, 2], ["square"], how, activations=False)
    ]


@pytest.mark.parametrize(
    ("epochs", "params", "trained"),
    [
        (None, {"lr": 0.1}, {"lr": 0.1}),
        (2, {"lr": 0.1}, {"lr": 0.1, "epochs": 2}),
        (2, {"epochs": 8}, {"epochs": 2}),
        # Those that are trained anyway are not spelt out.
        (10, {"lr": 0.1}, {"lr": 0.1}),
    ],
)
def test_epochs_beside_the_params_of_an_earlier_version_override_them(
    epochs: int | None, params: dict[str, Any], trained: dict[str, Any]
) -> None:
    merged = job_configuration(COMMON | {"epochs": epochs}, {"params": params})
    spec = job_spec(Kind.TUNE, 0, merged)
    assert isinstance(spec, TrainSpec)
    assert spec.params == trained
    assert job_configuration(merged, {}) == merged


def test_a_verification_is_an_evaluation_that_says_so() -> None:
    stored = COMMON | {"trial": 3, "split": "validation", "verify": True}
    assert job_spec(Kind.EVALUATE, 0, stored) == EvaluateSpec(IMAGES, 2, 3, "validation", True)


@pytest.mark.parametrize(
    ("kind", "stored", "wrong"),
    [
        (Kind.TRAIN, COMMON, "has no params"),
        (Kind.TUNE, COMMON | {"params": ["lr"]}, r"has params=\['lr'\]"),
        (Kind.TRAIN, TRAIN | {"seed": "x"}, "has seed='x'"),
        (Kind.TRAIN, TRAIN | {"threads": None}, "has threads=None"),
        (Kind.TRAIN, TRAIN | {"dataset": "digits"}, "has dataset='digits'"),
        (Kind.TRAIN, TRAIN | {"dataset": {"name": "digits"}}, r"has dataset=\{'name': 'digits'\}"),
        (Kind.TRAIN, TRAIN | {"dataset": DATASET | {"images": {}}}, "has dataset="),
        (Kind.EVALUATE, COMMON | {"split": "test"}, "has no trial"),
        (Kind.EVALUATE, COMMON | {"trial": 3}, "has no split"),
        (Kind.EVALUATE, TRAIN | {"trial": 3, "split": "validation", "fold": 1}, "has no folds"),
        (Kind.EXPLAIN, EXPLAIN | {"images": "wrong"}, "has images='wrong'"),
        (Kind.EXPLAIN, EXPLAIN | {"method": None}, "has method=None"),
    ],
)
def test_what_no_version_wrote_is_refused_by_name(
    kind: Kind, stored: dict[str, Any], wrong: str
) -> None:
    with pytest.raises(InputError, match=f"configuration of this {kind} job {wrong}") as refused:
        job_spec(kind, 0, stored)
    assert f"runner submit {kind}" in refused.value.fix


def test_the_earlier_name_of_a_method_is_understood() -> None:
    spec = job_spec(Kind.EXPLAIN, 0, job_configuration(EXPLAIN | {"method": "gradients"}, {}))
    assert isinstance(spec, ExplainSpec)
    assert spec.settings.method == "integrated_gradients"
    assert Configuration({"method": "gradients"}).method == "integrated_gradients"
