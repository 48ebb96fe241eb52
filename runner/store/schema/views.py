"""The views that `runner sql` documents: stable names over the tables, the same on both databases.

A column has the name and the value of the field of a report's JSON.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    Dialect,
    Join,
    Select,
    and_,
    case,
    func,
    select,
    text,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import String

from cifar_model.networks.network import PAPER
from cifar_model.params import DEFAULTS, ParamValue
from runner.states import Kind
from runner.store.schema.base import UtcDateTime
from runner.store.schema.life import of_last_epoch
from runner.store.schema.results import Epoch, Evaluation, Explanation, Trial
from runner.store.schema.trained import EPOCHS, PARAMS, SEED
from runner.store.schema.work import Attempt, Experiment, Job, Worker

Column = ColumnElement[Any]


class moment(FunctionElement[Any]):  # noqa: N801 (a SQL function)
    """A time as reports write it; PostgreSQL has a type for it, SQLite has text."""

    type = UtcDateTime()
    inherit_cache = True


@compiles(moment, "sqlite")
def _moment_sqlite(element: moment, compiler: SQLCompiler, **options: Any) -> str:
    stored = compiler.process(element.clauses, **options)
    return f"replace(substr({stored}, 1, 23), ' ', 'T') || '+00:00'"


@compiles(moment, "postgresql")
def _moment_postgresql(element: moment, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


class with_epochs(FunctionElement[Any]):  # noqa: N801 (a SQL function)
    """Params with another number of epochs."""

    type = JSON()
    inherit_cache = True


@compiles(with_epochs, "sqlite")
def _with_epochs_sqlite(element: with_epochs, compiler: SQLCompiler, **options: Any) -> str:
    params, epochs = (compiler.process(clause, **options) for clause in element.clauses)
    return f"json_set({params}, '$.epochs', {epochs})"


@compiles(with_epochs, "postgresql")
def _with_epochs_postgresql(element: with_epochs, compiler: SQLCompiler, **options: Any) -> str:
    params, epochs = (compiler.process(clause, **options) for clause in element.clauses)
    return f"jsonb_set(({params})::jsonb, '{{epochs}}', to_jsonb({epochs}))::json"


class class_of(FunctionElement[str]):  # noqa: N801 (a SQL function)
    """The name of a class by its label, in the data set of an experiment's configuration."""

    type = String()
    inherit_cache = True


@compiles(class_of, "sqlite")
def _class_of_sqlite(element: class_of, compiler: SQLCompiler, **options: Any) -> str:
    configuration, label = (compiler.process(clause, **options) for clause in element.clauses)
    return f"json_extract({configuration}, '$.dataset.classes[' || {label} || ']')"


@compiles(class_of, "postgresql")
def _class_of_postgresql(element: class_of, compiler: SQLCompiler, **options: Any) -> str:
    configuration, label = (compiler.process(clause, **options) for clause in element.clauses)
    return f"({configuration} -> 'dataset' -> 'classes' ->> {label})"


class InOrder(Join):
    """A join whose left side SQLite reads row by row, and does not store first."""

    inherit_cache = True


@compiles(InOrder, "sqlite")
def _in_order_sqlite(element: InOrder, compiler: SQLCompiler, **options: Any) -> str:
    left, right, condition = (
        compiler.process(part, **options)
        for part in (element.left, element.right, element.onclause)
        if part is not None
    )
    return f"{left} CROSS JOIN {right} ON {condition}"


# Counted for those only that have not ended.
TRAINED_EPOCHS = func.coalesce(
    Trial.epochs,
    select(func.count()).where(Epoch.job_id == Job.id).correlate(Job).scalar_subquery(),
)

