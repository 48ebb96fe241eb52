"""`runner flower`: a real Flower, asked by real HTTP requests."""

import base64
import http.client
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from runner.cli.web.flower import flower as flower_command
from runner.errors import InputError
from tests.acceptance.command_line import Runner
from tests.broker_server import Broker
from tests.processes import end, unused_port, wait_until

SHUTDOWN = "/api/worker/shutdown/worker1@host"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
# The first is the question of the table of tasks.
QUESTION = "draw=1&start=0&length=10&search[value]=&order[0][column]=0&order[0][dir]=asc"
QUESTION += "&columns[0][data]=name"


class Dashboard:
    """A Flower that runs, and its login."""

    def __init__(self, port: int, login: str) -> None:
        self.port = port
        self.login = {"Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"}

    def ask(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: str = ""
    ) -> http.client.HTTPResponse:
        """Send one request and return the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request(method, path, body or None, headers or {})
        return connection.getresponse()

    def status(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: str = ""
    ) -> int:
        """Send one request with the login and return the answer's status."""
        return self.ask(method, path, self.login | (headers or {}), body).status


@contextmanager
def flower(directory: Path, broker: Broker, *options: str, **variables: str) -> Iterator[Dashboard]:
    """Run Flower until the block ends."""
    runner = Runner(directory, RUNNER_BROKER_URL=broker.url, **variables)
    port = unused_port()
    process = runner.start("flower", "--port", str(port), *options)
    log = directory / "flower.log"
    dashboard = Dashboard(port, "")

    def answers() -> bool:
        assert process.poll() is None, log.read_text()
        try:
            return dashboard.ask("GET", "/healthcheck").status == 200
        except OSError:
            return False

    try:
        wait_until(answers, explain=log.read_text)
        file = directory / "login"
        if not file.exists():
            file = directory / "results" / "run" / "flower_login"
        yield Dashboard(port, file.read_text().strip())
    finally:
        end(process)
    assert process.returncode == 0, log.read_text()


