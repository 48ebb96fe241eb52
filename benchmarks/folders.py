"""Where measurements keep what they made: for themselves, and in the project for all."""

from pathlib import Path

KEPT = Path("results/benchmarks")
REFERENCE = Path(__file__).parent.parent / "results" / "reference"
