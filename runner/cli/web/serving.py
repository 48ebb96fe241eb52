"""What `runner ui` and `runner up --ui` share: the page's options, its address, its server."""

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from runner.local.page import Page
    from runner.settings import Settings

PORT = 8080


def page_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of the page."""
    for option in (
        click.option(
            "--allow-actions",
            is_flag=True,
            help=(
                "Let readers of the page cancel, retry, pause and resume, evaluate on the test"
                " split and explain images; the printed address then contains a token."
            ),
        ),
        click.option("--no-browser", is_flag=True, help="Print the address and open no browser."),
        click.option(
            "--port",
            type=click.IntRange(1, 65535),
            default=PORT,
            show_default=True,
            help="The port that the page listens on.",
        ),
        click.option(
            "--host",
            default="127.0.0.1",
            show_default=True,
            help="The address that the page listens on.",
        ),
    ):
        command = option(command)
    return command


def page_of(host: str, port: int, *, actions: bool) -> "Page":
    """Return the page, with a new token if it needs one.

    It does on another address than loopback, and for actions: other users of this machine reach
    loopback too.
    """
    import secrets

    from runner.local.page import Page

    token = None if _is_local(host) and not actions else secrets.token_urlsafe(24)
    return Page(host, port, actions, token)


def check_free(page: "Page") -> None:
    """Raise InputError if another program has the port of the page."""
    from runner.listening import listen

    for opened in listen("The page", page.host, page.port):
        opened.close()


def serve_page(
    settings: "Settings", page: "Page", listening: Callable[[], None] = lambda: None
) -> None:
    """Serve the page until it is interrupted; call `listening` once its port is open."""
    import socket

    from runner.api.live.page import bundle_archive, page_action
    from runner.listening import listen
    from runner.ui.access import Access
    from runner.ui.server import serve, site_of
    from runner.ui.services import Services

    sockets = listen("The page", page.host, page.port)
    listening()
    names = {"localhost", page.host.lower()}
    if not _is_local(page.host):
        names.add(socket.gethostname().lower())
    services = Services(bundle_archive, page_action(settings) if page.actions else None)
    serve(site_of(settings, Access(frozenset(names), page.token), services), sockets)


def open_browser(address: str) -> None:
    """Open the address in a browser if this is a desktop."""
    import webbrowser

    desktop = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if desktop or sys.platform in ("darwin", "win32"):
        webbrowser.open(address)


def _is_local(host: str) -> bool:
    from runner.listening import is_loopback

    return host == "localhost" or is_loopback(host)
