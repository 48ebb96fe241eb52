"""A free check of determinism: an epoch that two attempts trained should have the same numbers."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select, update

from cifar_model.objective import reported_in
from runner.store.lifecycle.attempts import AttemptKey
from runner.store.lifecycle.events import record_event
from runner.store.schema import Epoch, Job


def compare(connection: Connection, key: AttemptKey, epoch: Mapping[str, Any]) -> None:
    """Compare an epoch with what an earlier attempt reported of it, before it is replaced.

    Other numbers on the same machine mark the job for good. On another machine they may differ:
    then it is only noted that the epoch was trained again there.
    """
    earlier = (
        connection.execute(
            select(Epoch.__table__).where(Epoch.job_id == key.job_id, Epoch.epoch == epoch["epoch"])
        )
        .mappings()
        .one_or_none()
    )
    if earlier is None:
        return
    # How long it took is no result.
    first, second = reported_in(dict(earlier)), reported_in(epoch)
    same_rule = earlier["loss_rule"] == epoch["loss_rule"]
    compared = [name for name in {**first, **second} if same_rule or name != "val_loss"]
    if earlier["fingerprint"] != epoch["fingerprint"]:
        detail = (
            f"epoch {epoch['epoch']}: attempt {earlier['attempt']} trained it on "
            f"{earlier['fingerprint']}, attempt {key.number} on {epoch['fingerprint']}"
        )
        record_event(
            connection,
            [key.job_id],
            "trained again on another machine",
            attempt=key.number,
            detail=detail,
        )
    elif differences := [name for name in compared if first.get(name) != second.get(name)]:
        numbers = ", ".join(
            f"{name} {first.get(name)!r} -> {second.get(name)!r}" for name in differences
        )
        detail = f"epoch {epoch['epoch']}, attempts {earlier['attempt']} -> {key.number}: {numbers}"
        record_event(
            connection, [key.job_id], "not reproducible", attempt=key.number, detail=detail
        )
        connection.execute(
            update(Job)
            # The first difference is the one to look at: what follows follows from it.
            .where(Job.id == key.job_id, Job.not_reproducible.is_(None))
            .values(not_reproducible=detail)
        )
