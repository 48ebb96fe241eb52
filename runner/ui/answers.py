"""The JSON documents of the page, kept until what they were read from has changed."""

import asyncio
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, is_dataclass
from hashlib import sha256
from typing import Any, TypeVar

from runner.reports.records import json_name
from runner.settings import Settings
from runner.store.engine import Store
from runner.store.opening import find_store
from runner.store.queries.changes import changes
from runner.ui.pictures import READING

# How often the store is asked whether anything has changed, however many pages ask.
LOOK_SECONDS = 1.0
# What no counter shows, such as names and workers, is at most this old, or this many times as old
# as reading it takes.
OLDEST_SECONDS = 10.0
OLDEST_REST = 60
# A document is not read again before so many times as long as reading it takes.
REST = 3
# Documents that are kept; the least recently built one goes first.
MOST_KEPT = 30

Build = Callable[[Store], object]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer:
    """The bytes of a document, with a tag that is another one for other bytes."""

    body: bytes
    tag: str
    version: str
    built_at: float
    seconds: float


class Answers:
    """Build documents, each once however many ask, in threads beside the server's own."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._threads = ThreadPoolExecutor(2, "ui")
        self._store: Store | None = None
        self._kept: dict[str, Answer] = {}
        self._building: dict[str, asyncio.Future[Answer]] = {}
        self._version = ""
        self._looked_at = float("-inf")

    def store(self) -> Store:
        """Return the store; raise NoStoreYet where there is none yet."""
        if self._store is None:
            self._store = find_store(self.settings)
        return self._store

    async def document(self, key: str, build: Build) -> Answer:
        """Return the document of this name, built again only if the store has changed."""
        if key not in self._building:
            task = asyncio.ensure_future(self._fresh(key, build))
            task.add_done_callback(lambda _: self._building.pop(key, None))
            self._building[key] = task
        return await asyncio.shield(self._building[key])

    async def read(self, read: Callable[[Store], bytes]) -> bytes:
        """Return bytes that are not kept, such as an image."""
        return await self._in_thread(lambda: read(self.store()))

    async def do(self, act: Callable[[Store], str]) -> str:
        """Change something, after which every document is read again; return what it did."""
        try:
            return await self._in_thread(lambda: act(self.store()))
        finally:
            self._kept.clear()

    async def _fresh(self, key: str, build: Build) -> Answer:
        kept, now = self._kept.get(key), time.monotonic()
        if kept is not None and now - kept.built_at < max(LOOK_SECONDS, REST * kept.seconds):
            return kept
        version = await self._current_version()
        if kept is not None and kept.version == version and not _is_old(kept, now):
            return kept
        found = await self._in_thread(lambda: self._built(version, build))
        self._kept.pop(key, None)
        self._kept[key] = found
        while len(self._kept) > MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        return found

    async def _current_version(self) -> str:
        now = time.monotonic()
        if now - self._looked_at >= LOOK_SECONDS:
            self._looked_at = now
            self._version = await self._in_thread(lambda: changes(self.store()))
        return self._version

    def _built(self, version: str, build: Build) -> Answer:
        start = time.monotonic()
        document = build(self.store())
        body = as_bytes(document)
        end = time.monotonic()
        # No version of the store shows that a data set has been read since.
        if getattr(document, "pictures", None) == READING:
            version = ""
        tag = f'"{sha256(body).hexdigest()[:32]}"'
        return Answer(body, tag, version, end, end - start)

    async def _in_thread(self, what: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, what)


def _is_old(kept: Answer, now: float) -> bool:
    return now - kept.built_at > max(OLDEST_SECONDS, OLDEST_REST * kept.seconds)


def as_bytes(document: object) -> bytes:
    """Return a document as JSON; long lists of numbers are not walked through twice."""
    text = json.dumps(document, default=_members, separators=(",", ":"), allow_nan=False)
    return text.encode()


def _members(value: Any) -> Any:
    if hasattr(value, "to_json"):
        return value.to_json()
    if is_dataclass(value):
        return {json_name(field.name): getattr(value, field.name) for field in fields(value)}
    raise TypeError(f"{type(value).__name__} is no JSON")
