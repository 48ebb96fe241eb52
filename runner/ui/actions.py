"""What a reader may do with `--allow-actions`, and how other sites are kept from doing it."""

import hmac
import secrets
from dataclasses import dataclass

from runner.errors import InputError, UnavailableError
from runner.ui.handlers import Documents

HEADER = "X-Runner-Token"
# A page of another site can neither read this nor, without it, send a header of its own.
TOKEN = secrets.token_urlsafe(24)


@dataclass(frozen=True, slots=True)
class Allowed:
    """Whether actions are allowed, and the token that a request for one has in its header."""

    allowed: bool
    token: str | None


@dataclass(frozen=True, slots=True)
class Done:
    """What an action did, in words."""

    text: str


class ActionsAllowed(Documents):
    """Whether actions are allowed."""

    def get(self) -> None:
        """Answer with the token, if they are."""
        allowed = self.site.services.act is not None
        self.set_header("Cache-Control", "no-store")
        self.document(Allowed(allowed, TOKEN if allowed else None))


class Act(Documents):
    """An action on an experiment, a job or a trial; only POST, from this page, with the token."""

    async def post(self, of: str, number: str, what: str, image: str | None = None) -> None:
        """Do it and answer with what it did."""
        act = self.site.services.act
        if act is None:
            self.fail(403, "Actions are not allowed.", "start `runner ui` with --allow-actions")
            return
        if self.request.headers.get("Origin") is None:
            self.fail(403, "The request has no Origin header.")
            return
        given = self.request.headers.get(HEADER, "")
        if not hmac.compare_digest(given.encode(), TOKEN.encode()):
            self.fail(403, "The token of the request is missing or wrong.", "load the page again")
            return
        name = f"{what} job" if of == "jobs" else what
        numbers = (int(number),) if image is None else (int(number), int(image))
        try:
            text = await self.site.answers.do(lambda store: act(store, name, numbers))
        except (InputError, UnavailableError) as error:
            self.refuse(error)
            return
        self.document(Done(text))
