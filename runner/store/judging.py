"""Judge stored explanations again by the newest rules, from the measurements that are stored."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, RowMapping, bindparam, select, update

from cifar_model.explanation.integrity import judge as judge_fit
from cifar_model.explanation.verdict import RULES, judge
from cifar_model.results import Checks, Evidence, Integrity
from runner.errors import InputError
from runner.store.engine import Store
from runner.store.queries.experiments import experiment
from runner.store.schema import Explanation, Job

# Two measurements of the first rules have no column, and they decide only whether an explanation is
# void: of one that is not, they are above every limit.
LARGE = 1.0

# Evidence of earlier versions has no such key; later ones have it even without a value.
NEEDED = "similar_chance"

# What the rules look at.
COLUMNS = (
    *("id", "verdict", "evidence", "superpixels", "largest_share", "weight_range", "r2"),
    *("stability", "probability", "removed", "removed_random"),
)

NEW: dict[str, BindParameter[Any]] = {
    "verdict": bindparam("new_verdict"),
    "reason": bindparam("new_reason"),
    "rules": bindparam("new_rules"),
}


@dataclass(frozen=True, slots=True)
class Judged:
    """How many explanations were judged again, how many verdicts changed, and how many were kept.

    Those without the evidence that the newest rules need keep their verdict: void ones, and those
    of earlier versions.
    """

    experiment: int
    rules: int
    judged: int
    changed: int
    kept: int


def judge_again(store: Store, experiment_id: int) -> Judged:
    """Judge the explanations of an experiment again; raise InputError if it has none."""
    kind = experiment(store, experiment_id).kind
    query = (
        select(*(getattr(Explanation, name) for name in COLUMNS))
        .join(Job, Job.id == Explanation.job_id)
        .where(Job.experiment_id == experiment_id)
    )
    with store.write() as connection:
        rows = connection.execute(query).mappings().all()
        if not rows:
            raise InputError(
                f"experiment {experiment_id} ({kind}) has no explanations",
                "an experiment that has explained images",
                "see `runner status` for the experiments",
            )
        measured = [row for row in rows if row["evidence"] and NEEDED in row["evidence"]]
        found = [_judged(row) for row in measured]
        if found:
            again = update(Explanation).where(Explanation.id == bindparam("row"))
            connection.execute(again.values(NEW), found)
    changed = sum(
        row["verdict"] != new["new_verdict"] for row, new in zip(measured, found, strict=True)
    )
    return Judged(experiment_id, RULES, len(found), changed, len(rows) - len(found))


def _judged(row: RowMapping) -> dict[str, Any]:
    """Return the new verdict of a row."""
    integrity = Integrity(
        superpixels=row["superpixels"],
        largest_share=row["largest_share"],
        weight_range=row["weight_range"],
        r2=row["r2"],
        stability=row["stability"],
        spread=LARGE,
        strongest=LARGE,
        one_colour=False,
    )
    evidence = Evidence(**row["evidence"])
    checks = Checks(removed=row["removed"], removed_random=row["removed_random"])
    verdict, reason = judge(judge_fit(integrity), row["probability"], checks, evidence)
    return {"row": row["id"], "new_verdict": verdict, "new_reason": reason, "new_rules": RULES}
