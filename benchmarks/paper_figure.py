"""Draw the paper's accuracies and ours, from the table in docs/reproduction.md.

`python -m benchmarks.paper_figure` writes docs/figures/reproduction.png. It has the accuracies at
full size whose verdict is inside or outside.
"""

from collections.abc import Iterator
from pathlib import Path

from runner.reports.figures.intervals import Compared, draw_intervals
from runner.reports.model import Figure

PAGE, PICTURE = Path("docs/reproduction.md"), Path("docs/figures/reproduction.png")
HEAD = "| ID | output | paper | ours | interval, 95 % | verdict | scale |"
TITLE = "The paper's accuracies and ours, CIFAR-10 (JPEG copy), full size"


def main() -> None:
    """Write the figure."""
    PICTURE.write_bytes(drawn(PAGE.read_text()).content)
    print(f"written: {PICTURE}")


def drawn(page: str) -> Figure:
    """Return the figure of the accuracies in a page."""
    return draw_intervals(TITLE, "the paper's value", list(accuracies(page)))


def accuracies(page: str) -> Iterator[Compared]:
    """Yield the rows of the table that have an accuracy at full size."""
    table = page.partition(HEAD)[2].partition("\n\n")[0]
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        name, output, paper, ours, interval, verdict, scale = cells if len(cells) == 7 else [""] * 7
        if verdict in ("inside", "outside") and scale.startswith("full"):
            low, high = (float(end) for end in interval.split(" to "))
            inside = verdict == "inside"
            yield Compared(
                f"{name}: {output}", float(ours), [low, high], float(paper), inside=inside
            )


if __name__ == "__main__":
    main()
