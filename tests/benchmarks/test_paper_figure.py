"""The figure of the paper's accuracies and ours is that of the table on the page."""

from benchmarks.paper_figure import PAGE, PICTURE, accuracies, drawn


def test_the_figure_is_that_of_the_table() -> None:
    page = PAGE.read_text()
    found = list(accuracies(page))
    assert len(found) >= 7, "the table is read"
    assert all(one.interval[0] <= one.value <= one.interval[1] for one in found)
    assert all((one.interval[0] <= one.other <= one.interval[1]) == one.inside for one in found)
    made = drawn(page).content
    assert made == PICTURE.read_bytes(), "run `python -m benchmarks.paper_figure`"
