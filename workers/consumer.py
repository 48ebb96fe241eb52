"""Celery's consumer, which tells Flower of jobs in groups."""

from typing import Any

from celery.worker.consumer import Consumer as CeleryConsumer

FLUSH_SECONDS = 0.2


class Consumer(CeleryConsumer):
    """Send what happens to jobs a few times a second: one by one it is half of a message's cost."""

    # Of the base class, whose types do not name it.
    hub: Any
    _is_flush_due = False

    def on_send_event_buffered(self) -> Any:
        """Send what has been gathered in a moment."""
        if self.hub and not self._is_flush_due:
            self._is_flush_due = True
            self.hub.call_later(FLUSH_SECONDS, self._flush_events)

    def _flush_events(self) -> None:
        self._is_flush_due = False
        base: Any = super()
        base._flush_events()  # noqa: SLF001
