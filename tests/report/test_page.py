"""The HTML page in a real browser: search, sorting, names, sizes."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from report_pages import texts


def test_search_finds_rows_and_samples(tab: Page, pages: dict[str, str]) -> None:
    tab.goto(pages["plain"])
    everything = tab.locator("tbody tr:visible").count()
    tab.keyboard.press("/")
    tab.keyboard.type("names sketches")
    assert texts(tab, "section.block:visible > :is(h2, h3, h4)") == ["Nano: validity gates"]
    assert 0 < tab.locator("tbody tr:visible").count() < everything
    assert tab.locator("#found").inner_text().endswith(", 0 samples")
    tab.fill("#search", "electrical hazard/00-0")
    assert tab.locator("#nothing").is_visible()
    tab.fill("#search", "hard/00-0 electrical")
    assert tab.locator("#found").inner_text() == "0 rows, 4 samples"
    assert tab.locator("#list button").count() == 4
    tab.keyboard.press("Escape")
    assert tab.locator("tbody tr:visible").count() == everything


def test_a_caption_shows_its_whole_table(tab: Page, pages: dict[str, str]) -> None:
    tab.goto(pages["plain"])
    rows = tab.locator("#table-gates tbody tr").count()
    tab.fill("#search", "validity gates")
    assert tab.locator("#table-gates tbody tr:visible").count() == rows > 5


def test_columns_sort_by_mouse_and_keyboard(tab: Page, pages: dict[str, str]) -> None:
    tab.goto(pages["plain"])
    head = tab.locator("#table-corners thead tr:last-child th").nth(1)
    cells = tab.locator("#table-corners tbody td:nth-child(2)")

    def column() -> list[float]:
        values = [cell.get_attribute("data-value") for cell in cells.all()]
        return [float(value) for value in values if value]

    printed = column()
    assert head.get_attribute("aria-sort") == "none"
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert column() == sorted(printed) != printed
    head.locator("button").focus()
    tab.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    assert column() == sorted(printed, reverse=True)
    tab.keyboard.press("Space")
    assert head.get_attribute("aria-sort") == "none"
    assert column() == printed
    tab.locator("#table-corners thead tr:last-child th").first.locator("button").click()
    names = texts(tab, "#table-corners tbody th")
    assert names == sorted(names, key=str.lower)
    assert tab.locator("[aria-sort=ascending]").count() == 1


def sort(page: Page, table: str, column: int) -> None:
    page.locator(f"{table} thead tr:last-child th").nth(column).locator("button").click()


def test_a_sorted_published_table_names_its_bases(tab: Page, pages: dict[str, str]) -> None:
    tab.goto(pages["published"])
    table = "#table-published_table1"
    printed = texts(tab, f"{table} tbody th")
    assert printed[:2] == ["LLaVA-1.5-13B", "+ Textual SFT"]
    sort(tab, table, 1)
    shown = texts(tab, f"{table} tbody tr")
    assert shown[0].startswith("LLaVA-1.5-13B + VLGuard-P")
    assert not [name for name in texts(tab, f"{table} tbody th") if name.startswith("+")]
    sort(tab, table, 0)
    names = texts(tab, f"{table} tbody th")
    assert names[0] == "InternVL2.5-8B"
    assert names == sorted(names, key=str.lower)
    sort(tab, table, 0)
    sort(tab, table, 0)
    assert texts(tab, f"{table} tbody th") == printed


def test_search_finds_a_method_under_its_base(tab: Page, pages: dict[str, str]) -> None:
    tab.goto(pages["published"])
    table = "#table-published_table1"
    printed = texts(tab, f"{table} tbody th")
    tab.fill("#search", "qwen2-vl textual")
    assert texts(tab, f"{table} tbody tr:visible th") == ["Qwen2-VL-7B-Instruct + Textual SFT"]
    tab.fill("#search", "")
    assert texts(tab, f"{table} tbody th") == printed


def test_words_that_are_numbers_sort_as_numbers(tab: Page, pages: dict[str, str]) -> None:
    tab.goto(pages["published"])
    table = "#table-published_table7"
    sort(tab, table, 2)
    rates = texts(tab, f"{table} tbody td:nth-child(3)")
    assert list(dict.fromkeys(rates)) == ["2e-6", "5e-6", "1e-5", "2e-5"]
    sort(tab, "#table-published_check", 3)
    values = [float(text) for text in texts(tab, "#table-published_check tbody td:nth-child(4)")]
    assert values == sorted(values)
    sort(tab, "#table-published_table18", 2)
    answers = texts(tab, "#table-published_table18 tbody td:nth-child(3)")
    empty = answers.index("–") if "–" in answers else len(answers)
    assert set(answers[empty:]) <= {"–"}


def test_tables_have_names_for_readers_that_cannot_see(tab: Page, pages: dict[str, str]) -> None:
    tab.goto(pages["published"])
    table = tab.get_by_role("table", name="Published: Table 1, values as printed")
    assert table.get_by_role("rowheader").count() == table.locator("tbody tr").count() > 10
    assert table.locator("th[scope=colgroup]").all_inner_texts() == ["MSS"]
    assert table.get_by_role("columnheader").count() == 8
    box = table.locator("caption").bounding_box()
    assert box is not None
    assert box["width"] <= 1
    assert tab.locator("th:not([scope])").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1600])
def test_no_size_or_scheme_needs_sideways_scrolling(
    chromium: Browser, pages: dict[str, str], width: int, scheme: Any
) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    page.goto(pages["evil"])
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    colours = page.evaluate(
        "(style => [style.color, style.backgroundColor])(getComputedStyle(document.body))"
    )
    light = [sum(map(int, c[4:-1].split(","))) > 380 for c in colours]
    assert light == ([False, True] if scheme == "light" else [True, False])
    context.close()


def test_tables_need_no_script(chromium: Browser, pages: dict[str, str]) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(pages["plain"])
    assert page.locator("#table-gates tbody tr").count() > 5
    assert page.locator("#table-gates th", has_text="gate").first.is_visible()
    assert not page.locator("#searching").is_visible()
    assert not page.locator("#browser").is_visible()
    assert page.get_by_text("needs JavaScript").is_visible()
    context.close()


def test_contents_lead_to_what_a_search_hides(tab: Page, pages: dict[str, str]) -> None:
    tab.goto(pages["published"])
    target = tab.locator("#table-published_table1")
    tab.fill("#search", "no such words at all")
    assert not target.is_visible()
    tab.locator("nav a[href='#table-published_table1']").click()
    assert target.is_visible()
    assert tab.input_value("#search") == ""


def test_a_wide_figure_scrolls_by_itself_on_a_phone(tab: Page, pages: dict[str, str]) -> None:
    tab.set_viewport_size({"width": 390, "height": 800})
    tab.goto(pages["plain"])
    figure = tab.locator("section > figure").first
    assert figure.evaluate("e => e.scrollWidth > e.clientWidth && e.tabIndex === 0")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
