"""Query what later submissions added to an experiment."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from runner.specs import Configuration, Provenance
from runner.store.schema import Submission


@dataclass(frozen=True, slots=True)
class SubmissionRow:
    """A later submission; its jobs have the numbers from `first_job` on."""

    number: int
    configuration: Configuration
    provenance: Provenance
    first_job: int
    jobs: int
    created_at: datetime


def submissions(connection: Connection, experiment: int) -> list[SubmissionRow]:
    """Return the submissions that added jobs to an experiment, in their order."""
    query = (
        select(Submission.__table__)
        .where(Submission.experiment_id == experiment)
        .order_by(Submission.number)
    )
    return [
        SubmissionRow(
            number=row.number,
            configuration=Configuration(row.configuration),
            provenance=Provenance(row.provenance),
            first_job=row.first_job,
            jobs=row.jobs,
            created_at=row.created_at,
        )
        for row in connection.execute(query)
    ]
