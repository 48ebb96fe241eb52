"""`runner ui`: the live page of the results."""

import click

from runner.cli.web.serving import open_browser, page_of, page_options, serve_page
from runner.cli.wording.fitting import say


@click.command()
@page_options
def ui(host: str, port: int, *, no_browser: bool, allow_actions: bool) -> None:
    """Show the results on a live page in the browser."""
    from runner.settings import Settings

    page = page_of(host, port, actions=allow_actions)

    def listening() -> None:
        say(f"the page: {page.address} (Ctrl-C ends it)")
        if not no_browser:
            open_browser(page.address)

    serve_page(Settings.from_environment(), page, listening)


COMMANDS = [ui]
