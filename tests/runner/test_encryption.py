"""Connections to other hosts are encrypted and verified, or refused before anything connects."""

import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from runner.errors import InputError, UnavailableError
from runner.queue.app import broker_facts, make_app
from runner.settings import Settings
from runner.store.engine import Store, StoreUnavailable
from runner.store.url import database_url
from tests.broker_server import Broker
from tests.postgresql_server import PostgresqlServer
from tests.tls import make_certificate, tls_front

REDIS, POSTGRESQL = "RUNNER_BROKER_URL", "RUNNER_DATABASE_URL"


def settings(name: str, url: str, **more: str) -> Settings:
    """Return the settings with one URL in the environment."""
    return Settings.from_environment({name: url, **more})


@pytest.mark.parametrize(
    ("name", "url"),
    [
        (REDIS, "redis://broker:6379/0"),
        (REDIS, "redis://:password@10.0.0.1:6379/0"),
        (REDIS, "redis://[2001:db8::1]/0"),
        (REDIS, "redis://127.0.0.1:6379/0;redis://broker:6379/0"),
        (REDIS, "redis://localhost.example.org/0"),
        (POSTGRESQL, "postgresql://runner@database/runner?sslmode=disable"),
        (POSTGRESQL, "postgresql://runner@10.0.0.1/runner?sslmode=prefer"),
        (POSTGRESQL, "postgresql://runner@/runner?host=database&sslmode=allow"),
        (POSTGRESQL, "postgresql://runner@localhost/runner?hostaddr=10.0.0.1&sslmode=prefer"),
    ],
)
def test_plain_connections_to_other_hosts_have_to_be_allowed(name: str, url: str) -> None:
    with pytest.raises(InputError, match=name) as refused:
        settings(name, url)
    assert "RUNNER_ALLOW_PLAINTEXT=1" in refused.value.fix
    assert "password" not in str(refused.value)
    settings(name, url, RUNNER_ALLOW_PLAINTEXT="1")
    with pytest.raises(InputError, match="RUNNER_ALLOW_PLAINTEXT='yes'"):
        settings(name, url, RUNNER_ALLOW_PLAINTEXT="yes")


@pytest.mark.parametrize(
    ("name", "url"),
    [
        (REDIS, "redis://localhost:6379/0"),
        (REDIS, "redis://127.0.0.2:6379/0"),
        (REDIS, "redis://[::1]:6379/0"),
        (REDIS, "redis+socket:///run/redis.sock"),
        (REDIS, "rediss://broker:6379/0"),
        (POSTGRESQL, "postgresql://runner@localhost/runner?sslmode=disable"),
        (POSTGRESQL, "postgresql://runner@/runner?host=/run/postgresql&sslmode=disable"),
        (POSTGRESQL, "postgresql://runner@database/runner?sslmode=require"),
    ],
)
def test_local_and_encrypted_connections_need_no_permission(name: str, url: str) -> None:
    settings(name, url)


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("rediss://broker/0?ssl_cert_reqs=perhaps", "ssl_cert_reqs=perhaps"),
        ("rediss://broker/0?ssl_ca_certs=/none.pem", "/none.pem"),
        ("http://broker", "http"),
        ("amqp://broker", "amqp"),
        ("redis://:secret[@broker", "not a valid URL"),
    ],
)
def test_a_broker_url_that_cannot_work_is_refused(url: str, word: str) -> None:
    with pytest.raises(InputError) as refused:
        settings(REDIS, url)
    assert word in refused.value.what
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("query", "mode"),
    [
        ("", "verify-full"),
        ("?sslmode=require", "require"),
        ("?sslmode=verify-ca&sslrootcert=/ca.pem", "verify-ca"),
    ],
)
def test_postgresql_on_another_host_verifies_unless_the_url_says_otherwise(
    query: str, mode: str
) -> None:
    url = settings(POSTGRESQL, f"postgresql://runner@database/runner{query}").database_url
    said = database_url(url).query
    assert said["sslmode"] == mode
    assert ("sslrootcert" in said) == mode.startswith("verify")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Offer a certificate for this machine's address and one for another name."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    directory = tmp_path_factory.mktemp("certificates")
    here = make_certificate(directory / "here.pem", "IP:127.0.0.1,DNS:database.example")
    return here, make_certificate(directory / "other.pem", "DNS:other.example")


@pytest.fixture
def broker_ports(certificates: tuple[Path, Path], broker: Broker) -> Iterator[list[int]]:
    """Offer the ports on which a broker shows either certificate."""
    port = broker.client.connection_pool.connection_kwargs["port"]

    def connect() -> socket.socket:
        return socket.create_connection(("127.0.0.1", port))

    here, other = certificates
    with tls_front(here, connect) as first, tls_front(other, connect) as second:
        yield [first, second]


def test_rediss_believes_only_a_certificate_that_is_known_and_of_this_host(
    broker_ports: list[int], certificates: tuple[Path, Path]
) -> None:
    def version(port: int, query: str = "") -> str:
        url = settings(REDIS, f"rediss://127.0.0.1:{port}/0{query}").broker_url or ""
        return str(broker_facts(make_app(url))["redis_version"])

    here, other = certificates
    good, foreign = broker_ports
    for port, query in (
        (good, ""),
        (good, f"?ssl_ca_certs={other}"),
        (foreign, f"?ssl_ca_certs={other}"),
    ):
        with pytest.raises(UnavailableError, match="CERTIFICATE_VERIFY_FAILED") as refused:
            version(port, query)
        assert "ssl_ca_certs" in refused.value.fix
    assert version(good, f"?ssl_ca_certs={here}")
    assert version(foreign, f"?ssl_ca_certs={other}&ssl_check_hostname=false")
    assert version(good, "?ssl_cert_reqs=none")


def test_postgresql_believes_only_a_certificate_that_is_known_and_of_this_host(
    postgresql_server: PostgresqlServer, certificates: tuple[Path, Path]
) -> None:
    here, other = certificates
    directory = str(make_url(postgresql_server.url()).query["host"])

    def connect() -> socket.socket:
        upstream = socket.socket(socket.AF_UNIX)
        upstream.connect(f"{directory}/.s.PGSQL.5432")
        return upstream

    def revision(port: int, query: str = "") -> str | None:
        # A name that leads to this machine, and no name of this machine.
        host = f"postgres@database.example:{port}/postgres?hostaddr=127.0.0.1"
        store = Store(settings(POSTGRESQL, f"postgresql://{host}{query}").database_url)
        try:
            return store.revision()
        finally:
            store.close()

    with tls_front(here, connect, True) as good, tls_front(other, connect, True) as foreign:
        for port, query in ((good, ""), (foreign, f"&sslrootcert={other}")):
            with pytest.raises(StoreUnavailable) as refused:
                revision(port, query)
            assert "sslrootcert" in refused.value.fix
        assert revision(good, f"&sslrootcert={here}") is None
        assert revision(foreign, "&sslmode=require") is None


def test_a_postgresql_that_offers_no_tls_is_told_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        url = f"postgresql://runner@database.example:{port}/runner?hostaddr=127.0.0.1"
        store = Store(settings(POSTGRESQL, f"{url}&connect_timeout=5").database_url)

        def refuse_tls() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(8)
                connection.sendall(b"N")
                said.append(connection.recv(100))

        said: list[bytes] = []
        thread = threading.Thread(target=refuse_tls)
        thread.start()
        with pytest.raises(StoreUnavailable) as refused:
            store.revision()
        thread.join()
    assert said == [b""]
    assert "RUNNER_ALLOW_PLAINTEXT=1" in refused.value.fix
