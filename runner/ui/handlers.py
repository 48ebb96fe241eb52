"""What every answer of the page has in common: who may have it, its headers and its errors."""

import re
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from html import escape

from tornado.web import HTTPError, RequestHandler

from runner.errors import InputError, UnavailableError
from runner.store.engine import Store
from runner.store.opening import NoStoreYet
from runner.ui.access import COOKIE, HEADERS, Access
from runner.ui.answers import Answers, as_bytes
from runner.ui.overview import Overviews
from runner.ui.pictures import Pictures
from runner.ui.services import Services

# What a browser may load, each read once: no path that is asked for reaches a file.
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
PAGE = "page.html"
# For whoever opens an address in a browser that has no page, or may not be read.
ERROR = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Not available - runner</title>
<link rel="icon" href="/static/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/static/page.css">
</head>
<body>
<header><a class="home" href="/">runner</a></header>
<main><h1>Not available</h1>{said}<p><a href="/">All experiments</a></p></main>
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class Site:
    """What every handler needs; `exports` is a thread of their own, as each takes seconds."""

    access: Access
    answers: Answers
    overviews: Overviews
    pictures: Pictures
    services: Services
    static: dict[str, bytes]
    exports: ThreadPoolExecutor


class Handler(RequestHandler):
    """Refuse what is not allowed, and let no other site use an answer."""

    def initialize(self, site: Site) -> None:
        """Keep what every handler needs."""
        self.site = site

    def set_default_headers(self) -> None:
        """Set the headers of every answer, also of errors."""
        for name, value in HEADERS.items():
            self.set_header(name, value)
        self.set_header("Cache-Control", "no-cache")
        self.clear_header("Server")

    def prepare(self) -> None:
        """Refuse a request; exchange the token of an address for a cookie."""
        given = self.get_query_argument("token", "")
        refused = self.site.access.refusal(self.request)
        if refused is not None and refused[0] == 403 and self.site.access.is_token(given):
            self.set_cookie(COOKIE, given, httponly=True, samesite="Strict")
            self.redirect(self.request.path)
        elif refused is not None:
            self.fail(*refused)

    def fail(self, status: int, reason: str, fix: str = "", expected: str = "") -> None:
        """Answer with an error that says what happened and how to fix it."""
        self.set_status(status)
        if "text/html" in self.request.headers.get("Accept", ""):
            self.set_header("Content-Type", "text/html; charset=UTF-8")
            said = "".join(f"<p>{escape(each)}</p>" for each in (reason, expected, fix) if each)
            self.finish(ERROR.format(said=said))
            return
        self.finish({"error": reason, "expected": expected, "fix": fix})

    def write_error(self, status_code: int, **kwargs: object) -> None:  # noqa: ARG002 (Tornado's)
        """Answer with an error that nobody foresaw; details are in the log."""
        words = {404: "This address does not exist.", 405: "This method is not allowed here."}
        self.fail(status_code, words.get(status_code, "Failed."))


class Page(Handler):
    """Answer with the page, whose script reads from the address what it is to show."""

    def get(self, *_: str) -> None:
        """Answer with the page."""
        self.set_header("Content-Type", "text/html; charset=UTF-8")
        self.finish(self.site.static[PAGE])


class Static(Handler):
    """Answer with a script or a style sheet."""

    def get(self, name: str) -> None:
        """Answer with a file by its name."""
        ending = name[name.rfind(".") :]
        if name not in self.site.static or ending not in TYPES:
            self.fail(404, "This address does not exist.")
            return
        self.set_header("Content-Type", f"{TYPES[ending]}; charset=UTF-8")
        self.finish(self.site.static[name])


class Documents(Handler):
    """Answer with a document as JSON; with 304 if the browser has it already."""

    async def answer(self, key: str, build: Callable[[Store], object]) -> None:
        """Answer with the document that `build` returns."""
        try:
            found = await self.site.answers.document(key, build)
        except (InputError, UnavailableError) as error:
            self.refuse(error)
            return
        self.set_header("Etag", found.tag)
        if self.request.headers.get("If-None-Match") == found.tag:
            self.set_status(304)
            self.finish()
            return
        self.set_header("Content-Type", "application/json")
        self.finish(found.body)

    def document(self, found: object) -> None:
        """Answer with a document that is not kept."""
        self.set_header("Content-Type", "application/json")
        self.finish(as_bytes(found))

    async def file(self, kind: str, reading: Awaitable[bytes]) -> None:
        """Answer with a file of this type, or say why there is none."""
        try:
            content = await reading
        except (InputError, UnavailableError) as error:
            self.clear_header("Content-Disposition")
            self.refuse(error)
            return
        self.set_header("Content-Type", kind)
        self.finish(content)

    def refuse(self, error: InputError | UnavailableError) -> None:
        """Answer with an error that is known, and say whether there is a store at all."""
        self.set_header("X-Store", "none" if isinstance(error, NoStoreYet) else "there")
        status = 503 if isinstance(error, UnavailableError) else 404
        self.fail(status, error.what, error.fix, error.expected)


def numbers(handler: RequestHandler, name: str) -> tuple[int, ...]:
    """Return the numbers that an argument of the address lists, with commas between them."""
    given = handler.get_query_argument(name, "")
    if not re.fullmatch(r"(\d{1,9}(,\d{1,9}){0,99})?", given):
        raise HTTPError(404)
    return tuple(int(each) for each in given.split(",") if each)


def number(handler: RequestHandler, name: str) -> int | None:
    """Return the first number that an argument of the address lists; None without one."""
    return next(iter(numbers(handler, name)), None)


class NotFound(Handler):
    """Any other address."""

    def get(self, *_: str) -> None:
        """Answer that it does not exist."""
        self.fail(404, "This address does not exist.")
