"""The first schema."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

MOMENT = sa.DateTime(timezone=True)


def finite(name: str, *columns: str) -> sa.CheckConstraint:
    """Refuse infinity and NaN."""
    largest = "1.7976931348623157e308"
    condition = " AND ".join(f"abs({column}) <= {largest}" for column in columns)
    return sa.CheckConstraint(condition, name=name)


def only_where(condition: str) -> dict[str, Any]:
    """Keep only some rows in an index."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    """Make every table."""
    op.create_table(
        "artifacts",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_artifacts"),
    )

    op.create_table(
        "experiments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("configuration", sa.JSON(), nullable=False),
        sa.Column("provenance", sa.JSON(), nullable=False),
        sa.Column("submission_key", sa.String(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("paused_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "kind IN ('train', 'tune', 'evaluate', 'explain')", name="ck_experiments_kind"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_experiments"),
        sa.UniqueConstraint("submission_key", name="uq_experiments_submission_key"),
    )

    op.create_table(
        "workers",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("process_started", sa.String(), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.Column("stopped_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_workers"),
    )
    op.create_index("ix_workers_going", "workers", ["seen_at"], **only_where("stopped_at IS NULL"))

    op.create_table(
        "jobs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("experiment_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("configuration", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lost", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("enqueued_at", MOMENT, nullable=True),
        sa.Column("cancel_requested_at", MOMENT, nullable=True),
        sa.Column("not_reproducible", sa.String(), nullable=True),
        sa.Column("any_machine", sa.Boolean(), nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "(state IN ('succeeded', 'failed', 'cancelled')) = (ended_at IS NOT NULL)",
            name="ck_jobs_ended",
        ),
        sa.CheckConstraint(
            "state IN ('pending', 'running', 'succeeded', 'failed', 'cancelled')",
            name="ck_jobs_state",
        ),
        sa.CheckConstraint("lost >= 0 AND lost <= attempts", name="ck_jobs_lost"),
        sa.ForeignKeyConstraint(
            ["experiment_id"], ["experiments.id"], name="fk_jobs_experiment_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
        sa.UniqueConstraint("experiment_id", "number", name="uq_jobs_experiment_id_number"),
    )
    op.create_index("ix_jobs_experiment_id_state", "jobs", ["experiment_id", "state"])
    op.create_index(
        "ix_jobs_pending", "jobs", ["enqueued_at", "id"], **only_where("state = 'pending'")
    )

    op.create_table(
        "attempts",
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("worker", sa.String(), nullable=False),
        sa.Column("heartbeats", sa.Integer(), nullable=False),
        sa.Column("heartbeat_at", MOMENT, nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.CheckConstraint("(state = 'running') = (ended_at IS NULL)", name="ck_attempts_ended"),
        sa.CheckConstraint(
            "state IN ('running', 'succeeded', 'failed', 'lost', 'released', 'cancelled')",
            name="ck_attempts_state",
        ),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_attempts_job_id"),
        sa.ForeignKeyConstraint(["worker"], ["workers.name"], name="fk_attempts_worker"),
        sa.PrimaryKeyConstraint("job_id", "number", name="pk_attempts"),
    )
    op.create_index(
        "uq_attempts_open", "attempts", ["job_id"], unique=True, **only_where("state = 'running'")
    )

    op.create_table(
        "events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_events_job_id"),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
    )
    op.create_index("ix_events_job_id", "events", ["job_id"])

    op.create_table(
        "trials",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("dataset", sa.JSON(), nullable=False),
        sa.Column("epochs", sa.Integer(), nullable=False),
        sa.Column("best_epoch", sa.Integer(), nullable=False),
        sa.Column("loss", sa.Double(), nullable=False),
        sa.Column("accuracy", sa.Double(), nullable=False),
        sa.Column("val_loss", sa.Double(), nullable=False),
        sa.Column("val_accuracy", sa.Double(), nullable=False),
        sa.Column("best_val_accuracy", sa.Double(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        finite(
            "ck_trials_finite",
            "loss",
            "accuracy",
            "val_loss",
            "val_accuracy",
            "best_val_accuracy",
            "seconds",
        ),
        sa.CheckConstraint("best_epoch >= 1 AND best_epoch <= epochs", name="ck_trials_best_epoch"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_trials_job_id"),
        sa.ForeignKeyConstraint(["model"], ["artifacts.sha256"], name="fk_trials_model"),
        sa.PrimaryKeyConstraint("id", name="pk_trials"),
        sa.UniqueConstraint("job_id", name="uq_trials_job_id"),
    )
    op.create_index("ix_trials_val_accuracy", "trials", ["val_accuracy"])

    op.create_table(
        "activations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("trial_id", sa.Integer(), nullable=False),
        sa.Column("image", sa.Integer(), nullable=False),
        sa.Column("layer", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("shape", sa.JSON(), nullable=False),
        sa.Column("output", sa.String(), nullable=False),
        sa.Column("channels", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_activations_job_id"),
        sa.ForeignKeyConstraint(["output"], ["artifacts.sha256"], name="fk_activations_output"),
        sa.ForeignKeyConstraint(["trial_id"], ["trials.id"], name="fk_activations_trial_id"),
        sa.PrimaryKeyConstraint("id", name="pk_activations"),
        sa.UniqueConstraint("job_id", "image", "layer", name="uq_activations_job_id_image_layer"),
    )
    op.create_index("ix_activations_trial_id", "activations", ["trial_id"])

    op.create_table(
        "checkpoints",
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id", "attempt"],
            ["attempts.job_id", "attempts.number"],
            name="fk_checkpoints_job_id_attempt",
        ),
        sa.PrimaryKeyConstraint("job_id", "epoch", name="pk_checkpoints"),
    )

    op.create_table(
        "epochs",
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("loss", sa.Double(), nullable=False),
        sa.Column("accuracy", sa.Double(), nullable=False),
        sa.Column("val_loss", sa.Double(), nullable=False),
        sa.Column("val_accuracy", sa.Double(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        finite("ck_epochs_finite", "loss", "accuracy", "val_loss", "val_accuracy", "seconds"),
        sa.CheckConstraint("epoch >= 1", name="ck_epochs_epoch"),
        sa.ForeignKeyConstraint(
            ["job_id", "attempt"],
            ["attempts.job_id", "attempts.number"],
            name="fk_epochs_job_id_attempt",
        ),
        sa.PrimaryKeyConstraint("job_id", "epoch", name="pk_epochs"),
    )

    op.create_table(
        "evaluations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("trial_id", sa.Integer(), nullable=False),
        sa.Column("split", sa.String(), nullable=False),
        sa.Column("images", sa.Integer(), nullable=False),
        sa.Column("loss", sa.Double(), nullable=False),
        sa.Column("accuracy", sa.Double(), nullable=False),
        sa.Column("log_loss", sa.Double(), nullable=False),
        sa.Column("classes", sa.JSON(), nullable=False),
        sa.Column("predictions", sa.String(), nullable=False),
        sa.Column("labels", sa.String(), nullable=False),
        sa.Column("fold", sa.Integer(), nullable=True),
        sa.Column("talos_f1", sa.Double(), nullable=True),
        sa.CheckConstraint("(fold IS NULL) = (talos_f1 IS NULL)", name="ck_evaluations_fold"),
        sa.CheckConstraint("split IN ('train', 'validation', 'test')", name="ck_evaluations_split"),
        finite("ck_evaluations_finite", "loss", "accuracy", "log_loss"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_evaluations_job_id"),
        sa.ForeignKeyConstraint(["labels"], ["artifacts.sha256"], name="fk_evaluations_labels"),
        sa.ForeignKeyConstraint(
            ["predictions"], ["artifacts.sha256"], name="fk_evaluations_predictions"
        ),
        sa.ForeignKeyConstraint(["trial_id"], ["trials.id"], name="fk_evaluations_trial_id"),
        sa.PrimaryKeyConstraint("id", name="pk_evaluations"),
        sa.UniqueConstraint("job_id", "split", name="uq_evaluations_job_id_split"),
    )
    op.create_index("ix_evaluations_trial_id", "evaluations", ["trial_id"])

    op.create_table(
        "explanations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("trial_id", sa.Integer(), nullable=False),
        sa.Column("image", sa.Integer(), nullable=False),
        sa.Column("label", sa.Integer(), nullable=False),
        sa.Column("true_label", sa.Integer(), nullable=False),
        sa.Column("predicted_label", sa.Integer(), nullable=False),
        sa.Column("probability", sa.Double(), nullable=False),
        sa.Column("normalised", sa.Boolean(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("segmentation", sa.String(), nullable=False),
        sa.Column("samples", sa.Integer(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("superpixels", sa.Integer(), nullable=False),
        sa.Column("weights", sa.LargeBinary(), nullable=False),
        sa.Column("intercept", sa.Double(), nullable=True),
        sa.Column("r2", sa.Double(), nullable=True),
        sa.Column("largest_share", sa.Double(), nullable=False),
        sa.Column("weight_range", sa.Double(), nullable=False),
        sa.Column("stability", sa.Double(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("removed", sa.Double(), nullable=True),
        sa.Column("removed_random", sa.Double(), nullable=True),
        sa.Column("other_label", sa.Integer(), nullable=True),
        sa.Column("contrast", sa.Double(), nullable=True),
        sa.Column("contrast_other", sa.Double(), nullable=True),
        sa.Column("contrast_random", sa.Double(), nullable=True),
        sa.Column("contrast_other_random", sa.Double(), nullable=True),
        sa.Column("deletion_area", sa.Double(), nullable=True),
        sa.Column("insertion_area", sa.Double(), nullable=True),
        sa.Column("curves", sa.LargeBinary(), nullable=True),
        sa.Column("coarse_mask", sa.LargeBinary(), nullable=True),
        sa.Column("segments", sa.String(), nullable=False),
        sa.Column("picture", sa.String(), nullable=True),
        sa.CheckConstraint(
            "method IN ('lime', 'occlusion', 'gradcam', 'gradients')",
            name="ck_explanations_method",
        ),
        sa.CheckConstraint(
            "segmentation IN ('small', 'stock')", name="ck_explanations_segmentation"
        ),
        sa.CheckConstraint("verdict IN ('sound', 'weak', 'void')", name="ck_explanations_verdict"),
        finite(
            "ck_explanations_finite",
            *("probability", "intercept", "r2", "largest_share", "weight_range", "stability"),
            *("removed", "removed_random", "contrast", "contrast_other"),
            *("contrast_random", "contrast_other_random", "deletion_area", "insertion_area"),
        ),
        sa.CheckConstraint(
            "verdict <> 'void' OR (removed IS NULL AND contrast IS NULL AND curves IS NULL"
            " AND coarse_mask IS NULL)",
            name="ck_explanations_void",
        ),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_explanations_job_id"),
        sa.ForeignKeyConstraint(["picture"], ["artifacts.sha256"], name="fk_explanations_picture"),
        sa.ForeignKeyConstraint(
            ["segments"], ["artifacts.sha256"], name="fk_explanations_segments"
        ),
        sa.ForeignKeyConstraint(["trial_id"], ["trials.id"], name="fk_explanations_trial_id"),
        sa.PrimaryKeyConstraint("id", name="pk_explanations"),
        sa.UniqueConstraint("job_id", "image", "label", name="uq_explanations_job_id_image_label"),
    )
    op.create_index("ix_explanations_trial_id", "explanations", ["trial_id"])

    op.create_table(
        "confusion",
        sa.Column("evaluation_id", sa.Integer(), nullable=False),
        sa.Column("true_label", sa.Integer(), nullable=False),
        sa.Column("predicted_label", sa.Integer(), nullable=False),
        sa.Column("images", sa.Integer(), nullable=False),
        sa.CheckConstraint("images >= 1", name="ck_confusion_images"),
        sa.ForeignKeyConstraint(
            ["evaluation_id"], ["evaluations.id"], name="fk_confusion_evaluation_id"
        ),
        sa.PrimaryKeyConstraint(
            "evaluation_id", "true_label", "predicted_label", name="pk_confusion"
        ),
    )
