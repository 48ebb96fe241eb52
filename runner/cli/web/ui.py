"""`runner ui`: the live page of the results."""

import os
import secrets
import socket
import sys
from typing import TYPE_CHECKING

import click

from runner.cli.wording.fitting import say

if TYPE_CHECKING:
    from runner.settings import Settings

PORT = 8080


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=PORT,
    show_default=True,
    help="The port to listen on.",
)
@click.option("--no-browser", is_flag=True, help="Print the address and open no browser.")
@click.option(
    "--allow-actions",
    is_flag=True,
    help=(
        "Let readers cancel, retry, pause and resume, evaluate on the test split and explain"
        " images; the printed address then contains a token."
    ),
)
def ui(host: str, port: int, *, no_browser: bool, allow_actions: bool) -> None:
    """Show the results on a live page in the browser."""
    from runner.settings import Settings

    settings = Settings.from_environment()
    serve_page(settings, host, port, browser=not no_browser, actions=allow_actions)


def serve_page(
    settings: "Settings", host: str, port: int, *, browser: bool, actions: bool = False
) -> None:
    """Serve the page until it is interrupted.

    A token is needed on another address than loopback, and for actions: other users of this
    machine reach loopback too.
    """
    from runner.api.live.page import bundle_archive, page_action
    from runner.listening import is_loopback, listen
    from runner.ui.access import Access
    from runner.ui.server import serve, site_of
    from runner.ui.services import Services

    sockets = listen("The page", host, port)
    is_local = host == "localhost" or is_loopback(host)
    token = None if is_local and not actions else secrets.token_urlsafe(24)
    names = {"localhost", host.lower()} | (set() if is_local else {socket.gethostname().lower()})
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
    if token is not None:
        address += f"?token={token}"
    say(f"the page: {address} (Ctrl-C ends it)")
    if browser and _is_desktop():
        import webbrowser

        webbrowser.open(address)
    services = Services(bundle_archive, page_action(settings) if actions else None)
    site = site_of(settings, Access(frozenset(names), token), services)
    serve(site, sockets)


def _is_desktop() -> bool:
    return sys.platform in ("darwin", "win32") or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )


COMMANDS = [ui]
