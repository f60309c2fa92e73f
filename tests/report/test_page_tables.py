"""Tables and contents of the HTML page in a real browser: marks, folds, hints, what stays."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from chromium import WIDTH, picture
from mirage.report.blocks import Cell, Column, Definition, Number, Table, Text
from mirage.report.data import ReportData
from mirage.report.render.html import to_html
from mirage.report.samples.browser import Browser as Samples
from report_pages import texts


def table(name: str, wide: int = 1) -> Table:
    """Two recipes on three bases and their means, with as many columns of J as asked for."""
    rows: list[tuple[Cell, ...]] = []
    for recipe, values in (("MIRage", (1.0, 2.0, 6.0)), ("Twins", (98.0, 99.0, 100.0))):
        for seed, value in enumerate(values):
            cells = (Text(f"{recipe}, seed {seed}"), Text(""), *[Number(value)] * wide)
            rows.append(cells)
        mean = Number(sum(values) / 3, min(values), max(values), 9, by_base=values)
        rows.append((Text(f"{recipe}, mean"), Text("0 / 0 / 3"), *[mean] * wide))
    columns = (
        Column("model", is_text=True),
        Column("basins", is_text=True),
        *(Column(f"J of suite {at}", better="higher") for at in range(wide)),
    )
    return Table(
        name, f"Nano: {name}", "Percent.", "Higher is better.", columns, tuple(rows),
        notes=("A long note. " * 30,), definitions=(Definition("J", "Both told apart."),),
    )  # fmt: skip


@pytest.fixture(scope="module")
def address(data: ReportData, tmp_path_factory: pytest.TempPathFactory) -> str:
    blocks = [table("small"), table("wide", 12), *(table(f"more_{at}") for at in range(12))]
    path = tmp_path_factory.mktemp("tables") / "page.html"
    path.write_text(to_html(data.study, blocks, Samples({"samples": []}, "")), encoding="utf-8")
    return path.as_uri()


def test_means_stand_alone_until_their_bases_are_asked_for(tab: Page, address: str) -> None:
    tab.goto(address)
    rows = "#table-small tbody tr:visible th"
    assert texts(tab, rows) == ["MIRage, mean", "Twins, mean"]
    tab.locator("#table-small").get_by_label("each base by itself").check()
    assert tab.locator(rows).count() == 8
    tab.fill("#search", "mirage seed")
    assert texts(tab, "#table-wide tbody tr:visible th") == [f"MIRage, seed {n}" for n in range(3)]


def test_the_best_mean_is_marked_and_the_mark_explained(tab: Page, address: str) -> None:
    tab.goto(address)
    marked = tab.locator("#table-small tbody tr", has=tab.get_by_text("best in its column"))
    assert [name.strip() for name in marked.locator("th").all_inner_texts()] == ["Twins, mean"]
    assert "not a test" in tab.locator("#table-small .legend").inner_text()


def test_numbers_side_by_side_stay_on_a_line(tab: Page, address: str) -> None:
    tab.set_viewport_size({"width": 390, "height": 800})
    tab.goto(address)
    cell = tab.locator("#table-small td", has_text="0 / 0 / 3").first
    assert cell.evaluate("e => getComputedStyle(e).whiteSpace") == "nowrap"


def test_words_and_notes_fold_and_files_lie_beside(tab: Page, address: str) -> None:
    tab.goto(address)
    note = tab.locator("#table-small .note")
    assert not note.is_visible()
    assert tab.locator("#table-small .reading").is_visible()
    tab.locator("#table-small summary", has_text="1 note").press("Enter")
    assert note.is_visible()
    assert texts(tab, "#table-small dt") == [""]
    tab.locator("#table-small summary", has_text="words").press("Enter")
    assert texts(tab, "#table-small dt") == ["J"]
    links = tab.locator("#table-small .files a")
    assert [link.get_attribute("href") for link in links.all()] == [
        "tables/small.csv",
        "tables/long/small.csv",
    ]


def test_a_wide_table_scrolls_in_its_box_and_says_so(tab: Page, address: str) -> None:
    tab.set_viewport_size({"width": 390, "height": 800})
    tab.goto(address)
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    box = tab.locator("#table-wide .scroll")
    assert tab.locator("#table-wide .hint").is_visible()
    assert not tab.locator("#table-small .hint").is_visible()
    assert box.get_attribute("tabindex") == "0"
    assert tab.locator("#table-small .scroll").get_attribute("tabindex") is None
    name = box.locator("tbody tr:visible th").first
    before = name.bounding_box()
    box.evaluate("e => { e.scrollLeft = 200; }")
    assert name.bounding_box() == before is not None


def test_the_contents_stay_and_mark_where_one_is(tab: Page, address: str) -> None:
    tab.goto(address)
    tab.evaluate("document.getElementById('table-more_6').scrollIntoView({ behavior: 'instant' })")
    marked = tab.locator("#contents [aria-current=location]")
    tab.wait_for_function(
        "document.querySelector('[aria-current=location]')?.textContent === 'More_6'"
    )
    assert marked.count() == 1
    box = marked.bounding_box()
    assert box is not None
    assert 0 <= box["y"] < 900


def test_on_a_phone_the_contents_are_a_menu_in_reach(chromium: Browser, address: str) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 800})
    page = context.new_page()
    page.goto(address)
    assert not page.locator("#contents a").first.is_visible()
    page.evaluate("document.getElementById('table-more_6').scrollIntoView({ behavior: 'instant' })")
    menu = page.locator("#contents summary")
    box = menu.bounding_box()
    assert box is not None
    assert 0 <= box["y"] < 50
    menu.press("Enter")
    page.locator("#contents a", has_text=re.compile("^Small$")).click()
    assert not page.locator("#contents a").first.is_visible()
    assert page.url.endswith("#table-small")
    context.close()


def test_nothing_is_lost_without_a_script(chromium: Browser, address: str) -> None:
    context = chromium.new_context(
        java_script_enabled=False, viewport={"width": 390, "height": 800}
    )
    page = context.new_page()
    page.goto(address)
    assert page.locator("#table-small tbody tr:visible").count() == 8
    assert page.locator("#contents a").first.is_visible()
    assert page.locator("nav").evaluate("e => getComputedStyle(e).position") == "static"
    context.close()


def test_the_picture_for_the_readme_shows_the_answer(
    chromium: Browser, pages: dict[str, str], tmp_path: Path
) -> None:
    out = tmp_path / "pictures" / "report.png"
    picture(chromium, pages["plain"], out)
    with Image.open(out) as made:
        assert made.width == WIDTH
        assert made.height > 600
    assert out.stat().st_size < 200_000
