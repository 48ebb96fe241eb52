"""Run every command of docs/deployment.md, in its order, twice, on a Docker engine.

Then check what the page promises of the containers: see `check_the_promises`.

`python3 tests/acceptance/deployment.py` needs git, openssl, bash, docker with compose, and
some minutes. It works in a clone of this repository, under a strict umask; nothing of a deployment
may be there beforehand. It uses nothing but the standard library.
"""

import base64
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).resolve().parent.parent.parent
SECONDS = 1800
# Parts of the page that ask for more than one host with a processor.
ELSEWHERE = {
    "### GPUs": "needs NVIDIA's driver",
    "## More hosts": "needs further hosts",
}
ONE_SHOT = {"migrate"}
KILLS = 3
LEASE_SECONDS = 60
FLOWER = "http://127.0.0.1:5555"
# Of a job that runs: how often it was begun, in which container, and the epochs since.
RUNNING = """
SELECT attempts.number, split_part(workers.host, '/', 1), count(epochs.epoch)
FROM jobs JOIN attempts ON attempts.job_id = jobs.id
JOIN workers ON workers.name = attempts.worker
LEFT JOIN epochs ON epochs.job_id = jobs.id AND epochs.attempt = attempts.number
WHERE attempts.state = 'running' AND jobs.experiment_id = %d GROUP BY 1, 2
"""


def commands(page: str) -> Iterator[tuple[str, str]]:
    """Return the page's commands, each with the heading that it is under."""
    heading, inside = "", False
    for line in page.splitlines():
        if line.startswith("```"):
            inside = line == "```console"
        elif not inside and line.startswith("#"):
            heading = line
        elif inside and line.startswith("$ "):
            yield heading, line.removeprefix("$ ")


class Deployment:
    """A clone in which commands are run."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def run(self, command: str) -> str:
        """Run a command as the page has it; return what it prints, or end with what went wrong."""
        started = time.monotonic()
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.directory,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=SECONDS,
            check=False,
        )
        said = done.stdout.decode(errors="replace")
        word = "ok  " if done.returncode == 0 else "FAIL"
        self.say(f"{word} {time.monotonic() - started:6.1f} s  {command}")
        if done.returncode != 0:
            self.give_up(said[-5000:])
        return said

    def give_up(self, words: str) -> NoReturn:
        """End the program with what is wrong, and with the last words of every container."""
        for command in (["ps", "--all"], ["logs", "--no-color", "--tail", "30"]):
            self.say(self.ask("docker", "compose", *command))
        sys.exit(words)

    def ask(self, *command: str) -> str:
        """Return what a command prints that is none of the page's; it may fail."""
        done = subprocess.run(command, cwd=self.directory, capture_output=True, check=False)
        return done.stdout.decode(errors="replace").strip()

    def say(self, words: str) -> None:
        """Print a line at once."""
        print(words, flush=True)  # noqa: T201

    def containers(self) -> dict[str, dict[str, str]]:
        """Return the containers by name."""
        said = self.ask("docker", "compose", "ps", "--all", "--format", "json")
        # A list until Compose 2.20, a line for each since.
        rows = json.loads(said) if said.startswith("[") else map(json.loads, said.splitlines())
        return {row["Name"]: row for row in rows}

    def wait(self, what: str, condition: Callable[[], bool], seconds: float = 900) -> None:
        """Wait for a condition; end the program if it does not come."""
        started = time.monotonic()
        while not condition():
            if time.monotonic() - started > seconds:
                self.give_up(f"not within {seconds:g} s: {what}")
            time.sleep(5)
        self.say(f"ok   {time.monotonic() - started:6.1f} s  ({what})")

    def is_healthy(self) -> bool:
        """Tell whether all that stays is up and well."""
        return all(row["Health"] == "healthy" for row in self.containers().values() if _stays(row))

    def identities(self) -> dict[str, str]:
        """Return which container each name is, of those that stay."""
        return {name: row["ID"] for name, row in self.containers().items() if _stays(row)}

    def states(self) -> dict[str, int]:
        """Return the jobs of experiment 1, counted by state."""
        rows = self.query("SELECT state, count(*) FROM jobs WHERE experiment_id = 1 GROUP BY 1")
        return {state: int(count) for state, count in rows}

    def query(self, statement: str) -> list[list[str]]:
        """Return the rows that the database answers with."""
        psql = ("psql", "--username", "runner", "--no-align", "--tuples-only", "--command")
        said = self.ask("docker", "compose", "exec", "-T", "postgres", *psql, statement)
        return [row.split("|") for row in said.splitlines()]


