"""A search asks the points that plain Optuna asks, from what is stored of it and nothing else."""

import json
import math
from collections.abc import Callable
from importlib.util import find_spec

import optuna
import pytest

from cifar_model.grid import given_grid
from cifar_model.params import RULES, ParamValues
from cifar_model.spaces.space import Grid
from runner.search import SAMPLERS
from runner.search.asked import Asked, Search, Values, fixed_history, told_before
from runner.search.sampling import Proposer, SpaceExhaustedError, make_sampler

# The others need an extra.
INSTALLED = [sampler for sampler in SAMPLERS if sampler != "gp" or find_spec("torch")]

GRID = given_grid(
    {
        "lr": {"low": 1e-4, "high": 3e-2, "log": True},
        "batch_size": {"low": 16, "high": 128},
        "dropout": {"low": 0.0, "high": 0.4, "step": 0.1},
        "weight_decay": {"low": 0.0, "high": 0.1},
        "epochs": 3,
    }
)
CONDITIONAL = given_grid(
    {
        "momentum": {"low": 0.5, "high": 0.99, "when": {"optimizer": "sgd"}},
        "optimizer": ["adam", "sgd"],
        "lr": {"low": 1e-4, "high": 3e-2, "log": True},
    }
)


def identity(point: ParamValues) -> str:
    return json.dumps(point, sort_keys=True)


def value_of(point: ParamValues) -> float:
    """Stand for a trial's val_accuracy: best at lr=0.003, batch_size=64."""
    return -abs(math.log10(float(point["lr"]) / 0.003)) - float(point.get("batch_size", 64)) / 640


def search(sampler: str, grid: Grid = GRID) -> Search:
    return Search(sampler, 3, grid, minimize=[False])


def plain_optuna(sampler: str, suggest: Callable[[optuna.Trial], ParamValues]) -> list[ParamValues]:
    """Return 60 different points of Optuna's own ask and tell; nsga2 may repeat one."""
    study = optuna.create_study(sampler=make_sampler(sampler, 3), direction="maximize")
    points: list[ParamValues] = []
    while len(points) < 60:
        trial = study.ask()
        point = suggest(trial)
        if point in points:
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
            continue
        points.append(point)
        study.tell(trial, value_of(point))
    return points


def suggest_plain(trial: optuna.Trial) -> ParamValues:
    return {
        "lr": trial.suggest_float("lr", 1e-4, 3e-2, log=True),
        "batch_size": trial.suggest_int("batch_size", 16, 128),
        "dropout": float(f"{trial.suggest_float('dropout', 0, 0.4, step=0.1):.14g}"),
        "weight_decay": trial.suggest_float("weight_decay", 0, 0.1),
        "epochs": 3,
    }


def suggest_conditional(trial: optuna.Trial) -> ParamValues:
    lr = trial.suggest_float("lr", 1e-4, 3e-2, log=True)
    optimizer = trial.suggest_categorical("optimizer", ["adam", "sgd"])
    if optimizer == "adam":
        return {"optimizer": optimizer, "lr": lr}
    momentum = trial.suggest_float("momentum", 0.5, 0.99)
    return {"momentum": momentum, "optimizer": optimizer, "lr": lr}


def asked_by_one(searched: Search, count: int = 60) -> list[Asked]:
    """Ask points as one worker does: each before the next, with the value of the last."""
    proposer = Proposer(searched, RULES, identity)
    asked: list[Asked] = []
    for number in range(1, count + 1):
        told: dict[int, Values | None] = (
            {number - 1: (value_of(asked[-1].point or {}),)} if asked else {}
        )
        point = proposer.ask(Asked(number, None, told))
        asked.append(Asked(number, point, told))
    return asked


@pytest.mark.parametrize("sampler", INSTALLED)
def test_the_points_are_those_of_plain_optuna(sampler: str) -> None:
    asked = asked_by_one(search(sampler))
    assert [ask.point for ask in asked] == plain_optuna(sampler, suggest_plain)


@pytest.mark.parametrize("sampler", ["random", "tpe", "nsga2"])
def test_points_with_conditions_are_those_of_plain_optuna(sampler: str) -> None:
    asked = asked_by_one(search(sampler, CONDITIONAL))
    assert [ask.point for ask in asked] == plain_optuna(sampler, suggest_conditional)


