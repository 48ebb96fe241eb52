"""SQLite's driver: pysqlite3, which has a newer SQLite than most Pythons, or Python's own.

All of this project uses the same one: two SQLites in one process release each other's locks on a
file. A version is needed whose write-ahead log is safe with several writers (dialects.wal_is_safe).
"""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
else:
    # TensorFlow contains a SQLite, too, whose functions would replace those of a library that is
    # loaded after it, unless that prefers its own.
    _flags = sys.getdlopenflags()
    sys.setdlopenflags(_flags | getattr(os, "RTLD_DEEPBIND", 0))
    try:
        from pysqlite3 import dbapi2 as sqlite3
    except ImportError:
        import sqlite3
    finally:
        sys.setdlopenflags(_flags)

__all__ = ["address", "has_log", "sqlite3"]

# Where the header of a file says how it is written, and what stands there with a write-ahead log.
WRITE_VERSION, LOGGED = 18, 2


def address(path: Path, mode: str) -> str:
    """Return the URI with which to open a file: mode=`mode`, or as it is where nobody may write.

    To read a file with a write-ahead log, SQLite makes two files beside it. In a directory of
    somebody else it cannot, and needs none: without a log the file itself has everything.
    """
    # Unlike Path.exists, it raises nothing in a directory that cannot be searched.
    has_changes = os.path.exists(f"{path}-wal")  # noqa: PTH110
    is_whole = not os.access(path.parent, os.W_OK) and not has_changes and has_log(path)
    return f"{path.as_uri()}?mode={'ro&immutable=1' if is_whole else mode}"


def has_log(path: Path) -> bool:
    """Tell whether a file is written with a write-ahead log."""
    try:
        with path.open("rb") as file:
            return file.read(WRITE_VERSION + 1)[WRITE_VERSION:] == bytes([LOGGED])
    except OSError:
        # SQLite says better what is wrong.
        return False
