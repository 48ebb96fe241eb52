"""What a benchmark measured has one section of the page, and a loss of speed is seen."""

from pathlib import Path

from benchmarks.quick import lost
from benchmarks.record import Measured, Record, record, write

MADE = Record("python -m benchmarks lime", "2 cores", "python 3.11", "commit 0", "2026-11-29")


def measured(value: str) -> Measured:
    return Measured("Explanations", ("", "median s"), [["this project", value]], note="By turns.")


def test_a_part_takes_the_place_of_what_was_measured_of_it_before(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text("# Performance\n\nHow to measure.\n")
    write("lime", measured("0.50"), MADE, page)
    write("sweep", measured("60"), MADE, page)
    write("lime", measured("0.25"), MADE, page)
    text = page.read_text()
    assert text.startswith("# Performance\n\nHow to measure.\n")
    assert "| this project | 0.25 |" in text
    assert "0.50" not in text
    assert "| this project | 60 |" in text
    assert text.count("2 cores; python 3.11; commit 0; 2026-11-29") == 2


def test_only_a_ratio_that_fell_by_more_than_a_fifth_is_a_loss() -> None:
    stored = {"slower": 10.0, "a little": 10.0, "faster": 10.0, "gone": 1.0}
    found = {"slower": 7.9, "a little": 8.1, "faster": 20.0, "new": 1.0}
    assert lost(stored, found) == ["slower: 7.90, stored 10.00", "gone: 0.00, stored 1.00"]


def test_the_command_names_a_data_set_without_its_directory() -> None:
    made = record(["lime", "--dataset", "zip:pictures/my images.zip", "--images", "3"])
    assert made.command == "python -m benchmarks lime --dataset 'zip:my images.zip' --images 3"
