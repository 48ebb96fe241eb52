"""The addresses of the page are those that its documentation lists."""

import re
from itertools import product
from pathlib import Path

from runner.api.live.page import bundle_archive
from runner.settings import Settings
from runner.ui.access import Access
from runner.ui.server import IMAGE, NUMBER, application, site_of
from runner.ui.services import Services

PAGE = Path(__file__).resolve().parents[3] / "docs" / "ui.md"


def addresses(pattern: str) -> list[str]:
    """Return the addresses that a pattern of the server stands for."""
    plain = pattern.rstrip("$").replace(NUMBER, "N").replace(IMAGE, "IMAGE")
    parts = re.split(r"\(([a-z|]+)\)", plain)
    return ["".join(each) for each in product(*(part.split("|") for part in parts))]


def test_the_documentation_lists_every_address_of_its_json(tmp_path: Path) -> None:
    site = site_of(Settings.of(tmp_path), Access(frozenset(), None), Services(bundle_archive))
    try:
        rules = application(site).wildcard_router.rules
        patterns = [str(getattr(rule.matcher, "regex").pattern) for rule in rules]  # noqa: B009
    finally:
        site.pictures.close()
    served = {found for each in patterns if each.startswith("/api/") for found in addresses(each)}
    documented = set(re.findall(r"(?m)^\| `(/api/[^`]*)` \|", PAGE.read_text()))
    assert served == documented
