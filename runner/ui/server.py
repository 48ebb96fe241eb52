"""The web server of `runner ui`: pages, their documents as JSON, and who may have them."""

import asyncio
import logging
import re
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files

from tornado.httpserver import HTTPServer
from tornado.web import Application, RequestHandler

from runner.errors import InputError, UnavailableError
from runner.settings import Settings
from runner.store.engine import Store
from runner.store.opening import NoStoreYet
from runner.ui.access import COOKIE, HEADERS, Access
from runner.ui.answers import Answers
from runner.ui.overview import Overviews
from runner.ui.trial import cell_document, explanation_page, job_page, picture, trial_page
from runner.ui.trials import curves_document, trials_document

# What a browser may load, each read once: no path that is asked for reaches a file.
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
PAGE = "page.html"


@dataclass(frozen=True, slots=True)
class Site:
    """What every handler needs."""

    access: Access
    answers: Answers
    overviews: Overviews
    static: dict[str, bytes]


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

    def fail(self, status: int, reason: str, fix: str = "") -> None:
        """Answer with an error that says what happened and how to fix it."""
        self.set_status(status)
        self.finish({"error": reason, "fix": fix})

    def write_error(self, status_code: int, **kwargs: object) -> None:  # noqa: ARG002 (Tornado's)
        """Answer with an error that nobody foresaw; details are in the log."""
        self.fail(status_code, "This address does not exist." if status_code == 404 else "Failed.")


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

    def refuse(self, error: InputError | UnavailableError) -> None:
        """Answer with an error that is known, and say whether there is a store at all."""
        self.set_header("X-Store", "none" if isinstance(error, NoStoreYet) else "there")
        self.fail(503 if isinstance(error, UnavailableError) else 404, error.what, error.fix)


class Experiments(Documents):
    """All experiments."""

    async def get(self) -> None:
        """Answer with the overview."""
        await self.answer("experiments", self.site.overviews.build)


class Trials(Documents):
    """One experiment."""

    async def get(self, number: str) -> None:
        """Answer with its trials."""
        await self.answer(f"experiment {number}", lambda store: trials_document(store, int(number)))


class Curves(Documents):
    """The learning curves of one experiment."""

    async def get(self, number: str) -> None:
        """Answer with those of a metric."""
        metric = self.get_query_argument("metric", "val_accuracy")
        await self.answer(
            f"curves {number} {metric}",
            lambda store: curves_document(store, int(number), metric),
        )


class OneDocument(Documents):
    """A document about one trial, job or explanation."""

    async def get(self, what: str, number: str) -> None:
        """Answer with the document."""
        build = {"trials": trial_page, "jobs": job_page, "explanations": explanation_page}[what]
        await self.answer(f"{what} {number}", lambda store: build(store, int(number)))


class Cell(Documents):
    """The images of one cell of a confusion matrix."""

    async def get(self, number: str, split: str, true: str, predicted: str) -> None:
        """Answer with their numbers."""
        await self.answer(
            f"cell {number} {split} {true} {predicted}",
            lambda store: cell_document(store, int(number), split, (int(true), int(predicted))),
        )


class ExplainedImage(Documents):
    """The image of an explanation."""

    async def get(self, number: str) -> None:
        """Answer with the image as PNG."""
        try:
            content = await self.site.answers.read(lambda store: picture(store, int(number)))
        except (InputError, UnavailableError) as error:
            self.refuse(error)
            return
        self.set_header("Content-Type", "image/png")
        self.finish(content)


class NotFound(Handler):
    """Any other address."""

    def get(self, *_: str) -> None:
        """Answer that it does not exist."""
        self.fail(404, "This address does not exist.")


NUMBER = r"([1-9]\d{0,8})"
LABEL = r"(\d{1,6})"


def application(settings: Settings, access: Access) -> Application:
    """Return the application that answers all requests."""
    site = Site(access, Answers(settings), Overviews(settings), _static())
    known = {"site": site}
    return Application(
        [
            (r"/", Page, known),
            (rf"/(?:experiments|trials|jobs|explanations)/{NUMBER}", Page, known),
            (r"/static/([a-z_]+\.[a-z]+)", Static, known),
            (r"/api/experiments", Experiments, known),
            (rf"/api/experiments/{NUMBER}", Trials, known),
            (rf"/api/experiments/{NUMBER}/curves", Curves, known),
            (rf"/api/(trials|jobs|explanations)/{NUMBER}", OneDocument, known),
            (rf"/api/trials/{NUMBER}/(validation|test)/{LABEL}/{LABEL}", Cell, known),
            (rf"/api/explanations/{NUMBER}/image", ExplainedImage, known),
        ],
        default_handler_class=NotFound,
        default_handler_args=known,
    )


def _static() -> dict[str, bytes]:
    folder = files("runner.ui") / "static"
    return {
        each.name: each.read_bytes()
        for each in folder.iterdir()
        if re.fullmatch(r"[a-z_]+\.(js|css|svg|html)", each.name)
    }


def serve(settings: Settings, access: Access, sockets: list[socket.socket]) -> None:
    """Answer requests until SIGTERM or SIGINT."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s: %(message)s")
    # Who was refused is told why in the answer.
    logging.getLogger("tornado.access").setLevel(logging.ERROR)
    asyncio.run(_serve(settings, access, sockets))


async def _serve(settings: Settings, access: Access, sockets: list[socket.socket]) -> None:
    ended = asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signum, ended.set)
    HTTPServer(application(settings, access), max_body_size=100_000).add_sockets(sockets)
    await ended.wait()
