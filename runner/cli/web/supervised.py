"""The live page as a process of `runner up --ui`; its supervisor starts it."""

import sys

from runner.cli.web.serving import serve_page
from runner.local.page import asked_for
from runner.local.run_dir import RunDir
from runner.settings import Settings


def main() -> None:
    """Serve the page that was asked for until SIGTERM."""
    settings = Settings.from_environment()
    page = asked_for(RunDir(settings.home))
    if page is None:
        sys.exit("no page was asked for: run `runner up --ui`")
    serve_page(settings, page)


if __name__ == "__main__":
    main()
