"""Local web servers: their port, and which requests are those of another site."""

import socket
from ipaddress import ip_address
from urllib.parse import urlsplit

from tornado.httputil import HTTPServerRequest
from tornado.netutil import bind_sockets

from runner.errors import InputError


def listen(program: str, address: str, port: int) -> list[socket.socket]:
    """Open the port; raise InputError if another program has it."""
    try:
        return bind_sockets(port, address)
    except OSError as error:
        raise InputError(
            f"{program} cannot listen on {address}:{port}: {error.strerror or error}",
            "an address of this machine and a free port",
            "stop the program that uses the port, or choose another one with --port",
        ) from error


def is_loopback(name: str) -> bool:
    """Return whether the name of a host is an address of this machine that others cannot reach."""
    try:
        return ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def is_foreign(request: HTTPServerRequest) -> bool:
    """Return whether a page of another site sent a request."""
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        return True
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    return request.method != "GET" and site != "same-origin"
