"""A Chromium of the system, for the tests of pages and for the README's picture of a report.

python tests/chromium.py results/report/quick/report.html docs/pictures/report.png
"""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
WIDTH = 1280
MARGIN = 28
COLOURS = 256
"""With these the picture stays below 200 kB."""


def found() -> str | None:
    """Returns the path of a Chromium, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A running Chromium.

    Raises:
        FileNotFoundError: There is none; the message says how to get it.
    """
    path = found()
    if path is None:
        raise FileNotFoundError("no Chromium: apt-get install -y --no-install-recommends chromium")
    with sync_playwright() as playwright:
        # Chromium's own sandbox does not start for root, whom continuous integration often is.
        options = ["--no-sandbox"] if os.geteuid() == 0 else []
        started = playwright.chromium.launch(executable_path=path, args=options)
        yield started
        started.close()


def picture(browser: Browser, address: str, out: Path) -> None:
    """Writes a PNG of a report's top: from its title to the end of the table with the answer."""
    tab = browser.new_page(viewport={"width": WIDTH, "height": 900})
    tab.goto(address)
    below = tab.locator("#table-answer :is(.legend, .scroll)").last.bounding_box()
    height = below["y"] + below["height"] if below else 900
    tab.set_viewport_size({"width": WIDTH, "height": int(height) + MARGIN})
    shot = Image.open(io.BytesIO(tab.screenshot()))
    tab.close()
    out.parent.mkdir(parents=True, exist_ok=True)
    # This method keeps the colours of small marks on a grey page.
    few = shot.convert("RGB").quantize(
        COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
    )
    few.save(out, optimize=True)


if __name__ == "__main__":
    with chromium() as started:
        picture(started, Path(sys.argv[1]).resolve().as_uri(), Path(sys.argv[2]))
