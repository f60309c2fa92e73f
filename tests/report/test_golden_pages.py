"""Pages of the PDF against committed pictures: a test that sees when layout moves.

After a wanted change, make the pictures anew and look at them:
MIRAGE_GOLDEN=write python -m pytest tests/report/test_golden_pages.py
"""

from __future__ import annotations

import io
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageChops, ImageFilter

from mirage.report.assemble import blocks_of
from mirage.report.data import ReportData
from mirage.report.render.pdf import to_pictures
from report_exhibits import exhibits

GOLDEN = Path(__file__).parents[1] / "golden" / "report_pages"
PAGES = {"first": 0, "figures": 1}
"""Name of the picture -> page: the answer, and the first figures of the body."""
SIZE = (298, 421)
"""A4 at 36 dots per inch."""
PATCH = 6
"""Pixels (4 mm) whose mean is compared: edges of letters cancel out, moved lines do not."""
MOST = 24.0
"""Grey levels of 255 by which a patch may differ."""
FEW = 0.01
"""Share of patches that may differ by more."""


@pytest.fixture(scope="module")
def pages(data: ReportData) -> list[Image.Image]:
    shown = exhibits("answer", "fig4", "corners", "gates")
    short = replace(data, study=replace(data.study, exhibits=shown), responses={})
    pictures = to_pictures(short.study, blocks_of(short), 72)
    return [Image.open(io.BytesIO(page)).convert("L").resize(SIZE) for page in pictures]


def patches(page: Image.Image) -> npt.NDArray[np.float64]:
    across, down = (side // PATCH for side in SIZE)
    grey = np.asarray(page, dtype=np.float64)[: down * PATCH, : across * PATCH]
    return grey.reshape(down, PATCH, across, PATCH).mean(axis=(1, 3))


def moved(one: Image.Image, two: Image.Image) -> float:
    """The share of patches that differ by more than another rasteriser would make them."""
    return float((np.abs(patches(one) - patches(two)) > MOST).mean())


@pytest.mark.parametrize("name", PAGES)
def test_a_page_looks_as_committed(pages: list[Image.Image], name: str) -> None:
    page, path = pages[PAGES[name]], GOLDEN / f"{name}.png"
    if os.environ.get("MIRAGE_GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        page.save(path, optimize=True)
    assert page.size == SIZE
    share = moved(page, Image.open(path))
    assert share <= FEW, (
        f"{share:.1%} of {path.name} differs; see the head of {Path(__file__).name}"
    )


def test_other_edges_of_letters_pass(pages: list[Image.Image]) -> None:
    for page in pages[:2]:
        softer = page.filter(ImageFilter.GaussianBlur(0.6))
        noise = np.random.default_rng(0).normal(0.0, 6.0, (SIZE[1], SIZE[0]))
        rough = Image.fromarray((np.asarray(softer) + noise).clip(0, 255).astype(np.uint8))
        assert moved(page, rough) <= FEW


def test_what_moved_by_a_line_fails(pages: list[Image.Image]) -> None:
    """Half of the first page moves down by three millimetres, as a table below a longer caption."""
    page = pages[0]
    half = SIZE[1] // 2
    below = page.crop((0, half, *SIZE))
    changed = page.copy()
    changed.paste(ImageChops.offset(below, 0, 4), (0, half))
    assert moved(page, changed) > FEW


def test_a_lost_figure_fails(pages: list[Image.Image]) -> None:
    changed = pages[1].copy()
    changed.paste(255, (0, SIZE[1] // 4, SIZE[0], SIZE[1] // 2))
    assert moved(pages[1], changed) > FEW
