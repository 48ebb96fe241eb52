"""What the live page asks for, done as the command line does it."""

import io
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from runner.api.delivery import send_saved
from runner.api.home import Home
from runner.api.live.control import cancelled_text, paused_text, resumed_text, retried_text
from runner.api.submit import AnyRequest, EvaluateRequest, ExplainRequest
from runner.api.submitting import submit
from runner.bundle.exporting import export_bundle
from runner.settings import Settings
from runner.store.engine import Store
from runner.store.lifecycle import control
from runner.store.lifecycle.control import Target
from runner.ui.services import Action


def bundle_archive(store: Store, trial: int) -> bytes:
    """Return what `runner export` writes for a trial, as a zip archive."""
    written = io.BytesIO()
    with tempfile.TemporaryDirectory(prefix="runner-ui-") as place:
        directory = Path(place) / f"trial-{trial}"
        names = export_bundle(store, trial, directory)
        with zipfile.ZipFile(written, "w") as archive:
            for name in names:
                archive.write(directory / name, f"{directory.name}/{name}")
    return written.getvalue()


def page_action(settings: Settings) -> Action:
    """Return the function that does what a reader of the page asks for and says what it did."""

    def act(store: Store, what: str, numbers: tuple[int, ...]) -> str:
        return ACTIONS[what](settings, store, numbers)

    return act


def _cancel(settings: Settings, store: Store, target: Target) -> str:
    return cancelled_text(settings, target, control.cancel(store, target))


def _retry(settings: Settings, store: Store, target: Target) -> str:
    jobs = control.retry(store, target)
    return _sent(settings, store, retried_text(target, jobs), needed=bool(jobs))


def _pause(_: Settings, store: Store, numbers: tuple[int, ...]) -> str:
    return paused_text(numbers[0], control.pause(store, numbers[0]))


def _resume(settings: Settings, store: Store, numbers: tuple[int, ...]) -> str:
    done = control.resume(store, numbers[0])
    return _sent(settings, store, resumed_text(numbers[0], done), needed=done.changed)


def _sent(settings: Settings, store: Store, text: str, *, needed: bool) -> str:
    """Send what is pending; return the text and what keeps it from being worked on."""
    notes = send_saved(settings, store) if needed else []
    return "\n".join([text, *(note.text for note in notes)])


def _evaluate(settings: Settings, _: Store, numbers: tuple[int, ...]) -> str:
    return _submitted(settings, EvaluateRequest(trial=numbers[0], split="test"))


def _explain(settings: Settings, _: Store, numbers: tuple[int, ...]) -> str:
    trial, image = numbers
    return _submitted(settings, ExplainRequest(trial=trial, images=[image]))


def _submitted(settings: Settings, request: AnyRequest) -> str:
    """Return which experiment was submitted, with the warnings about it."""
    experiment, notes = submit(Home(settings), request)
    warned = [note.text for note in notes if note.warning]
    return "\n".join([str(experiment).strip("<>"), *warned])


ACTIONS: dict[str, Callable[[Settings, Store, tuple[int, ...]], str]] = {
    "cancel": lambda settings, store, of: _cancel(settings, store, Target(experiment=of[0])),
    "cancel job": lambda settings, store, of: _cancel(settings, store, Target(job=of[0])),
    "retry": lambda settings, store, of: _retry(settings, store, Target(experiment=of[0])),
    "retry job": lambda settings, store, of: _retry(settings, store, Target(job=of[0])),
    "pause": _pause,
    "resume": _resume,
    "evaluate": _evaluate,
    "explain": _explain,
}