def _stays(row: dict[str, str]) -> bool:
    return row["Service"] not in ONE_SHOT and "-run-" not in row["Name"]


def read_the_page(deployment: Deployment) -> None:
    """Run the commands of the page once, and what it promises between them."""
    skipped, restored = set(), "infinity"
    for heading, command in commands((deployment.directory / "docs/deployment.md").read_text()):
        if heading in ELSEWHERE:
            skipped.add(heading)
            continue
        if "cifar-10-python.tar.gz" in command:
            (deployment.directory / "cifar-10-python.tar.gz").touch()
        if " pg_dump " in command or " report " in command:
            deployment.wait("a job is done", lambda: deployment.states().get("succeeded", 0) > 0)
        deployment.run(command)
        if " pg_restore " in command:
            restored = deployment.query("SELECT now()")[0][0]
        if "docker compose up" in command:
            deployment.wait("all services are healthy", deployment.is_healthy)
    for heading in sorted(skipped):
        deployment.say(f"skip           {heading}: {ELSEWHERE[heading]}")
    deployment.run("docker compose run --rm cli status 1")
    lost = "SELECT job_id, number FROM attempts WHERE state = 'lost' AND started_at >"
    if found := deployment.query(f"{lost} '{restored}'"):
        deployment.give_up(f"lost by the page's commands, other than the restore: {found}")


def check_the_promises(deployment: Deployment) -> None:
    """Check what is more than that a command ends well."""
    check_what_lasts(deployment)
    check_limits(deployment)
    check_logins(deployment)
    check_kills(deployment)
    check_without_redis(deployment)
    check_secrets_and_logs(deployment)


def check_what_lasts(deployment: Deployment) -> None:
    """Check that nothing is made anew without a change, and that settings outlast `up`."""
    before = deployment.identities()
    deployment.run("docker compose up --detach")
    deployment.run("docker compose up --build --detach")
    if deployment.identities() != before:
        deployment.give_up(f"made anew without a change: {before} {deployment.identities()}")
    workers = [name for name in before if "worker" in name]
    if len(workers) != 2:
        deployment.give_up(f"CPU_WORKERS=2 did not last: {workers}")
    slots = {deployment.ask("docker", "exec", name, "printenv", "RUNNER_SLOTS") for name in workers}
    if slots != {"1"}:
        deployment.give_up(f"RUNNER_SLOTS=1 did not last: {slots}")
    if (deployment.directory / "reports" / "reports").exists():
        deployment.give_up("copying the reports a second time made a folder inside the first")


def check_limits(deployment: Deployment) -> None:
    """Check that the engine holds every container to limits, without rights."""
    for name, identity in deployment.identities().items():
        facts: dict[str, Any] = json.loads(deployment.ask("docker", "inspect", identity))[0]
        host = facts["HostConfig"]
        limits = f"{host['Memory'] >> 20} MB, {host['PidsLimit']} processes"
        deployment.say(f"               ({name}: {limits}, user {facts['Config']['User']})")
        user = deployment.ask("docker", "exec", identity, "id", "-u")
        if not (host["Memory"] and host["PidsLimit"] and host["ReadonlyRootfs"] and int(user)):
            deployment.give_up(f"{name} has no limit, can write to its files or runs as root")


def check_logins(deployment: Deployment) -> None:
    """Check who is let in by Flower and Redis after the passwords were changed."""
    login = (deployment.directory / "secrets" / "flower_login").read_text().strip()
    for page, given, expected in (
        ("/", None, 401),
        ("/metrics", None, 401),
        ("/api/workers", "me:wrong", 401),
        ("/", login, 200),
        ("/api/workers", login, 200),
        ("/healthcheck", None, 200),
    ):
        if (status := _answer(page, given)) != expected:
            deployment.give_up(f"Flower answered {page} with {status} in place of {expected}")
    said = deployment.ask("docker", "compose", "exec", "-T", "redis", "redis-cli", "ping")
    if "NOAUTH" not in said:
        deployment.give_up(f"Redis lets in who has no password: {said}")


