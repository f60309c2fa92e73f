"""The pages under axe, whatever the window; and no fault told by the browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from mirage.plan.job import Job
from mirage.report.assemble import blocks_of
from mirage.report.blocks import Figure, Table
from mirage.report.data import ReportData
from mirage.report.provenance import provenance_page
from mirage.report.render.html import to_view
from report_pages import small

OPEN_ALL = "document.querySelectorAll('details').forEach(each => { each.open = true; })"
WINDOWS = [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")]


def violations(chromium: Browser, address: str, width: int, scheme: Any) -> list[str]:
    """Serious and critical violations; the page's own policy would keep axe out."""
    context = chromium.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True
    )
    page = context.new_page()
    page.goto(address)
    page.evaluate(OPEN_ALL)
    found = Axe().run(page).response["violations"]
    context.close()
    return [
        f"{each['id']}: {each['nodes'][0]['html'][:200]}"
        for each in found
        if each["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize(("width", "scheme"), WINDOWS)
def test_the_report_has_no_violation(
    chromium: Browser, pages: dict[str, str], width: int, scheme: str
) -> None:
    assert violations(chromium, pages["plain"], width, scheme) == []


def test_published_tables_have_no_violation(chromium: Browser, pages: dict[str, str]) -> None:
    assert violations(chromium, pages["published"], 1280, "light") == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_single_pages_have_no_violation(
    chromium: Browser, data: ReportData, tmp_path: Path, scheme: str
) -> None:
    blocks = blocks_of(small(data))
    shown = [next(block for block in blocks if isinstance(block, kind)) for kind in (Table, Figure)]
    texts = [to_view(block) for block in shown]
    texts.append(provenance_page(tmp_path, Job("report", "report", "quick", "3" * 64, {}, {})))
    for text in texts:
        path = tmp_path / "page.html"
        path.write_text(text, encoding="utf-8")
        assert violations(chromium, path.as_uri(), 1280, scheme) == []


def test_axe_sees_what_is_wrong(chromium: Browser, tmp_path: Path) -> None:
    page = tmp_path / "wrong.html"
    page.write_text("<!doctype html><title>x</title><main><img src='x.png'></main>", "utf-8")
    found = violations(chromium, page.as_uri(), 1280, "light")
    assert {each.partition(":")[0] for each in found} == {"html-has-lang", "image-alt"}


@pytest.mark.parametrize(("width", "scheme"), WINDOWS)
def test_the_browser_has_nothing_to_complain_of(
    chromium: Browser, pages: dict[str, str], width: int, scheme: Any
) -> None:
    """The page under its own policy, each part of it opened and used once."""
    context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(pages["plain"])
    page.evaluate(OPEN_ALL)
    page.locator("#table-corners th button").first.click()
    page.fill("#search", "hard")
    page.fill("#search", "")
    page.locator("#contents a").last.click()
    page.locator("#after").click()
    context.close()
    assert said == []
