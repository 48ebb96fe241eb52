"""`runner flower`: the dashboard, behind a login."""

from pathlib import Path

import click

from runner.cli.wording.fitting import say
from runner.errors import InputError

READABLE = "NAME:PASSWORD on one line"


@click.command()
@click.option("--address", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=5555,
    show_default=True,
    help="The port to listen on.",
)
@click.option(
    "--login-file",
    type=click.Path(path_type=Path),
    help="A file that contains NAME:PASSWORD; by default a login is generated and stored.",
)
@click.option(
    "--allow-host",
    multiple=True,
    metavar="NAME",
    help="Additional host name under which browsers may open Flower; repeatable.",
)
@click.option(
    "--allow-actions",
    is_flag=True,
    help="Allow users to stop workers and to send, revoke and rate-limit tasks.",
)
def flower(
    address: str,
    port: int,
    login_file: Path | None,
    allow_host: tuple[str, ...],
    allow_actions: bool,
) -> None:
    """Start Flower, the dashboard of the queue. Start the workers first."""
    from runner.local.run_dir import RunDir
    from runner.settings import Settings

    settings = Settings.from_environment()
    run_dir = RunDir(settings.home)
    if settings.broker_url is None and not run_dir.is_supervised():
        raise InputError(
            "no broker is running",
            "RUNNER_BROKER_URL, or a private broker that is running",
            "run `runner up` first",
        )
    login, words = "", f"the login is in {login_file}"
    if login_file:
        login = _read_login(login_file)
    import socket

    from runner import dashboard
    from runner.listening import listen
    from runner.queue.app import make_app

    sockets = listen("Flower", address, port)
    if not login:
        run_dir.create()
        login, words = _own_login(run_dir.directory / "flower_login")
    names = {"localhost", socket.gethostname(), address, *allow_host}
    access = dashboard.Access(login, frozenset(map(str.lower, names)), allow_actions)
    host = f"[{address}]" if ":" in address else address
    say(f"Flower: http://{host}:{port}/ ({words})")
    dashboard.serve(make_app(settings.broker_url or run_dir.broker_url), access, sockets)


def _own_login(file: Path) -> tuple[str, str]:
    """Return the login kept in a file and what to tell of it; a new one is shown this once."""
    if file.exists():
        return _read_login(file), f"the login is in {file}"
    import secrets

    name, password = "runner", secrets.token_urlsafe(16)
    login = f"{name}:{password}"
    file.touch(mode=0o600, exist_ok=False)
    file.write_text(f"{login}\n")
    return login, f"user {name}, password {password}, stored in {file}"


def _read_login(file: Path) -> str:
    try:
        login = file.read_text().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"the login file {str(file)!r} cannot be read: {error}",
            f"a file that contains {READABLE}",
            "correct --login-file (RUNNER_FLOWER_LOGIN_FILE) or the file's permissions",
        ) from error
    name, colon, password = login.partition(":")
    if not (name and colon and password) or len(login.splitlines()) != 1:
        # Not repeated: it may hold a password.
        raise InputError(
            f"the login file {str(file)!r} is empty or has another format",
            READABLE,
            f'write a login to it: echo "me:$(openssl rand -hex 16)" > {file}',
        )
    return login


COMMANDS = [flower]