def _answer(page: str, login: str | None) -> int:
    request = urllib.request.Request(FLOWER + page)  # noqa: S310 (of this host)
    if login is not None:
        given = base64.b64encode(login.encode()).decode()
        request.add_header("Authorization", f"Basic {given}")
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def check_kills(deployment: Deployment) -> None:
    """Check that the job of a killed worker is begun again without waiting for its lease."""
    cli = "docker compose run --rm -T --no-deps cli"
    long = "--dataset shapes --train-size 200 --epochs 5000 --priority 100 --format json"
    said = deployment.run(f"{cli} submit train {long}")
    experiment = json.loads(said[said.index("{") :])["experiment"]

    def running() -> tuple[int, str, int]:
        for number, container, epochs in deployment.query(RUNNING % experiment):
            return int(number), container, int(epochs)
        return 0, "", 0

    for _ in range(KILLS):
        deployment.wait("an epoch is done", lambda: running()[2] > 0)
        number, container, _epochs = running()
        # The only child of the first process is `runner worker`.
        kill = "kill -9 $(cat /proc/1/task/1/children)"
        deployment.ask("docker", "exec", container, "sh", "-c", kill)
        deployment.wait(
            "the job of a killed worker is begun again",
            lambda before=number: running()[0] > before,  # type: ignore[misc]
            LEASE_SECONDS,
        )
    deployment.run(f"{cli} cancel {experiment}")


def check_without_redis(deployment: Deployment) -> None:
    """Check that the health of workers tells that Redis is away, and that no job is lost by it."""
    workers = [name for name in deployment.identities() if "worker" in name]
    deployment.run("docker compose stop redis")
    deployment.wait(
        "workers are unhealthy without Redis",
        lambda: all(deployment.containers()[name]["Health"] == "unhealthy" for name in workers),
    )
    cli = "docker compose run --rm -T --no-deps cli"
    said = deployment.run(f"{cli} submit train --dataset shapes --epochs 1 --seed 3")
    said += deployment.run(f"{cli} recover; test $? -eq 3")
    if "Traceback" in said:
        deployment.give_up(said)
    deployment.run("docker compose start redis")
    deployment.wait("and healthy with it", deployment.is_healthy)
    states = deployment.states()
    if states.get("failed") or states.get("cancelled"):
        jobs = deployment.run("docker compose run --rm -T --no-deps cli status 1")
        deployment.give_up(f"jobs failed: {states}\n{jobs}")


def check_secrets_and_logs(deployment: Deployment) -> None:
    """Check that no password shows, and that the logs hold only what somebody needs."""
    logs = deployment.run("docker compose logs --no-color")
    shown = {"the logs": logs, "docker compose top": deployment.ask("docker", "compose", "top")}
    for name, identity in deployment.identities().items():
        shown[f"docker inspect {name}"] = deployment.ask("docker", "inspect", identity)
    for image in ("cpu", "postgres", "redis"):
        history = ("docker", "history", "--no-trunc", f"cifar-experiment-runner:{image}")
        shown[" ".join(history)] = deployment.ask(*history)
    for file in (deployment.directory / "secrets").iterdir():
        secret = file.read_text().strip().removeprefix("me:")
        if places := [place for place, words in shown.items() if secret in words]:
            deployment.give_up(f"{file.name} shows in {places}")
    noise = re.compile(
        "cuInit|cuda drivers|oneDNN|font|Inspect method|DeprecationWarning|Traceback", re.IGNORECASE
    )
    if found := [line for line in logs.splitlines() if noise.search(line)]:
        deployment.give_up("noise in the logs:\n" + "\n".join(found[:20]))


def say_what_runs(deployment: Deployment) -> None:
    """Print the engine, and which base images do not come from a registry."""
    for command in ("docker version --format '{{.Server.Version}}'", "docker compose version"):
        deployment.say(f"{command}: {deployment.run(command).strip()}")
    for image in re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE):
        inspect = ["docker", "image", "inspect", "--format", "{{.RepoDigests}}", image]
        said = subprocess.run(inspect, capture_output=True, text=True, check=False).stdout
        word = "a stand-in made on this machine" if said.strip() == "[]" else "from a registry"
        deployment.say(f"{image}: {word}")


def main() -> None:
    """Run the page twice; the second time everything is there already."""
    os.umask(0o077)
    with tempfile.TemporaryDirectory(dir=os.environ.get("DEPLOYMENT_DIR")) as directory:
        subprocess.run(["git", "clone", "--quiet", str(ROOT), f"{directory}/clone"], check=True)
        deployment = Deployment(Path(directory) / "clone")
        say_what_runs(deployment)
        try:
            for number in ("first", "second"):
                deployment.say(f"== the {number} time")
                read_the_page(deployment)
            check_the_promises(deployment)
        finally:
            deployment.run("sh docker/secrets.sh; docker compose down --volumes")


if __name__ == "__main__":
    main()
