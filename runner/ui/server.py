"""The web server of `runner ui`: its addresses, and what is answered at each."""

import asyncio
import logging
import re
import signal
import socket
from importlib.resources import files

from tornado.httpserver import HTTPServer
from tornado.web import Application

from runner.errors import InputError, UnavailableError
from runner.settings import Settings
from runner.ui.access import Access
from runner.ui.answers import Answers
from runner.ui.compare import compare_document, disputed_images
from runner.ui.handlers import Documents, NotFound, Page, Site, Static, numbers
from runner.ui.overview import Overviews
from runner.ui.trial import cell_document, explanation_page, job_page, picture, trial_page
from runner.ui.trials import curves_document, trials_document


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


class Compare(Documents):
    """Trials beside one another."""

    async def get(self) -> None:
        """Answer with their comparison."""
        trials, split = numbers(self, "trials"), self.get_query_argument("split", "")
        await self.answer(
            f"compare {trials} {split}", lambda store: compare_document(store, trials, split)
        )


class Disputed(Documents):
    """The images on which compared trials disagree."""

    async def get(self) -> None:
        """Answer with their numbers."""
        trials, split = numbers(self, "trials"), self.get_query_argument("split")
        right, wrong = (next(iter(numbers(self, name)), None) for name in ("right", "wrong"))
        await self.answer(
            f"disputed {trials} {split} {right} {wrong}",
            lambda store: disputed_images(store, trials, split, right, wrong),
        )


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
            (r"/compare", Page, known),
            (r"/static/([a-z_]+\.[a-z]+)", Static, known),
            (r"/api/experiments", Experiments, known),
            (rf"/api/experiments/{NUMBER}", Trials, known),
            (rf"/api/experiments/{NUMBER}/curves", Curves, known),
            (rf"/api/(trials|jobs|explanations)/{NUMBER}", OneDocument, known),
            (rf"/api/trials/{NUMBER}/(validation|test)/{LABEL}/{LABEL}", Cell, known),
            (r"/api/compare", Compare, known),
            (r"/api/compare/images", Disputed, known),
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
