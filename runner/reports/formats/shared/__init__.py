"""The scripts and the style that a report as one file shares with the live page."""

import re
from functools import cache
from importlib.resources import files

# Each after what it imports.
IN_A_REPORT = (
    "dom.js",
    "model.js",
    "canvas.js",
    "density.js",
    "groups.js",
    "curves.js",
    "report.js",
)
STYLE = "page.css"
IMPORT = re.compile(r'(?ms)^import \{[^}]*\} from "\./\w+\.js";\n')


def shared_files() -> dict[str, bytes]:
    """Return the content of each file by its name."""
    folder = files("runner.reports.formats") / "shared"
    return {
        each.name: each.read_bytes()
        for each in folder.iterdir()
        if each.name.endswith((".js", ".css"))
    }


@cache
def report_script() -> str:
    """Return the scripts of a report as one, because a file cannot import from another."""
    found = shared_files()
    texts = [IMPORT.sub("", found[name].decode()) for name in IN_A_REPORT]
    joined = re.sub(r"(?m)^export ", "", "".join(texts))
    return f"{{\n{joined}}}\n"


@cache
def style() -> str:
    """Return the style of all pages."""
    return shared_files()[STYLE].decode()
