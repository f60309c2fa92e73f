"""Pages of the made-up study for the tests that open them in a real browser."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from playwright.sync_api import Page

from mirage.report.data import ReportData
from mirage.report.samples.browser import shown
from report_exhibits import exhibits

EVIL = (
    "</script><script>window.ran = 1</script><!-- <script> <img src=x onerror='window.ran = 1'> "
    "\"'><svg onload=window.ran=1> {{ 7 * 7 }} &lt;b&gt; " + "w" * 300 + " \u202egnp.exe\u202c "
    "\u200fright\u200b \u2028 \x00\x07 שלום"
)
TABLES = ("answer", "fig4", "corners", "gates", "gallery")


def small(data: ReportData, **more: Any) -> ReportData:
    runs = {model.name: f"{place:064x}" for place, model in enumerate(data.study.trained)}
    return replace(data, study=replace(data.study, exhibits=exhibits(*TABLES)), runs=runs, **more)


def not_shown(data: ReportData) -> int:
    """Place of the last model that is not chosen when the page opens."""
    return max(set(range(len(data.answering))) - set(shown(data, data.settings.browser.models)))


def texts(page: Page, selector: str) -> list[str]:
    return [found.strip() for found in page.locator(selector).all_inner_texts()]
