"""`make bench-quick`: compare the ratios, measured small and in minutes, with the stored ones.

python -m benchmarks.quick [--store]

Each ratio says how many times as long as this project something else takes. If one is more than
20 % smaller than the stored one, this project got slower, and the exit code is 1.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path

from benchmarks import explanation, sweep
from benchmarks.record import record

STORED = Path(__file__).with_name("quick.json")
LOSS = 0.2

LIME = ["--epochs=1", "--filters=8", "--images=4", "--samples=500", "--train-size=500"]
SWEEP = ["--images=300", "--trials=4", "--rounds=2", "--peers"]


def ratios() -> dict[str, float]:
    """Measure all parts, small."""
    parts = {"lime": explanation.measure(LIME), "sweep": sweep.measure(SWEEP)}
    return {
        f"{part}: {name}": ratio
        for part, measured in parts.items()
        for name, ratio in measured.ratios.items()
    }


def lost(stored: Mapping[str, float], found: Mapping[str, float]) -> list[str]:
    """Return a line for each ratio that fell by more than it may."""
    return [
        f"{name}: {found.get(name, 0):.2f}, stored {ratio:.2f}"
        for name, ratio in stored.items()
        if found.get(name, 0) < (1 - LOSS) * ratio
    ]


def main() -> None:
    """Measure; store the ratios, or compare them with the stored ones."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", action="store_true", help="these are the ratios from now on")
    given = parser.parse_args()
    made, found = record(["quick"]), ratios()
    if given.store:
        rounded = {name: round(ratio, 3) for name, ratio in found.items()}
        contents = {"measured": made.as_text(), "ratios": rounded}
        STORED.write_text(json.dumps(contents, indent=2) + "\n")
        return
    slower = lost(json.loads(STORED.read_text())["ratios"], found)
    for name, ratio in found.items():
        print(f"{name}: {ratio:.2f}")
    if slower:
        sys.exit("\n".join([f"error: more than {LOSS:.0%} slower than what is stored:", *slower]))


if __name__ == "__main__":
    main()