@pytest.fixture(scope="module")
def module_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """Offer one broker to all the Flowers here."""
    broker = Broker(tmp_path_factory.mktemp("broker"))
    yield broker
    broker.close()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Offer the directory in which Flower runs."""
    return tmp_path_factory.mktemp("flower")


@pytest.fixture(scope="module")
def dashboard(home: Path, module_broker: Broker) -> Iterator[Dashboard]:
    """Offer one Flower, started as a person starts it, to all the tests that only ask."""
    with flower(home, module_broker) as dashboard:
        yield dashboard


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/workers", "/tasks", "/broker", "/metrics", "/static/favicon.ico"),
        *("/api/workers", "/api/tasks", "/api/task/types", "/api/queues/length"),
    ],
)
def test_what_it_shows_it_shows_to_those_who_have_the_login(
    dashboard: Dashboard, path: str
) -> None:
    stranger = dashboard.ask("GET", path)
    assert stranger.status == 401
    assert b"login" in stranger.read()
    assert dashboard.status("GET", path) == 200


@pytest.mark.parametrize("path", [SHUTDOWN, "/tasks/datatable", "/nothing", "/login"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD"])
def test_a_stranger_learns_nothing(dashboard: Dashboard, method: str, path: str) -> None:
    assert dashboard.ask(method, path).status == 401


def test_a_wrong_login_is_no_login(dashboard: Dashboard) -> None:
    for given in ("Basic", "Basic !", "Basic cnVubmVyOg==", "Bearer x", "Basic w6Q6w6Q="):
        assert dashboard.status("GET", "/workers", {"Authorization": given}) == 401


@pytest.mark.parametrize(
    "path",
    [SHUTDOWN]
    + [f"/api/worker/pool/{what}/w@h" for what in ("restart", "grow", "shrink", "autoscale")]
    + [f"/api/worker/queue/{what}/w@h" for what in ("add-consumer", "cancel-consumer")]
    + [f"/api/task/{what}/train" for what in ("apply", "async-apply", "send-task", "abort")]
    + [f"/api/task/{what}/train" for what in ("timeout", "rate-limit", "revoke", "result")],
)
def test_nothing_can_be_changed_even_with_the_login(dashboard: Dashboard, path: str) -> None:
    for headers in (FORM, {"Content-Type": "text/plain"}, {"Content-Type": "application/json"}):
        assert dashboard.status("POST", path, headers, '{"args": [6]}') == 403
    assert dashboard.status("GET", path) == 403
    assert dashboard.status("POST", f"//{path}") == 403


def test_the_table_of_tasks_is_still_filled(dashboard: Dashboard) -> None:
    assert dashboard.status("POST", "/tasks/datatable", FORM, QUESTION) == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:5555"},
        {"Host": "10.1.2.3"},
        {"Host": "localhost.evil.example"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
    ],
)
def test_pages_of_other_sites_are_refused(dashboard: Dashboard, headers: dict[str, str]) -> None:
    assert dashboard.status("GET", "/api/workers", headers) == 403
    assert dashboard.status("POST", "/tasks/datatable", FORM | headers, QUESTION) == 403


def test_a_form_of_another_site_is_refused_also_without_an_origin(dashboard: Dashboard) -> None:
    headers = FORM | {"Sec-Fetch-Site": "cross-site"}
    assert dashboard.status("POST", "/tasks/datatable", headers, QUESTION) == 403


def test_its_own_names_are_known(dashboard: Dashboard) -> None:
    for name in ("localhost", f"LOCALHOST:{dashboard.port}", "[::1]:5555", "127.0.0.1"):
        assert dashboard.status("GET", "/workers", {"Host": name}) == 200
    own = {"Origin": f"http://127.0.0.1:{dashboard.port}"}
    assert dashboard.status("POST", "/tasks/datatable", FORM | own, QUESTION) == 200


def test_no_other_site_may_read_or_frame_it(dashboard: Dashboard) -> None:
    answer = dashboard.ask("GET", "/api/workers", dashboard.login)
    names = {name.lower() for name in answer.headers}
    assert not {name for name in names if name.startswith("access-control-")}
    assert answer.headers["X-Frame-Options"] == "DENY"


def test_the_login_is_shown_once_and_kept_for_its_owner(home: Path, dashboard: Dashboard) -> None:
    kept = home / "results" / "run" / "flower_login"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    password = kept.read_text().strip().partition(":")[2]
    assert (home / "flower.log").read_text().count(password) == 1
    assert f"http://127.0.0.1:{dashboard.port}/" in (home / "flower.log").read_text()


def test_a_start_without_workers_is_quiet(home: Path, dashboard: Dashboard) -> None:
    assert dashboard.status("GET", "/workers") == 200
    assert len((home / "flower.log").read_text().splitlines()) == 1


def test_a_port_in_use_is_said_in_three_lines(
    home: Path, dashboard: Dashboard, module_broker: Broker
) -> None:
    runner = Runner(home, RUNNER_BROKER_URL=module_broker.url)
    refused = runner("flower", "--port", str(dashboard.port), code=2)
    assert f"cannot listen on 127.0.0.1:{dashboard.port}: Address already in use" in refused.stderr
    assert "--port" in refused.stderr
    assert len(refused.stderr.splitlines()) == 3


def test_actions_and_other_names_are_there_for_who_asks_for_them(
    tmp_path: Path, module_broker: Broker
) -> None:
    login = tmp_path / "login"
    login.write_text("mé:p w:\"'\n")
    options = ["--allow-actions", "--allow-host", "Dashboard.example"]
    variables = {"RUNNER_FLOWER_LOGIN_FILE": str(login)}
    with flower(tmp_path, module_broker, *options, **variables) as dashboard:
        assert dashboard.status("GET", "/workers", {"Host": "dashboard.example"}) == 200
        assert dashboard.ask("POST", SHUTDOWN).status == 401
        unknown = dashboard.ask("POST", SHUTDOWN, dashboard.login)
        assert unknown.status == 404
        assert b"Unknown worker" in unknown.read()
        foreign = {"Origin": "http://evil.example", "Content-Type": "text/plain"}
        assert dashboard.status("POST", SHUTDOWN, foreign) == 403
    assert "p w" not in (tmp_path / "flower.log").read_text()


@pytest.mark.parametrize("content", ["", "\n", "name\n", ":password\n", "a:b\nc:d\n"])
def test_a_file_without_a_login_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "login").write_text(content)
    environment = {"RUNNER_BROKER_URL": "redis://127.0.0.1:1/0"}
    for name, words in (("login", "has another format"), ("none", "cannot be read")):
        command = ["--login-file", str(tmp_path / name)]
        error = CliRunner().invoke(flower_command, command, env=environment).exception
        assert isinstance(error, InputError)
        assert words in error.what