# Any: SQLAlchemy's types say what each column holds, and these are of many kinds.
NUMBERS: tuple[Any, ...] = (
    Experiment.id.label("experiment"),
    Trial.id.label("trial"),
    Job.id.label("job"),
    Job.number,
)
ABOUT: tuple[Any, ...] = (
    Experiment.name.label("experiment_name"),
    Experiment.kind,
    Job.state,
    Experiment.configuration[("dataset", "title")].as_string().label("dataset"),
    Experiment.configuration[("dataset", "fingerprint")].as_string().label("data_fingerprint"),
)
# Of the newest attempt at the job.
MACHINE: tuple[Any, ...] = (Attempt.worker, Worker.host, Worker.device)
TIMES: tuple[Any, ...] = (
    moment(Experiment.created_at).label("created_at"),
    moment(Attempt.started_at).label("started_at"),
    moment(Job.ended_at).label("ended_at"),
    moment(Experiment.archived_at).label("archived_at"),
)


NETWORK_NAME = func.coalesce(
    Trial.network["name"].as_string(),
    Experiment.configuration[("network", "name")].as_string(),
    PAPER.name,
)
IS_PAPER = NETWORK_NAME.in_([PAPER.name])
# A trial's, or the one that its job will train.
NETWORKS: tuple[Any, ...] = (
    NETWORK_NAME.label("network"),
    func.coalesce(
        Trial.network["code"].as_string(),
        Experiment.configuration[("network", "code")].as_string(),
    ).label("code"),
)


def _param(name: str, default: ParamValue) -> Column:
    """Return a param, with its default where it was not given."""
    given = PARAMS[name]
    match default:
        case bool():
            value: Column = given.as_boolean()
        case str():
            value = given.as_string()
        case int():
            value = given.as_integer()
        case _:
            value = given.as_float()
    asked = [EPOCHS] if name == "epochs" else []
    known: Column = func.coalesce(*asked, value, default)
    if name in dict(PAPER.parameters):
        # Only the paper's network has it by default.
        known = case((IS_PAPER, known), else_=value)
    return known.label(name)


def _params() -> Iterator[Column]:
    """Yield a column for each param, and one with those that were given."""
    own = func.coalesce(PARAMS["epochs"].as_integer(), DEFAULTS["epochs"])
    changed = and_(EPOCHS.is_not(None), own != EPOCHS)
    yield case((changed, with_epochs(PARAMS, EPOCHS)), else_=PARAMS).label("params")
    for name, default in DEFAULTS.items():
        yield _param(name, default)
    yield from NETWORKS


def _with_machine(query: Select[Any]) -> Select[Any]:
    newest = and_(Attempt.job_id == Job.id, Attempt.number == Job.attempts)
    return query.outerjoin(Attempt, newest).outerjoin(Worker, Worker.name == Attempt.worker)


def _trials() -> Select[Any]:
    query: Select[Any] = select(
        *NUMBERS,
        Trial.val_accuracy,
        Trial.val_loss,
        Trial.accuracy,
        Trial.loss,
        Trial.best_val_accuracy,
        Trial.best_epoch,
        Trial.objective,
        Trial.metrics,
        TRAINED_EPOCHS.label("trained_epochs"),
        Trial.ended_by,
        Trial.reused,
        Trial.seconds,
        *_params(),
        SEED.label("seed"),
        *ABOUT,
        *(
            Experiment.configuration[("dataset", "images", split)].as_integer().label(name)
            for name, split in {"train_images": "train", "val_images": "validation"}.items()
        ),
        Trial.loss_rule,
        Job.attempts,
        Job.reason,
        Job.not_reproducible,
        Trial.fingerprint,
        Trial.model,
        *MACHINE,
        *TIMES,
    )
    query = query.select_from(Job).join(Experiment, Experiment.id == Job.experiment_id)
    query = _with_machine(query.outerjoin(Trial, Trial.job_id == Job.id))
    return query.where(Experiment.kind.in_((Kind.TRAIN, Kind.TUNE)))


