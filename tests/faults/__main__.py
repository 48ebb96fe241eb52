"""Run the tests of faults, two files at a time: `make faults`. Most of their time is waiting."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

AT_ONCE = 2
ROOT = Path(__file__).parents[2]
# The longest first, so that the two end at about the same time.
LONGEST = (
    *("test_hosts", "test_messages", "test_death", "test_outages", "test_stopping"),
    *("test_trouble", "test_submission"),
)


def files() -> list[Path]:
    """Return the files with tests that are marked as faults."""
    marked = [path for path in ROOT.glob("tests/**/test_*.py") if "mark.faults" in path.read_text()]
    places = {name: place for place, name in enumerate(LONGEST)}
    return sorted(marked, key=lambda path: (places.get(path.stem, len(LONGEST)), path.stem))


def run(path: Path) -> bool:
    """Run one file's tests; print what came of them, and return whether all passed."""
    command = [sys.executable, "-m", "pytest", "-m", "faults", "--durations=0", "-rA", str(path)]
    ended = subprocess.run(
        command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    print(ended.stdout, flush=True)
    return ended.returncode == 0


def main() -> int:
    """Run all files; return an exit code."""
    began = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = files()
        passed = list(pool.map(run, found))
    for path, good in zip(found, passed, strict=True):
        print(f"{'passed' if good else 'FAILED'}  {path.relative_to(ROOT)}")
    print(f"{time.monotonic() - began:.0f} s in all")
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
