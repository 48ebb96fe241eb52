"""Run the lives of a plan, each in a process of its own.

They are forked from this one, so that Keras is imported once; nothing has been computed with it
until then.
"""

import ast
import os
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path

from cifar_model.checking.files import Files
from cifar_model.checking.plan import Failure, Life, Outcome, Plan, Result
from cifar_model.checking.surroundings import change

LARGE = ("keras", "tensorflow", "torch", "sklearn", "scipy", "pandas")

Train = Callable[[Plan, Life, int, Files], Outcome]


def main(plan: Plan) -> None:
    """Live one life after another until one of them fails."""
    train = _train(plan)
    for life in plan.lives:
        directory = Path(plan.directory) / life.name
        directory.mkdir(exist_ok=True)
        if (pid := os.fork()) == 0:
            _live(plan, life, train, directory)
        _, status = os.waitpid(pid, 0)
        killed = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        if killed == signal.SIGKILL and life.die:
            continue
        if killed:
            words = f"the process was ended by {signal.Signals(killed).name}"
            Result([], Failure(words, "")).write(directory)
        result = Result.read(directory)
        if result is None or result.failure:
            return


def _train(plan: Plan) -> Train:
    if plan.trainer:
        from cifar_model.checking.trainer import run_trainer

        _import_once(plan.code)
        return run_trainer
    from cifar_model.checking.network import start, train_network

    start()
    return train_network


def _import_once(code: str) -> None:
    """Import the large libraries that a trainer imports, as far as they allow a fork after it."""
    for node in ast.walk(ast.parse(code)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module]
        for name in names:
            if name.partition(".")[0] in LARGE:
                # A module that is missing is the trainer's own failure.
                with suppress(ImportError):
                    import_module(name)


def _live(plan: Plan, life: Life, train: Train, directory: Path) -> None:
    """Train in this process and end it."""
    try:
        # What the libraries above have drawn and read is not the function's doing.
        change(life.pins)
        files = Files(directory)
        outcomes: list[Outcome] = []
        for seed in life.seeds:
            outcomes.append(train(plan, life, seed, files))
            if len(life.seeds) > 1:
                files.forget()
        Result(outcomes).write(directory)
    except BaseException as error:
        what = f"{type(error).__name__}: {getattr(error, 'what', error)}"
        Result([], Failure(what, traceback.format_exc())).write(directory)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        # Not as the parent would end.
        os._exit(0)


if __name__ == "__main__":
    main(Plan.read(Path(sys.argv[1])))