@pytest.mark.parametrize("sampler", INSTALLED)
def test_another_process_goes_on_from_what_is_stored(sampler: str) -> None:
    asked = asked_by_one(search(sampler))
    stored = [Asked.from_json(ask.number, json.loads(json.dumps(ask.to_json()))) for ask in asked]
    for upto in (1, 13, 59):
        proposer = Proposer(search(sampler), RULES, identity)
        proposer.replay(stored[:upto])
        assert proposer.ask(Asked(upto + 1, None, asked[upto].told)) == asked[upto].point


@pytest.mark.parametrize("sampler", INSTALLED)
def test_a_point_that_is_not_stored_was_not_asked(sampler: str) -> None:
    asked = asked_by_one(search(sampler), 30)
    proposer = Proposer(search(sampler), RULES, identity)
    proposer.replay(asked[:20])
    state = proposer.state()
    proposer.ask(Asked(99, None, {}))
    proposer.restore(state)
    proposer.replay(asked[:29])
    assert proposer.ask(Asked(30, None, asked[29].told)) == asked[29].point


def test_a_point_that_another_version_asked_stays_and_its_value_counts() -> None:
    asked = asked_by_one(search("tpe"), 20)
    other = {**(asked[4].point or {}), "lr": 0.0123}
    changed = [*asked[:4], Asked(5, other, asked[4].told), *asked[5:]]
    proposer = Proposer(search("tpe"), RULES, identity)
    proposer.replay(changed)
    point = proposer.ask(Asked(21, None, {20: (0.5,)}))
    assert 1e-4 <= float(point["lr"]) <= 3e-2


@pytest.mark.parametrize("sampler", ["random", "tpe", "nsga2"])
def test_every_point_of_a_small_space_is_asked_once_and_then_none(sampler: str) -> None:
    grid = given_grid(
        {
            "lr": [0.1, 0.01, 0.001],
            "batch_size": {"low": 10, "high": 19},
            "optimizer": ["adam", "sgd"],
        }
    )
    proposer = Proposer(search(sampler, grid), RULES, identity)
    points = [proposer.ask(Asked(number, None, {number - 1: (0.5,)})) for number in range(1, 61)]
    assert len({identity(point) for point in points}) == 60
    with pytest.raises(SpaceExhaustedError):
        proposer.ask(Asked(61, None, {}))


def test_a_value_is_told_once_and_in_the_order_in_which_it_came() -> None:
    asked = [Asked(1, {}), Asked(2, {}, {1: (0.5,)})]
    assert list(told_before(asked, {3: (0.1,), 1: (0.5,), 2: None}).items()) == [
        (3, (0.1,)),
        (2, None),
    ]


def test_a_fixed_history_is_complete_when_all_trials_before_the_lag_have_ended() -> None:
    history, complete = fixed_history(5, 2, {1: (0.1,), 3: (0.3,), 2: (0.2,), 4: (0.4,)})
    assert complete
    assert [list(ask.told) for ask in history] == [[], [], [1], [2], [3]]
    assert not fixed_history(5, 2, {1: (0.1,), 3: (0.3,)})[1]


def test_several_objectives_and_a_constraint_are_told_to_optuna() -> None:
    def values(point: ParamValues) -> Values:
        return value_of(point), float(point["batch_size"]), float(point["lr"]) - 0.003

    searched = Search("nsga2", 3, GRID, minimize=[False, True])
    proposer = Proposer(searched, RULES, identity)
    study = optuna.create_study(
        sampler=make_sampler("nsga2", 3), directions=["maximize", "minimize"]
    )
    told: dict[int, Values | None] = {}
    number, points = 0, set[str]()
    while number < 120:
        trial = study.ask()
        point = suggest_plain(trial)
        if identity(point) in points:
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
            continue
        points.add(identity(point))
        number += 1
        assert proposer.ask(Asked(number, None, told)) == point
        told = {number: values(point)}
        trial.set_constraint("0", values(point)[2])
        study.tell(trial, values(point)[:2])
