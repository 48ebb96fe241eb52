"""A curve as blocks: lowest to highest, the last block the last epoch, never wider than a cell."""

from runner.reports.formats.terminal import BLOCKS, MOST_BLOCKS, sparkline


def test_the_lowest_and_the_highest_block_are_the_ends_of_the_scale() -> None:
    assert sparkline([0.0, 0.5, 1.0], 0, 1) == BLOCKS[0] + BLOCKS[4] + BLOCKS[-1]
    assert sparkline([0.2, 0.2], 0.2, 0.2) == BLOCKS[4] * 2
    assert sparkline([], 0, 0) == ""


def test_many_epochs_are_as_many_blocks_as_fit_and_the_last_is_the_last() -> None:
    drawn = sparkline([*[0.0] * 99, 1.0], 0, 1)
    assert drawn == BLOCKS[0] * (MOST_BLOCKS - 1) + BLOCKS[-1]
