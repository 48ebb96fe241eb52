"""Who may read the page: this machine's own browsers, or whoever has the token."""

import hmac
from dataclasses import dataclass
from ipaddress import ip_address

from tornado.httputil import HTTPServerRequest

from runner.listening import is_foreign, is_loopback

COOKIE = "runner_ui"

# Scripts, styles and images come from this server; no other site may show the page in a frame.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class Access:
    """The names that the page is reached by, and the token; None on a loopback address."""

    host_names: frozenset[str]
    token: str | None

    def refusal(self, request: HTTPServerRequest) -> tuple[int, str] | None:
        """Return the status and the reason with which a request is refused; None if it is not."""
        if not self._is_our_name(request.host_name):
            return 400, f"{request.host_name} is not a host name of this page."
        if is_foreign(request):
            return 403, "Requests from pages of other sites are not allowed."
        if self.token is not None and not self._has_token(request):
            return 403, "A token is required: open the address that `runner ui` printed."
        return None

    def is_token(self, given: str) -> bool:
        """Return whether this is the token."""
        return self.token is not None and hmac.compare_digest(given.encode(), self.token.encode())

    def _has_token(self, request: HTTPServerRequest) -> bool:
        cookie = request.cookies.get(COOKIE)
        return cookie is not None and self.is_token(cookie.value)

    def _is_our_name(self, name: str) -> bool:
        name = name.strip("[]").lower()
        if is_loopback(name) or name in self.host_names:
            return True
        # Another site's name can be made to lead here, but not an address.
        return self.token is not None and _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
