"""Make the pages of the documentation a site: files outside docs/ are named, not linked to."""

import re
from typing import Any

OUTSIDE = re.compile(r"\[([^\]]+)\]\((?:\.\./)+([^)#]+?)(?:#[^)]*)?\)")


def on_page_markdown(markdown: str, *, page: Any, **_: object) -> str:
    """Replace links that leave docs/ by the path of the file in the repository."""
    depth = page.file.src_uri.count("/")

    def named(link: re.Match[str]) -> str:
        above = link[0].split("](")[1].count("../")
        return link[0] if above <= depth else f"{link[1]} (`{link[2]}` in the repository)"

    return OUTSIDE.sub(named, markdown)
