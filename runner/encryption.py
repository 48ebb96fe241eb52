"""Connections to other hosts: encrypted and verified unless the settings say otherwise."""

import os
import ssl
from collections.abc import Iterable, Mapping
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlsplit

from cifar_model.errors import InputError

ALLOW_PLAINTEXT = "RUNNER_ALLOW_PLAINTEXT"

# The modes of PostgreSQL's clients that may end without encryption.
PLAINTEXT_MODES = ("disable", "allow", "prefer")
VERIFYING_MODES = ("verify-ca", "verify-full")

_ALLOW = f"set {ALLOW_PLAINTEXT}=1 if the network is trusted"

CERTIFICATE_CHECKS = {
    name: value
    for value in ssl.VerifyMode
    for name in (value.name, value.name.removeprefix("CERT_").lower())
}
CERTIFICATE_FILES = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")


def is_this_machine(host: str) -> bool:
    """Tell whether a host is this machine whoever answers for names: a socket or a loopback."""
    host = host.strip("[]").lower()
    if host in ("", "localhost") or host.startswith(("/", "@")):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def check_broker(url: str, plaintext: bool) -> None:
    """Raise InputError unless a broker's URL is encrypted, local, or allowed to be neither."""
    for one in url.split(";"):
        scheme = one.partition("://")[0]
        if scheme in ("redis", "rediss"):
            _check_database_number(one)
        if scheme == "rediss":
            broker_tls(one)
        elif scheme == "redis":
            if not plaintext and not is_this_machine(_parts(one, "BROKER")[0]):
                raise _plaintext("RUNNER_BROKER_URL", "rediss://, which verifies the certificate")
        elif scheme != "redis+socket":
            raise InputError(
                f"RUNNER_BROKER_URL begins with {scheme!r}",
                "redis://HOST:6379/0, rediss://HOST:6379/0 or redis+socket:///PATH",
                "correct RUNNER_BROKER_URL, or unset it to use a private broker",
            )


def broker_tls(url: str) -> dict[str, Any] | None:
    """Return how to check the certificate of a broker; None for one that has none.

    What its URL says counts, as in `?ssl_ca_certs=FILE` and `?ssl_cert_reqs=none`.
    """
    if not url.startswith("rediss://"):
        return None
    _, given = _parts(url, "BROKER")
    options: dict[str, Any] = {n: v for n, v in given.items() if n.startswith("ssl_")}
    checks = options.get("ssl_cert_reqs", "required")
    if checks not in CERTIFICATE_CHECKS:
        raise InputError(
            f"ssl_cert_reqs={checks} in RUNNER_BROKER_URL",
            "required (the default), optional or none",
            "correct RUNNER_BROKER_URL",
        )
    for name in CERTIFICATE_FILES:
        if name in options and not os.access(options[name], os.R_OK):
            raise InputError(
                f"{name}={options[name]} in RUNNER_BROKER_URL cannot be read",
                "a file with certificates in PEM format",
                "correct RUNNER_BROKER_URL or the file's permissions",
            )
    options["ssl_cert_reqs"] = CERTIFICATE_CHECKS[checks]
    options["ssl_check_hostname"] = (
        options["ssl_cert_reqs"] != ssl.CERT_NONE
        and options.get("ssl_check_hostname", "true").lower() != "false"
    )
    return options


def check_database(url: str, plaintext: bool) -> str:
    """Return a database's URL, with what the settings allow it; raise InputError for what not."""
    if not url.startswith("postgres"):
        return url
    host, query = _parts(url, "DATABASE")
    if not plaintext:
        hosts = (host, query.get("host", ""), query.get("hostaddr", ""))
        if query.get("sslmode") in PLAINTEXT_MODES and not all(map(is_this_machine, hosts)):
            raise _plaintext("RUNNER_DATABASE_URL", "sslmode=verify-full, which is the default")
    elif "sslmode" not in query:
        return f"{url}{'&' if '?' in url else '?'}sslmode=prefer"
    return url


def postgresql_tls(host: str | None, query: Mapping[str, Any]) -> dict[str, str]:
    """Return what a PostgreSQL URL has to say in addition, so that certificates are verified."""
    mode = query.get("sslmode")
    if mode is None and not all(map(is_this_machine, _hosts(host, query))):
        mode = "verify-full"
    added = {} if mode is None else {"sslmode": str(mode)}
    verifies = mode in VERIFYING_MODES and "sslrootcert" not in query
    if verifies and (authorities := _authorities()):
        added["sslrootcert"] = authorities
    return added


def fix_for(trouble: str) -> str | None:
    """Return what to do about an error of a connection that has to do with TLS; else None."""
    trouble = trouble.lower().replace("_", " ")
    if "server does not support ssl" in trouble:
        return f"enable TLS on the server, or {_ALLOW}"
    if "certificate" in trouble:
        return (
            "use the host name that is in the server's certificate; if this machine does not "
            "trust the authority that signed it, add its file to the URL: `?ssl_ca_certs=FILE` "
            "for Redis, `?sslrootcert=FILE` for PostgreSQL"
        )
    return None


def _hosts(host: str | None, query: Mapping[str, Any]) -> Iterable[str]:
    """Return every host to which PostgreSQL's client may connect."""
    if "service" in query:
        yield "a host that is named elsewhere"
    named = [host, query.get("host"), query.get("hostaddr")]
    for value in named if any(named) else (os.environ.get("PGHOST"),):
        for one in value if isinstance(value, tuple) else (value,):
            yield from (one or "").split(",")


def _authorities() -> str | None:
    """Return the file of those whose certificates are believed; None to leave it to the client."""
    with suppress(RuntimeError):
        if Path("~/.postgresql/root.crt").expanduser().exists():
            return None
    # The client's own OpenSSL was built elsewhere and looks for this machine's file in vain.
    return os.environ.get("PGSSLROOTCERT") or ssl.get_default_verify_paths().cafile or "system"


def url_parts(url: str, which: str) -> SplitResult:
    """Take a URL apart; raise InputError, which does not repeat it, for what is no URL."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        # Not repeated: it may hold a password.
        raise InputError(
            f"RUNNER_{which}_URL is not a valid URL",
            "a URL with special characters percent-encoded, for example %5B for [",
            f"correct RUNNER_{which}_URL, or put the password into RUNNER_{which}_PASSWORD_FILE",
        ) from None
    return parts


def _parts(url: str, which: str) -> tuple[str, dict[str, str]]:
    parts = url_parts(url, which)
    return parts.hostname or "", dict(parse_qsl(parts.query))


def _check_database_number(url: str) -> None:
    """Raise InputError for a database of Redis that is no number; Celery would only find it out."""
    name = url_parts(url, "BROKER").path.strip("/")
    if name and not name.isdecimal():
        raise InputError(
            f"RUNNER_BROKER_URL names the database {name[:20]!r}",
            "the number of a Redis database, as in redis://HOST:6379/0",
            "correct RUNNER_BROKER_URL",
        )


def _plaintext(name: str, encrypted: str) -> InputError:
    return InputError(
        f"{name} names another host, and the connection would not be encrypted",
        f"an encrypted connection: {encrypted}",
        f"correct {name}, or {_ALLOW}",
    )
