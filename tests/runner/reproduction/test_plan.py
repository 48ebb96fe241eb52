"""The plan has every output of the paper, and what it trains is what the paper trained."""

from pathlib import Path
from typing import Any

import pytest

from cifar_model.data import DatasetSpec, is_here, load
from cifar_model.grid import PAPER_GRID, grid_to_json
from cifar_model.params import Params
from runner.reproduction.measured import exact, mean_share, share
from runner.reproduction.outputs import OUTPUTS
from runner.reproduction.plan import (
    SCALES,
    Again,
    Evaluate,
    Explain,
    Folds,
    Scale,
    Step,
    Subjects,
    Train,
    Tune,
    choose,
    plan,
    runs,
)

IDS = (
    *("MODEL", "DATA", "T-I", "T-II", "T-III", "F-2", "F-3", "F-4", "F-5", "LST"),
    *("F-6", "F-7", "F-8", "F-9", "F-10", "F-11", "F-12", "F-13", "F-14", "F-15", "EQ", "FUT"),
    *("R-BATCH", "R-PASSES", "R-LOSS", "R-DROPOUT"),
)

NAMES = ("airplane", "bird", "cat", "truck")
SUBJECTS = Subjects({name: name for name in NAMES}, dict.fromkeys(NAMES, 0))


def steps(scale: Scale, *, cifar100: bool = False) -> dict[str, Step]:
    return {step.name: step for step in plan(scale, SUBJECTS, cifar100=cifar100)}


@pytest.mark.parametrize("name", SCALES)
def test_every_output_has_a_step_the_paper_s_values_and_a_measurement(name: str) -> None:
    assert tuple(output.id for output in OUTPUTS) == IDS
    needed = {step for output in OUTPUTS for step in output.steps}
    assert needed == set(steps(SCALES[name], cifar100=True))
    of_the_data_alone = {"DATA", "F-2"}
    assert {output.id for output in OUTPUTS if not output.steps} == of_the_data_alone
    assert all(output.paper and output.ours for output in OUTPUTS)


def test_at_full_scale_nothing_is_less_than_in_the_paper() -> None:
    found = steps(SCALES["full"])
    assert SCALES["full"].train_size is None
    work: dict[str, Any] = {name: step.work for name, step in found.items()}
    assert work["untuned-long"] == Train({}, 100)
    assert work["untuned-short"] == Train({}, 10)
    assert work["augmented"] == Train({"augment": True}, 10)
    assert work["tuned"] == Tune(0.01, {}, None)
    assert work["tuned-folds"] == Folds("tuned", 10)
    assert work["tuned-on-test"] == Evaluate("tuned", "test")
    assert work["tuned-normalised"].grid["losses"] == ["logcosh", "normalised_crossentropy"]
    assert work["figure-5-row-2-normalised"].params == {
        **work["figure-5-row-2"].params,
        "losses": "normalised_crossentropy",
    }
    for rate in (0.0, 0.1):
        less = work[f"figure-5-row-5-dropout-{rate:g}"]
        assert less == Train({**work["figure-5-row-5"].params, "dropout": rate}, None)
    assert work["augmented-3-passes"] == Train({"augment": True}, 30)
    explained = [work[name].explaining for name in ("why-small", "why-stock")]
    assert [asked.segmentation for asked in explained] == ["small", "stock"]
    assert all(asked.labels == ("airplane", "bird") for asked in explained)
    assert isinstance(work["activations"], Explain)
    assert work["activations"].explaining.activations


def test_the_five_rounds_are_those_of_figure_5_and_points_of_the_grid() -> None:
    found = steps(SCALES["full"])
    rounds: list[Any] = [found[f"figure-5-row-{row}"].work for row in range(1, 6)]
    assert [
        (r.params["batch_size"], r.params["epochs"], r.params["optimizer"], r.params["losses"])
        for r in rounds
    ] == [
        (43, 8, "adam", "logcosh"),
        (48, 6, "nadam", "categorical_crossentropy"),
        (48, 9, "nadam", "logcosh"),
        (31, 9, "nadam", "logcosh"),
        (34, 9, "nadam", "categorical_crossentropy"),
    ]
    grid = grid_to_json(PAPER_GRID)
    for trained in rounds:
        Params.from_json(trained.params)
        assert trained.epochs is None
        for name, values in grid.items():
            if isinstance(values, dict):
                low, high, _ = values["range"]
                assert low <= trained.params[name] < high
            else:
                assert trained.params[name] in values


def test_the_tables_are_trained_with_several_seeds_and_the_long_row_with_two() -> None:
    once = plan(SCALES["full"], SUBJECTS)
    found = plan(SCALES["full"], SUBJECTS, repeats=5)
    assert found[: len(once)] == once, "what is needed for one seed comes first"
    later = {step.name: step for step in found[len(once) :]}
    for name in ("untuned-short", "augmented", "untuned-long", "tuned"):
        most = 2 if name == "untuned-long" else 5
        names = [f"{name}-repeat-{number}" for number in range(2, most + 1)]
        assert runs(name, 5) == [name, *names]
        assert [later[run].later_seed for run in names] == [*range(1, most)]
        for run in names:
            tested = later[f"{run}-on-test"]
            assert tested.work == Evaluate(run, "test")
            assert tested.later_seed == later[run].later_seed, "as if it were the only seed"
    assert later["untuned-long-repeat-2"].work == Train({}, 100)
    assert later["tuned-repeat-5"].work == Again("tuned", None)
    # Four trainings of each row, and one of 100 epochs; Table III has no scores on training images.
    assert len(later) == 4 * (3 + 3 + 2) + 3


def test_cifar_100_is_trained_where_its_archive_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    assert not is_here("cifar100", tmp_path)
    assert "cifar100" not in steps(SCALES["small"])
    (tmp_path / "cifar-100-python.tar.gz").touch()
    assert is_here("cifar100", tmp_path)
    assert not is_here("cifar10", tmp_path)
    work: Any = steps(SCALES["small"], cifar100=True)["cifar100"].work
    assert work.dataset == "cifar100"


def test_another_data_set_s_own_classes_stand_in_and_it_is_said(tmp_path: Path) -> None:
    dataset = load(DatasetSpec("shapes"), tmp_path)
    subjects = choose(dataset)
    assert set(subjects.classes.values()) <= set(dataset.classes)
    assert subjects.classes["airplane"] != subjects.classes["bird"]
    for name, image in subjects.images.items():
        assert dataset.classes[dataset.test.labels[image]] == subjects.classes[name]
    words = subjects.words()
    assert words is not None
    assert f"{subjects.classes['cat']} for cat" in words
    assert SUBJECTS.words() is None


def test_the_paper_s_value_is_inside_if_it_lies_in_our_interval() -> None:
    assert share(0.8, 100).agrees(0.75) is True
    assert share(0.8, 10_000).agrees(0.75) is False
    assert mean_share([0.8, 0.7, 0.75], 10_000).agrees(0.81) is True, "seeds vary as much"
    assert mean_share([0.75, 0.7501, 0.7499], 10_000).agrees(0.81) is False
    assert exact(24).agrees(24) is True
    assert exact(24).agrees(23) is False
    assert share(0.8, 100).agrees(None) is None
    assert share(0.8, 100).agrees("a formula") is None
