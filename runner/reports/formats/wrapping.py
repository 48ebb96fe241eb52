"""Text in the columns of a terminal: measured, wrapped and shortened."""

from collections.abc import Iterator

from wcwidth import wcswidth, wcwidth

ELLIPSIS = "…"

# Where a word that is too wide for a line may be broken, and a text be shortened.
BREAKS = " _-/,;"


def width_of(text: str) -> int:
    """Return the number of columns that a text takes; East Asian characters take two."""
    width = wcswidth(text)
    return width if width >= 0 else len(text)


def wrapped(text: str, width: int) -> list[str]:
    """Return a text as lines of at most `width` columns.

    Lines keep their indentation. A word is broken only if it alone is wider than a line.
    """
    return [line for paragraph in text.split("\n") for line in _lines(paragraph, width)]


def _lines(paragraph: str, width: int) -> Iterator[str]:
    if width_of(paragraph) <= width:
        yield paragraph
        return
    indent = " " * min(len(paragraph) - len(paragraph.lstrip(" ")), width // 2)
    line = ""
    for word in paragraph.split():
        for piece in _pieces(word, width - len(indent)):
            joined = f"{line} {piece}" if line else f"{indent}{piece}"
            if line and width_of(joined) > width:
                yield line
                joined = f"{indent}{piece}"
            line = joined
    yield line


def _pieces(word: str, width: int) -> Iterator[str]:
    """Yield the parts of a word, none wider than a line; a path is broken after a slash."""
    while width_of(word) > width:
        end = _end(word, width)
        end = word.rfind("/", 1, end) + 1 or end
        yield word[:end]
        word = word[end:]
    yield word


def _end(text: str, width: int) -> int:
    """Return how many characters of a text fit; at least one."""
    taken = 0
    for place, character in enumerate(text):
        taken += max(0, wcwidth(character))
        if taken > width:
            return max(1, place)
    return len(text)


def shortened(text: str, width: int) -> str:
    """Return a text that fits, cut after a word if that keeps at least half of the width."""
    if width_of(text) <= width:
        return text
    cut = text[: _end(text, width - 1)]
    if text[len(cut)] not in BREAKS:
        boundary = max(cut.rfind(character) for character in BREAKS) + 1
        if width_of(cut[:boundary].rstrip()) >= width // 2:
            cut = cut[:boundary]
    return f"{cut.rstrip()}{ELLIPSIS}"


def padded(text: str, width: int, *, right: bool = False) -> str:
    """Return a text with spaces added up to a width, after it or (`right`) before it."""
    spaces = " " * (width - width_of(text))
    return spaces + text if right else text + spaces
