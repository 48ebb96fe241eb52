"""Tell Docker whether this container's worker answers on the queue: exit code 0 if it does."""

import socket
import sys

from runner.errors import InputError, UnavailableError
from runner.queue.app import broker_facts, make_app
from runner.settings import Settings

ANSWER_SECONDS = 3


def trouble() -> str | None:
    """Return why the worker is not well; None if it is."""
    try:
        app = make_app(Settings.from_environment().broker_url or "")
        # First, because Celery's question would be put again and again to a broker that is away.
        broker_facts(app)
        inspect = app.control.inspect(
            timeout=ANSWER_SECONDS,
            limit=1,
            pattern=f"*@{socket.gethostname()}",
            matcher="glob",  # type: ignore[arg-type]  # a message carries the matcher's name
        )
        if not inspect.ping():
            return f"no worker of this host answered within {ANSWER_SECONDS} s"
    except (InputError, UnavailableError) as error:
        return error.what
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


if __name__ == "__main__":
    sys.exit(trouble())
