"""Run the command line: what `runner` and `python -m runner` call."""

import gc
import os
import sys

# Python looks for garbage whenever there are so many new objects. To import makes hundreds of
# thousands that stay: with Python's 700, a short command would spend a tenth of its time on them.
NEW_OBJECTS = 100_000


def open_closed_streams() -> None:
    """Open each standard stream that the caller has closed on the null device, as git does."""
    # In this order, each takes its own number, and no file that is opened later can.
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123


def main() -> None:
    """Run it with nothing from the working directory and nothing that other tools have set."""
    gc.set_threshold(NEW_OBJECTS)
    if not sys.flags.safe_path:
        # The directory of the script, or the working directory: before anything else is imported.
        del sys.path[0]
    open_closed_streams()
    from runner.environment import settle

    settle("runner")
    from runner.cli import main as run
    from runner.processes import leave_garbage

    try:
        run()
    finally:
        leave_garbage()


if __name__ == "__main__":
    main()
