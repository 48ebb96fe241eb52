"""The epochs of trials as TensorBoard event files: a run for each trial, with its params.

TensorBoard's writer imports TensorFlow if it is installed. The modules used here do not.
"""

import io
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from cifar_model.objective import reported, score
from runner.reports.formats.extras import needed
from runner.reports.records import Trial
from runner.reports.stats.ranking import effective_of


def event_files(trials: Sequence[Trial], submitted: datetime) -> Iterator[tuple[Path, bytes]]:
    """Yield the path and the content of an event file for each trial that has epochs.

    The time of an epoch is the time of submission plus the seconds of training up to it.
    """
    start = submitted.timestamp()
    for trial in trials:
        if trial.epochs:
            run = f"job-{trial.job}" if trial.trial is None else f"trial-{trial.trial}"
            # The name is always the same, so that a second export replaces the run.
            yield Path(run, f"events.out.tfevents.{int(start)}.runner"), _file(trial, start)


def _file(trial: Trial, start: float) -> bytes:
    proto, writer, hparams = (
        needed(f"tensorboard.{module}", "tensorboard", "tensorboard")
        for module in (
            "compat.proto.event_pb2",
            "summary.writer.record_writer",
            "plugins.hparams.summary_v2",
        )
    )
    content = io.BytesIO()
    records = writer.RecordWriter(content)

    def write(at: float, **fields: Any) -> None:
        records.write(proto.Event(wall_time=at, **fields).SerializeToString())

    write(start, file_version="brain.Event:2")
    params = hparams.hparams_pb(effective_of(trial), start_time_secs=start)
    write(start, summary=params)
    at = start
    for epoch in trial.epochs:
        at += epoch.seconds
        found = {name: score(epoch, name) for name in reported([epoch])}
        scores = [{"tag": name, "simple_value": value} for name, value in found.items()]
        write(at, step=epoch.epoch, summary={"value": scores})
    return content.getvalue()
