"""Run every command of docs/deployment.md, in its order, twice, on a Docker engine.

`python3 tests/acceptance/deployment.py` needs git, openssl, bash, docker with compose, and
some minutes. It works in a clone of this repository, under a strict umask; nothing of a deployment
may be there beforehand. It uses nothing but the standard library.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SECONDS = 1800
# Parts of the page that ask for more than one host with a processor.
ELSEWHERE = {
    "### GPUs": "needs NVIDIA's driver",
    "## More hosts": "needs further hosts",
}
ONE_SHOT = {"migrate"}


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
            sys.exit(said[-5000:])
        return said

    def say(self, words: str) -> None:
        """Print a line at once."""
        print(words, flush=True)  # noqa: T201

    def containers(self) -> dict[str, dict[str, str]]:
        """Return the containers by name."""
        command = ["docker", "compose", "ps", "--all", "--format", "json"]
        said = subprocess.run(command, cwd=self.directory, capture_output=True, check=True).stdout
        return {row["Name"]: row for row in map(json.loads, said.splitlines())}

    def wait(self, what: str, condition: Callable[[], bool], seconds: float = 900) -> None:
        """Wait for a condition; end the program if it does not come."""
        started = time.monotonic()
        while not condition():
            if time.monotonic() - started > seconds:
                self.say(json.dumps(self.containers(), indent=1))
                sys.exit(f"not within {seconds:g} s: {what}")
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
        command = ["docker", "compose", "run", "--rm", "-T", "--no-deps", "cli"]
        command += ["status", "1", "--format", "json"]
        said = subprocess.run(command, cwd=self.directory, capture_output=True, check=False).stdout
        states: dict[str, int] = json.loads(said)["states"] if said else {}
        return states


def _stays(row: dict[str, str]) -> bool:
    return row["Service"] not in ONE_SHOT and "-run-" not in row["Name"]


def read_the_page(deployment: Deployment) -> None:
    """Run the commands of the page once, and what it promises between them."""
    skipped = set()
    for heading, command in commands((deployment.directory / "docs/deployment.md").read_text()):
        if heading in ELSEWHERE:
            skipped.add(heading)
            continue
        if "cifar-10-python.tar.gz" in command:
            (deployment.directory / "cifar-10-python.tar.gz").touch()
        if " pg_dump " in command or " report " in command:
            deployment.wait("a job is done", lambda: deployment.states().get("succeeded", 0) > 0)
        deployment.run(command)
        if re.search(r"compose (up|restart)", command):
            deployment.wait("all services are healthy", deployment.is_healthy)
    for heading in sorted(skipped):
        deployment.say(f"skip           {heading}: {ELSEWHERE[heading]}")
    deployment.run("docker compose run --rm cli status 1")


def check_the_promises(deployment: Deployment) -> None:
    """Check what is more than that a command ends well."""
    before = deployment.identities()
    deployment.run("docker compose up --detach")
    deployment.run("docker compose up --build --detach")
    if deployment.identities() != before:
        sys.exit(f"made anew without a change: {before} {deployment.identities()}")
    workers = [name for name in before if "worker" in name]
    if len(workers) != 2:
        sys.exit(f"CPU_WORKERS=2 did not last: {workers}")
    if (deployment.directory / "reports" / "reports").exists():
        sys.exit("copying the reports a second time made a folder inside the first")
    deployment.run("docker compose stop redis")
    deployment.wait(
        "workers are unhealthy without Redis",
        lambda: all(deployment.containers()[name]["Health"] == "unhealthy" for name in workers),
    )
    deployment.run("docker compose start redis")
    deployment.wait("and healthy with it", deployment.is_healthy)
    states = deployment.states()
    if states["failed"] or states["cancelled"]:
        jobs = deployment.run("docker compose run --rm -T --no-deps cli status 1")
        sys.exit(f"jobs failed: {states}\n{jobs}")
    logs = deployment.run("docker compose logs --no-color")
    noise = re.compile(
        "cuInit|cuda drivers|oneDNN|font|Inspect method|DeprecationWarning|Traceback", re.IGNORECASE
    )
    if found := [line for line in logs.splitlines() if noise.search(line)]:
        sys.exit("noise in the logs:\n" + "\n".join(found[:20]))


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
