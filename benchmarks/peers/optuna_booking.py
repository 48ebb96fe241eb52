"""Trials of Optuna without training: one param, one value; prints the milliseconds of a trial.

python -m benchmarks.peers.optuna_booking URL TRIALS PROCESSES
"""

import multiprocessing
import sys

import optuna

STUDY = "booking"


def work(url: str, trials: int) -> None:
    """End so many trials."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = optuna.samplers.RandomSampler(seed=0)
    study = optuna.load_study(study_name=STUDY, storage=url, sampler=sampler)
    study.optimize(objective, n_trials=trials)


def objective(trial: optuna.Trial) -> float:
    """Report one epoch, as the trainer of this project does."""
    trial.suggest_float("x", 0, 1)
    trial.report(0.5, 1)
    return 0.5


def main(url: str, trials: str, processes: str) -> None:
    """Let the processes end the trials, and read when the first began and the last ended."""
    study = optuna.create_study(study_name=STUDY, storage=url, direction="maximize")
    spawn = multiprocessing.get_context("spawn")
    share = int(trials) // int(processes)
    workers = [spawn.Process(target=work, args=(url, share)) for _ in range(int(processes))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    done = study.get_trials(states=(optuna.trial.TrialState.COMPLETE,))
    starts = [trial.datetime_start for trial in done if trial.datetime_start]
    ends = [trial.datetime_complete for trial in done if trial.datetime_complete]
    assert len(ends) == share * int(processes)
    print(1000 * (max(ends) - min(starts)).total_seconds() / len(ends))


if __name__ == "__main__":
    main(*sys.argv[1:])
