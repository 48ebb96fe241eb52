"""The sweep with Optuna as its users run it on one machine: two processes, one SQLite study.

python -m benchmarks.peers.optuna_sweep DATA.npz POINTS.json
"""

import multiprocessing
import sys
import tempfile
from pathlib import Path

import optuna

from benchmarks.plain import arrays, begin, read_points, trained

PROCESSES = 2
STUDY = "sweep"


def work(data_file: str, points_file: str, storage: str) -> None:
    """Train what is still waiting in the study, one trial after another."""
    keras, data, points = begin(), arrays(data_file), read_points(points_file)

    def objective(trial: optuna.Trial) -> float:
        return trained(keras, points[trial.suggest_int("point", 0, len(points) - 1)], data)

    def stop(study: optuna.Study, _: object) -> None:
        if not study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.WAITING,)):
            study.stop()

    optuna.load_study(study_name=STUDY, storage=storage).optimize(objective, callbacks=[stop])


def main(data_file: str, points_file: str) -> None:
    """Enqueue the points and let the processes take them."""
    with tempfile.TemporaryDirectory() as directory:
        storage = f"sqlite:///{Path(directory) / 'optuna.db'}"
        study = optuna.create_study(study_name=STUDY, storage=storage, direction="maximize")
        for number in range(len(read_points(points_file))):
            study.enqueue_trial({"point": number})
        spawn = multiprocessing.get_context("spawn")
        given = (data_file, points_file, storage)
        processes = [spawn.Process(target=work, args=given) for _ in range(PROCESSES)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        done = study.get_trials(states=(optuna.trial.TrialState.COMPLETE,))
        print(f"{len(done)} trials")


if __name__ == "__main__":
    main(*sys.argv[1:])
