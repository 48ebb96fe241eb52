"""The web server of `runner ui`: its addresses, and what is answered at each."""

import asyncio
import logging
import re
import signal
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files

from tornado.httpserver import HTTPServer
from tornado.web import Application, HTTPError

from runner.reports.formats.shared import shared_files
from runner.settings import Settings
from runner.ui.access import Access
from runner.ui.actions import Act, ActionsAllowed
from runner.ui.answers import Answers
from runner.ui.compare import compare_document, disputed_images
from runner.ui.handlers import (
    PAGE,
    Documents,
    NotFound,
    Page,
    Site,
    Static,
    number,
    numbers,
)
from runner.ui.images import CHOICES, ORDERS, Choice, dataset_of, images_document
from runner.ui.overview import Overviews
from runner.ui.pictures import SPLITS, Pictures
from runner.ui.services import Services
from runner.ui.trial import explanation_page, job_page, picture, trial_page
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
        right, wrong = number(self, "right"), number(self, "wrong")
        pictures = self.site.pictures
        await self.answer(
            f"disputed {trials} {split} {right} {wrong}",
            lambda store: disputed_images(store, pictures, trials, split, (right, wrong)),
        )


class Images(Documents):
    """The images of a trial's evaluation."""

    async def get(self, trial: str) -> None:
        """Answer with those that the address chooses."""
        wanted = Choice(
            split=self.one_of("split", SPLITS),
            choice=self.one_of("choice", CHOICES),
            true=number(self, "true"),
            predicted=number(self, "predicted"),
            order=self.one_of("order", ORDERS),
            page=max(1, number(self, "page") or 1),
        )
        await self.answer(
            f"images {trial} {wanted}",
            lambda store: images_document(store, self.site.pictures, int(trial), wanted),
        )

    def one_of(self, name: str, known: Sequence[str]) -> str:
        """Return an argument of the address; the first known value if it is not given."""
        given = self.get_query_argument(name, known[0])
        if given not in known:
            raise HTTPError(404)
        return given


class ExplainedImage(Documents):
    """The image of an explanation."""

    async def get(self, number: str) -> None:
        """Answer with the image as PNG."""
        answers = self.site.answers
        await self.file("image/png", answers.read(lambda store: picture(store, int(number))))


class DatasetImage(Documents):
    """An image of the data set of a trial."""

    async def get(self, number: str, split: str, image: str) -> None:
        """Answer with the image as PNG, once the data set has been read."""
        answers, pictures = self.site.answers, self.site.pictures

        def read() -> bytes:
            return pictures.png(dataset_of(answers.store(), int(number)), split, int(image))

        # A thread of its own: documents do not wait for a data set that is being read.
        found = asyncio.get_running_loop().run_in_executor(pictures.thread, read)
        await self.file("image/png", found)


class Model(Documents):
    """The bundle of a trial."""

    async def get(self, number: str) -> None:
        """Answer with the zip archive; making it takes seconds, so no other site may ask for it."""
        if self.request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
            self.fail(403, "Requests from pages of other sites are not allowed.")
            return
        answers, bundle = self.site.answers, self.site.services.bundle
        self.set_header("Content-Disposition", f'attachment; filename="trial-{number}.zip"')

        def export() -> bytes:
            return bundle(answers.store(), int(number))

        made = asyncio.get_running_loop().run_in_executor(self.site.exports, export)
        await self.file("application/zip", made)


NUMBER = r"([1-9]\d{0,8})"
IMAGE = r"(\d{1,8})"
# Where the page names the scripts that it consists of.
MODULES = b"<!-- modules -->"


def site_of(settings: Settings, access: Access, services: Services) -> Site:
    """Return what the handlers need."""
    pictures = Pictures(settings.data_dir)
    return Site(
        access=access,
        answers=Answers(settings),
        overviews=Overviews(settings),
        pictures=pictures,
        services=services,
        static=_static(),
        exports=ThreadPoolExecutor(1, "exports"),
    )


def application(site: Site) -> Application:
    """Return the application that answers all requests."""
    known = {"site": site}
    return Application(
        [
            (r"/", Page, known),
            (rf"/(?:experiments|trials|jobs|explanations)/{NUMBER}", Page, known),
            (rf"/trials/{NUMBER}/images", Page, known),
            (r"/compare", Page, known),
            (r"/static/([a-z_]+\.[a-z]+)", Static, known),
            (r"/api/experiments", Experiments, known),
            (rf"/api/experiments/{NUMBER}", Trials, known),
            (rf"/api/experiments/{NUMBER}/curves", Curves, known),
            (rf"/api/(trials|jobs|explanations)/{NUMBER}", OneDocument, known),
            (rf"/api/trials/{NUMBER}/images", Images, known),
            (rf"/api/trials/{NUMBER}/images/(validation|test)/{IMAGE}", DatasetImage, known),
            (rf"/api/trials/{NUMBER}/model", Model, known),
            (r"/api/actions", ActionsAllowed, known),
            (rf"/api/(experiments)/{NUMBER}/(cancel|retry|pause|resume)", Act, known),
            (rf"/api/(jobs)/{NUMBER}/(cancel|retry)", Act, known),
            (rf"/api/(trials)/{NUMBER}/(evaluate)", Act, known),
            (rf"/api/(trials)/{NUMBER}/(explain)/{IMAGE}", Act, known),
            (r"/api/compare", Compare, known),
            (r"/api/compare/images", Disputed, known),
            (rf"/api/explanations/{NUMBER}/image", ExplainedImage, known),
        ],
        default_handler_class=NotFound,
        default_handler_args=known,
    )


def _static() -> dict[str, bytes]:
    folder = files("runner.ui") / "static"
    own = {
        each.name: each.read_bytes()
        for each in folder.iterdir()
        if re.fullmatch(r"[a-z_]+\.(js|css|svg|html)", each.name)
    }
    found = shared_files() | own
    # Named in the page, or the browser would learn of a module only from the one that imports it.
    modules = [f'<link rel="modulepreload" href="/static/{name}">' for name in sorted(found)]
    links = "\n".join(each for each in modules if each.endswith('.js">'))
    found[PAGE] = found[PAGE].replace(MODULES, links.encode())
    return found


def serve(site: Site, sockets: list[socket.socket]) -> None:
    """Answer requests until SIGTERM or SIGINT."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s: %(message)s")
    # Who was refused is told why in the answer.
    logging.getLogger("tornado.access").setLevel(logging.ERROR)
    try:
        asyncio.run(_serve(site, sockets))
    finally:
        site.pictures.close()


async def _serve(site: Site, sockets: list[socket.socket]) -> None:
    ended = asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signum, ended.set)
    HTTPServer(application(site), max_body_size=100_000).add_sockets(sockets)
    await ended.wait()
