"""The rules for names, tags and notes of experiments."""

from collections.abc import Iterable
from dataclasses import dataclass
from unicodedata import normalize

from cifar_model.errors import shown
from runner.errors import InputError

# No database has trouble with one of that length.
LONGEST = 200
LONGEST_NOTE = 10_000
MOST_TAGS = 100


@dataclass(frozen=True, slots=True)
class Label:
    """The name, tags and note of an experiment, checked."""

    name: str | None = None
    tags: tuple[str, ...] = ()
    note: str | None = None


NO_LABEL = Label()


def composed(word: str) -> str:
    """Return a word in Unicode's NFC: an accented letter is one character, however it is typed."""
    return normalize("NFC", word)


def spellings(word: str) -> tuple[str, str]:
    """Return what finds a word in the store: as it is typed, for earlier versions, and composed."""
    return word, composed(word)


def read_label(name: str | None, tags: Iterable[str], note: str | None) -> Label:
    """Return what was given, checked; tags that are given twice count once."""
    return Label(
        None if name is None else read_name(name),
        read_tags(tags),
        None if note is None else read_note(note),
    )


def read_name(name: str) -> str:
    """Return a name that is valid; raise InputError for one that could be taken for a number."""
    if name.strip().isdigit():
        raise InputError(
            f"--name {shown(name)} is a number",
            "a name that cannot be confused with the number of an experiment",
            "add a letter to --name",
        )
    return _read_word("--name", name)


def read_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Return tags that are valid, each once and in order."""
    found = tuple(sorted({_read_word("--tag", tag) for tag in tags}))
    if len(found) > MOST_TAGS:
        raise InputError(
            f"{len(found)} tags are too many", f"at most {MOST_TAGS}", "leave out some of them"
        )
    return found


def read_note(note: str) -> str:
    """Return a note that is valid; it may have several lines."""
    readable = all(sign.isprintable() or sign in "\n\t" for sign in note)
    if not (readable and note.strip() and len(note) <= LONGEST_NOTE):
        raise InputError(
            f"--note {shown(note)} is not valid" if note else "--note is empty",
            f"1 to {LONGEST_NOTE:,} printable characters in UTF-8; line breaks are allowed",
            "correct --note; `runner edit EXPERIMENT --clear-note` removes a note",
        )
    return note


def read_printable(option: str, word: str) -> str:
    """Return a word that is not empty and can be printed."""
    blank = isinstance(word, str) and not word.strip()
    if blank or not (isinstance(word, str) and word.isprintable() and len(word) <= LONGEST):
        raise InputError(
            f"{option} is empty" if blank else f"{option} {shown(word)} is not valid",
            f"1 to {LONGEST} printable characters in UTF-8",
            f"correct {option}; a shell variable that is not set is empty",
        )
    return word


def _read_word(option: str, word: str) -> str:
    read_printable(option, word)
    if word != word.strip() or word.startswith("-"):
        raise InputError(
            f"{option} {shown(word)} begins with a hyphen, or begins or ends with a space",
            "a word that can be typed as an argument",
            f"correct {option}",
        )
    return composed(word)