def _epochs() -> Select[Any]:
    about_job = select(*NUMBERS, *_params(), SEED.label("seed"), *ABOUT).select_from(Job)
    about_job = about_job.join(Experiment, Experiment.id == Job.experiment_id)
    about_job = about_job.outerjoin(Trial, Trial.job_id == Job.id)
    # SQLite would put a subquery without groups into the query around it. There a question such as
    # GROUP BY optimizer sorts the JSON of the params with every epoch.
    jobs = about_job.suffix_with(text("GROUP BY jobs.id"), dialect="sqlite").subquery("of_jobs")
    columns = list(jobs.c)
    query: Select[Any] = select(
        *columns[: len(NUMBERS)],
        Epoch.epoch,
        Epoch.val_accuracy,
        Epoch.val_loss,
        Epoch.accuracy,
        Epoch.loss,
        Epoch.metrics,
        Epoch.seconds,
        *columns[len(NUMBERS) :],
        Epoch.loss_rule,
        Epoch.fingerprint,
    )
    return query.select_from(InOrder(jobs, Epoch.__table__, jobs.c.job == Epoch.job_id))


def _evaluations() -> Select[Any]:
    query: Select[Any] = select(
        Evaluation.id.label("evaluation"),
        *NUMBERS,
        Evaluation.split,
        Evaluation.fold,
        Evaluation.images,
        Evaluation.accuracy,
        Evaluation.loss,
        Evaluation.log_loss,
        Evaluation.talos_f1,
        Evaluation.keras_loss,
        Evaluation.keras_accuracy,
        *_params(),
        Trial.seed.label("trial_seed"),
        *ABOUT,
        Evaluation.loss_rule,
        Evaluation.classes,
        *MACHINE,
        *TIMES,
    )
    return _of_trial(query, Evaluation)


def _explanations() -> Select[Any]:
    names = {
        "class": Explanation.label,
        "true_class": Explanation.true_label,
        "predicted_class": Explanation.predicted_label,
        "other_class": Explanation.other_label,
    }
    query: Select[Any] = select(
        Explanation.id.label("explanation"),
        *NUMBERS,
        Explanation.image,
        Explanation.label,
        *(class_of(Experiment.configuration, label).label(name) for name, label in names.items()),
        Explanation.probability,
        Explanation.verdict,
        Explanation.reason,
        Explanation.rules,
        Explanation.method,
        Explanation.segmentation,
        Explanation.samples,
        Explanation.seed,
        Explanation.superpixels,
        Explanation.r2,
        Explanation.intercept,
        Explanation.stability,
        Explanation.largest_share,
        Explanation.weight_range,
        Explanation.removed,
        Explanation.removed_random,
        Explanation.contrast,
        Explanation.contrast_other,
        Explanation.contrast_random,
        Explanation.contrast_other_random,
        Explanation.deletion_area,
        Explanation.insertion_area,
        Explanation.normalised,
        *_params(),
        Trial.seed.label("trial_seed"),
        *ABOUT,
        Explanation.picture,
        Explanation.segments,
        *MACHINE,
        *TIMES,
    )
    return _of_trial(query, Explanation).where(of_last_epoch())


def _of_trial(query: Select[Any], table: type[Evaluation | Explanation]) -> Select[Any]:
    query = query.select_from(table).join(Job, Job.id == table.job_id)
    query = query.join(Experiment, Experiment.id == Job.experiment_id)
    return _with_machine(query.join(Trial, Trial.id == table.trial_id))


VIEWS: Mapping[str, Select[Any]] = {
    "v_trials": _trials(),
    "v_epochs": _epochs(),
    "v_evaluations": _evaluations(),
    "v_explanations": _explanations(),
}


def columns_of_view(view: str) -> list[str]:
    """Return the names of a view's columns."""
    return list(VIEWS[view].selected_columns.keys())


def drop_views(connection: Connection) -> None:
    """Drop the views that are there, of whatever version."""
    for view in VIEWS:
        connection.execute(text(f"DROP VIEW IF EXISTS {view}"))


def create_views(connection: Connection) -> None:
    """Make every view."""
    for view, query in VIEWS.items():
        connection.exec_driver_sql(f"CREATE VIEW {view} AS {_sql(query, connection.dialect)}")


def _sql(query: Select[Any], dialect: Dialect) -> str:
    return str(query.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
