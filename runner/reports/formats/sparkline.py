"""A curve in a line of text: one block for each epoch, the higher the better to see."""

from collections.abc import Sequence

BLOCKS = "▁▂▃▄▅▆▇█"

MOST_BLOCKS = 24


def sparkline(values: Sequence[float], low: float, high: float) -> str:
    """Return blocks whose heights lie between two values; of many epochs, as many as fit a cell.

    Each block is the last of the epochs that it stands for, and the last block the last epoch.
    """
    count = min(len(values), MOST_BLOCKS)
    shown = [values[len(values) * (place + 1) // count - 1] for place in range(count)]
    return "".join(_block(value, low, high) for value in shown)


def _block(value: float, low: float, high: float) -> str:
    if high <= low:
        return BLOCKS[len(BLOCKS) // 2]
    share = (value - low) / (high - low)
    return BLOCKS[min(int(share * len(BLOCKS)), len(BLOCKS) - 1)]
