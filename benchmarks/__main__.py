"""`python -m benchmarks PART [OPTION...]`: measure one part and write its table into the docs."""

import sys
from importlib import import_module

from benchmarks.record import record, write

# Each module has `measure(arguments)`, which returns a `Measured`.
PARTS = {
    "booking": "benchmarks.booking",
    "epochs": "benchmarks.epochs",
    "lime": "benchmarks.explanation",
    "scale": "benchmarks.scale",
    "sweep": "benchmarks.sweep",
}


def main() -> None:
    """Measure the part that is named."""
    if len(sys.argv) < 2 or sys.argv[1] not in PARTS:
        sys.exit(f"error: no part is named\n  expected: one of {', '.join(PARTS)}")
    part, *arguments = sys.argv[1:]
    made = record(sys.argv[1:])
    measured = import_module(PARTS[part]).measure(arguments)
    print(measured.as_markdown(), flush=True)
    write(part, measured, made)


if __name__ == "__main__":
    main()
