"""Run the command line: what `runner` and `python -m runner` call."""

import sys


def main() -> None:
    """Run it with nothing from the working directory and nothing that other tools have set."""
    if not sys.flags.safe_path:
        # The directory of the script, or the working directory: before anything else is imported.
        del sys.path[0]
    from runner.environment import settle

    settle("runner")
    from runner.cli import main as run

    run()


if __name__ == "__main__":
    main()
