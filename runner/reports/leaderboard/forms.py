"""A leaderboard in each form of a report."""

from shlex import quote
from typing import Any

from runner.reports.captions import captioned
from runner.reports.formats.spreadsheet import PARAMS, as_csv, share_of
from runner.reports.leaderboard.view import leaderboard_parts, leaderboard_title, titled_leaderboard
from runner.reports.model import Picture
from runner.reports.output import (
    ALWAYS_WRITTEN,
    EXPORTS,
    Place,
    Produced,
    as_json,
    deliver,
    render_parts,
    save_pictures,
)
from runner.store.queries.leaderboard import METRICS, SMALLER_IS_BETTER

INTERVAL = ("val_accuracy_low", "val_accuracy_high")
ORIGIN = ("experiment", "trial", "job", "number", "seed", "dataset", "data_fingerprint")
NAMES = ("rank", *ORIGIN, *METRICS, *INTERVAL, "loss_rule", "noise")


def produce_leaderboard(document: dict[str, Any], form: str, place: Place) -> Produced:
    """Write a leaderboard to its place, or return it for stdout."""
    if form in EXPORTS:
        from runner.reports.exports import export_rows

        about = {name: document[name] for name in ("datasets", "commands", "by", "where")}
        out = place.out or place.pictures / ALWAYS_WRITTEN[form]
        return export_rows(_rows(document), (*NAMES, *PARAMS), about, out)
    pictures = _draw(document) if form in ("markdown", "html") else []
    saved = save_pictures(pictures, place.pictures) if form == "markdown" else {}
    files = [*saved.values(), *([str(place.out)] if place.out else [])]
    document = document | {"files": files}
    if form == "json":
        text = as_json(document)
    elif form == "csv":
        text = as_csv(_rows(document), (*NAMES, *PARAMS))
    else:
        parts = [*leaderboard_parts(document), *pictures]
        text = render_parts(leaderboard_title(document), parts, form, place)
    return deliver(text, files, place)


def _draw(document: dict[str, Any]) -> list[Picture]:
    from runner.reports.figures.parallel import draw_parallel

    by = document["by"]
    title = titled_leaderboard(document, f"Trials through what differs to {by}")
    drawn = draw_parallel(title, document["trials"], by, smaller_is_better=by in SMALLER_IS_BETTER)
    commands = "; ".join(row["command"] for row in document["commands"])
    caption = f"Made by: {commands} \N{MIDDLE DOT} drawn by: {_command(document)}"
    return captioned([drawn], caption) if drawn else []


def _command(document: dict[str, Any]) -> str:
    """Return the command that makes this leaderboard again."""
    numbers = " ".join(map(str, document["experiments"]))
    where = "".join(f" --where {quote(condition)}" for condition in document["where"])
    return f"runner report {numbers} --top {document['top']} --by {document['by']}{where}"


def _rows(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [_row(trial) for trial in document["trials"]]


def _row(trial: dict[str, Any]) -> dict[str, Any]:
    low, high = trial["val_accuracy_interval"]
    measured = {
        "accuracy": share_of(trial["accuracy"], trial["train_images"]),
        "val_accuracy_low": low,
        "val_accuracy_high": high,
    }
    row = trial | trial["params"] | measured
    return {name: row[name] for name in (*NAMES, *PARAMS)}
