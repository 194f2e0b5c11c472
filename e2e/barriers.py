"""What stands in somebody's way on a page: barriers that axe finds, and what is wider than the screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from e2e.conftest import DESK, HEIGHT, PHONE, SMALLEST

Look = tuple[int, str]

LOOKS: list[Look] = [(SMALLEST, "light"), (DESK, "dark")]
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
OPTIONS = {
    "resultTypes": ["violations"],  # of what passes, one element each
    # Style sheets are read for one rule alone, whether they lock how the screen is turned; for those that
    # import others axe would add styles, which the site's policy blocks.
    "preload": False,
    "iframes": False,  # what is in them is another site's
    "selectors": False,  # their source tells which they are
}
AXE = Axe()
HAS_AXE = "'axe' in window"
# Nothing is sent that nobody reads: what passed is a number.
RUN = """
    async options => {
        const found = await axe.run(options);
        const words = found.violations.flatMap(
            one => one.nodes.map(node => `${one.id}: ${node.html.slice(0, 160)}`));
        return [found.passes.length, words];
    }
"""
BEYOND = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def check(page: Page, address: str, **how: Any) -> list[str]:
    """What is wrong with the page at that address, in words: in each look, and at each width."""
    if not page.evaluate(HAS_AXE):
        page.add_init_script(AXE.axe_script)  # for this address and all that follow: sent once
    page.goto(address)
    return problems(page, **how)


def problems(
    page: Page, *, looks: Sequence[Look] = LOOKS, standards: Sequence[str] = (*STANDARDS, "best-practice")
) -> list[str]:
    """As ``check``, for the page as it is."""
    if not page.evaluate(HAS_AXE):
        page.evaluate(AXE.axe_script)
    wrong = []
    for width, scheme in looks:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        page.emulate_media(color_scheme=scheme)
        passed, found = page.evaluate(RUN, {**OPTIONS, "runOnly": standards})
        assert passed
        wrong += [f"{page.url}, {width} {scheme}: {one}" for one in (*found, *_too_wide(page))]
    for width in {SMALLEST, PHONE, DESK} - {width for width, _ in looks}:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        wrong += [f"{page.url}, {width}: {one}" for one in _too_wide(page)]
    return wrong


def _too_wide(page: Page) -> list[str]:
    beyond = page.evaluate(BEYOND)
    return [f"{beyond} px too wide"] if beyond > 0 else []
