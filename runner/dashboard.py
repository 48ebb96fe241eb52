"""Flower behind a login: read-only unless told otherwise, and closed to pages of other sites."""

import hmac
import logging
import re
import secrets
import signal
import socket
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import Any

from celery import Celery
from flower.app import Flower
from flower.options import options
from flower.urls import settings as flower_settings
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPHeaders, HTTPMessageDelegate, HTTPServerRequest
from tornado.routing import Router
from tornado.web import Application, OutputTransform, RequestHandler

from runner.listening import is_foreign, is_loopback

# What a job is and how far it is, which Flower would show only on a page of its own.
COLUMNS = "name,args,state,result,received,runtime,worker"

# All that the pages ask for. What is not listed here changes something, or needs a result backend.
PAGES = r"|workers|tasks|tasks/datatable|broker|metrics|healthcheck|worker/.+|task/.+|static/.+"
QUESTIONS = r"workers|tasks|task/types|queues/length|task/info/.+"
READS = re.compile(rf"/({PAGES}|api/({QUESTIONS}))")
# The table of tasks asks by POST, because its questions are long.
POSTED_READ = "/tasks/datatable"
OPEN_TO_ALL = "/healthcheck"


@dataclass(frozen=True, slots=True)
class Access:
    """Who may ask Flower, and for what."""

    login: str
    host_names: frozenset[str]
    allow_actions: bool = False

    def refusal(self, request: HTTPServerRequest) -> tuple[int, str] | None:
        """Return the status and the reason with which a request is refused; None if it is not."""
        if not self._is_our_name(request.host_name):
            return 403, (
                f"The host name {request.host_name} is not allowed: if it is a name of this "
                "Flower, start `runner flower` with --allow-host NAME."
            )
        if is_foreign(request):
            return 403, "Cross-site requests are not allowed."
        if request.path == OPEN_TO_ALL and request.method == "GET":
            return None
        if not hmac.compare_digest(_given_login(request), self.login.encode()):
            return 401, "A login is required: `runner flower` prints where it is stored."
        if not self.allow_actions and not _reads_only(request):
            return 403, (
                "This Flower is read-only: to allow changes, start `runner flower` with "
                "--allow-actions."
            )
        return None

    def _is_our_name(self, name: str) -> bool:
        name = name.strip("[]").lower()
        return is_loopback(name) or name in self.host_names


def _given_login(request: HTTPServerRequest) -> bytes:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return b""
    try:
        return b64decode(given.strip(), validate=True)
    except ValueError:
        return b""


def _reads_only(request: HTTPServerRequest) -> bool:
    if request.method == "POST":
        return request.path == POSTED_READ
    return request.method == "GET" and READS.fullmatch(request.path) is not None


class Gate(Router):
    """Hand to Flower the requests that it may answer, and refuse the others."""

    def __init__(self, access: Access, app: Celery) -> None:
        self._access = access
        self._refusals = Application()
        # Flower asks for a login too: the one that this gate puts in place of the person's.
        inner = f"gate:{secrets.token_hex(16)}"
        self._inner_login = f"Basic {b64encode(inner.encode()).decode()}"
        options.basic_auth = [inner]
        options.read_only = not access.allow_actions
        options.tasks_columns = COLUMNS
        self.flower = Flower(capp=app, options=options, **flower_settings)
        self.flower.add_transform(_ClosedHeaders)

    def find_handler(
        self,
        request: HTTPServerRequest,
        **kwargs: Any,
    ) -> HTTPMessageDelegate | None:
        """Return what answers a request."""
        if refused := self._access.refusal(request):
            arguments = dict(zip(("status", "reason"), refused, strict=True))
            return self._refusals.get_handler_delegate(request, _Refusal, arguments)
        request.headers["Authorization"] = self._inner_login
        delegate: HTTPMessageDelegate = self.flower.find_handler(request, **kwargs)
        return delegate


class _Refusal(RequestHandler):
    def initialize(self, status: int, reason: str) -> None:
        self._status, self._reason_given = status, reason

    def prepare(self) -> None:
        self.set_status(self._status)
        self.set_header("Content-Type", "text/plain; charset=UTF-8")
        if self._status == 401:
            self.set_header("WWW-Authenticate", 'Basic realm="flower"')
        self.finish(self._reason_given + "\n")


class _ClosedHeaders(OutputTransform):
    """Let no other site read an answer or show it in a frame."""

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        """Add the headers that say so, and drop those that say otherwise."""
        for name in [name for name in headers if name.startswith("Access-Control-")]:
            del headers[name]
        headers["X-Frame-Options"] = "DENY"
        headers["Content-Security-Policy"] = "frame-ancestors 'none'"
        return super().transform_first_chunk(status_code, headers, chunk, finishing)


def serve(app: Celery, access: Access, sockets: list[socket.socket]) -> None:
    """Run Flower until SIGTERM or SIGINT."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s: %(message)s")
    # It warns when no worker answers within a second, as when none has been started yet.
    logging.getLogger("flower.inspector").setLevel(logging.ERROR)
    # The gate says who was refused and why; to the person who asked.
    logging.getLogger("tornado.access").setLevel(logging.ERROR)
    gate = Gate(access, app)
    loop = gate.flower.io_loop
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.asyncio_loop.add_signal_handler(signum, loop.stop)
    HTTPServer(gate).add_sockets(sockets)
    gate.flower.start()
    gate.flower.stop()
