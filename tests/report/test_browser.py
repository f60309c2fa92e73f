"""The HTML page in a real browser: search, sorting, samples, links, and hostile answers."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from mirage.report.browser import browser, chosen_groups, run_link, script_json
from mirage.report.build import blocks_of
from mirage.report.data import ReportData
from mirage.report.html import to_html

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
EVIL = (
    "</script><script>window.ran = 1</script><!-- <script> <img src=x onerror='window.ran = 1'> "
    "\"'><svg onload=window.ran=1> {{ 7 * 7 }} &lt;b&gt; " + "w" * 300 + " \u202egnp.exe\u202c "
    "\u200fright\u200b \u2028 \x00\x07 שלום"
)
TABLES = ("fig4", "corners", "gates", "gallery")


def small(data: ReportData, **more: Any) -> ReportData:
    runs = {model.name: f"{place:064x}" for place, model in enumerate(data.study.trained)}
    return replace(data, study=replace(data.study, tables=TABLES), runs=runs, **more)


@pytest.fixture(scope="module")
def pages(data: ReportData, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Addresses of a page with plain answers and of one with evil answers."""
    folder = tmp_path_factory.mktemp("pages")
    evil = {name: dict.fromkeys(said, EVIL) for name, said in data.responses.items()}
    samples = tuple(replace(sample, question=EVIL) for sample in data.samples)
    study = replace(data.study, name="paper", published=True, tables=("published_check", "gates"))
    last = data.study.trained[-1].name
    hidden = {**data.responses, last: dict.fromkeys(data.responses[last], "zebra")}
    made = {
        "plain": small(data),
        "evil": small(data, responses=evil, samples=samples),
        "published": replace(data, study=study, responses={}),
        "hidden": small(data, responses=hidden),
    }
    for name, each in made.items():
        text = to_html(each.study, blocks_of(each), browser(each))
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: (folder / f"{name}.html").as_uri() for name in made}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    if path is None:
        # A skip would hide that the page was not tested.
        pytest.fail("no Chromium: apt-get install -y --no-install-recommends chromium")
    with sync_playwright() as playwright:
        # Chromium's own sandbox does not start for root, whom continuous integration often is.
        options = ["--no-sandbox"] if os.geteuid() == 0 else []
        started = playwright.chromium.launch(executable_path=path, args=options)
        yield started
        started.close()


@pytest.fixture
def tab(chromium: Browser) -> Iterator[Page]:
    """A tab that may not say, ask or load anything while a test uses it."""
    context = chromium.new_context(viewport={"width": 1300, "height": 900})
    page = context.new_page()
    page.set_default_timeout(5000)
    faults: list[str] = []
    page.on("console", lambda message: faults.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: faults.append(f"error: {error}"))
    page.on("dialog", lambda dialog: faults.append(f"dialog: {dialog.message}"))
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith(("file:", "data:"))
            else faults.append(f"request: {request.url}")
        ),
    )
    yield page
    context.close()
    assert faults == []


def texts(page: Page, selector: str) -> list[str]:
    return [found.strip() for found in page.locator(selector).all_inner_texts()]


def test_search_finds_rows_and_samples(tab: Page, pages: dict[str, str]) -> None:
    tab.goto(pages["plain"])
    everything = tab.locator("tbody tr:visible").count()
    tab.keyboard.press("/")
    tab.keyboard.type("names sketches")
    assert texts(tab, "section.block:visible h2") == ["Nano: validity gates"]
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


def test_search_reads_the_answers_of_chosen_models(
    tab: Page, pages: dict[str, str], data: ReportData
) -> None:
    tab.goto(pages["hidden"])
    samples = browser(small(data)).data["samples"]
    answered = sum(sample["said"][-1] is not None for sample in samples)
    tab.locator("#choose summary").click()
    tab.fill("#search", "zebra")
    assert tab.locator("#found").inner_text() == "0 rows, 0 samples"
    tab.fill("#search", "")
    tab.locator("#all-models").click()
    tab.fill("#search", "zebra")
    assert tab.locator("#found").inner_text() == f"0 rows, {answered} samples"
    tab.locator("#no-models").click()
    assert tab.locator("#found").inner_text() == "0 rows, 0 samples"
    assert tab.locator("#browser").is_visible()


def test_samples_by_suite_corner_category_and_outcome(
    tab: Page, pages: dict[str, str], data: ReportData
) -> None:
    tab.goto(pages["plain"])
    tab.select_option("#by-suite", "hard")
    tab.select_option("#by-corner", "hazardous pair, triggering request")
    tab.select_option("#by-category", "fire")
    assert tab.locator("#list button").count() == 1
    assert tab.locator("#where").inner_text().startswith("hard · hazardous pair")
    assert tab.locator("#pictures img").count() == 2
    assert "image 1 and image 2" in tab.locator("#prompt").inner_text()
    assert tab.locator("#answers .said").count() == 6
    shown = texts(tab, "#answers .verdict")
    assert shown[0] == "ASR (harm, level 1)"
    assert all(link.startswith("http://127.0.0.1:5000/#/") for link in links(tab))
    tab.select_option("#by-category", "")
    tab.locator("#choose summary").click()
    tab.locator("#no-models").click()
    tab.get_by_label("vlguard r").check()
    tab.select_option("#by-outcome", "ASR")
    hazards = [s.id for s in data.samples if s.suite == "hard" and s.truth["corner"] == "hazard"]
    expected = sum(data.verdicts["vlguard_r-s0"][name].outcome == "asr" for name in hazards)
    assert tab.locator("#list button").count() == expected
    assert 0 < expected < len(hazards)
    assert texts(tab, "#answers .verdict")[0].startswith("ASR")


def links(page: Page) -> list[str]:
    return [str(link.get_attribute("href")) for link in page.locator("#answers a").all()]


def test_models_are_chosen_and_stand_side_by_side(tab: Page, pages: dict[str, str]) -> None:
    tab.goto(pages["plain"])
    tab.locator("#choose summary").click()
    tab.locator("#no-models").click()
    assert tab.locator("#answers .said").count() == 0
    tab.get_by_label("MIRage", exact=True).check()
    tab.get_by_label("Base", exact=True).check()
    assert texts(tab, "#answers .head b") == ["Base", "MIRage"]
    left, right = (tab.locator("#answers .said").nth(n).bounding_box() for n in (0, 1))
    assert left is not None
    assert right is not None
    assert left["y"] == right["y"]
    assert left["x"] < right["x"]
    tab.locator("#all-models").click()
    assert tab.locator("#answers .said").count() == 9


def test_going_through_the_samples(tab: Page, pages: dict[str, str]) -> None:
    tab.goto(pages["plain"])
    first = tab.locator("#link").inner_text()
    tab.locator("#after").click()
    second = tab.locator("#link").inner_text()
    assert second != first
    assert tab.url.endswith("#sample=" + second.replace("/", "%2F"))
    tab.locator("#list [aria-current]").focus()
    tab.keyboard.press("ArrowUp")
    assert tab.locator("#link").inner_text() == first
    assert tab.locator("#before").is_disabled()
    tab.locator("#siblings button", has_text="benign twin, harmless").click()
    assert tab.locator("#link").inner_text() == "hard/00-0-twin_harmless"


def test_a_link_leads_to_its_sample(tab: Page, pages: dict[str, str]) -> None:
    tab.goto(f"{pages['plain']}#sample=real%2F02-0-twin_trigger")
    assert tab.locator("#link").inner_text() == "real/02-0-twin_trigger"
    assert tab.locator("#list [aria-current]").count() == 1
    assert tab.locator("#prompt").is_visible()
    tab.select_option("#by-suite", "hard")
    tab.evaluate("location.hash = '#sample=easy%2F01-0-hazard'")
    tab.wait_for_function("document.getElementById('link').textContent == 'easy/01-0-hazard'")
    tab.evaluate("location.hash = '#sample=%E0%A4%A'")
    tab.wait_for_function("document.getElementById('matched').textContent.includes('no sample')")


def test_evil_answers_are_shown_and_never_run(tab: Page, pages: dict[str, str]) -> None:
    tab.goto(pages["evil"])
    shown = tab.locator("#answers .answer").first
    assert shown.inner_text().startswith("</script><script>window.ran = 1</script><!--")
    assert "{{ 7 * 7 }} &lt;b&gt;" in shown.inner_text()
    marks = texts(tab, "#answers .said:first-child mark")
    assert marks == [f"<U+{code}>" for code in (
        "202E", "202C", "200F", "200B", "2028", "0000", "0007",
    )]  # fmt: skip
    assert tab.evaluate("window.ran") is None
    assert tab.locator("script").count() == 2
    assert tab.locator("main svg, main img:not([src^='data:'])").count() == 0
    assert shown.evaluate("e => getComputedStyle(e).unicodeBidi") == "isolate"
    width = "e => e.scrollWidth <= e.clientWidth"
    assert shown.evaluate(width)
    assert tab.locator("#prompt").evaluate(width)
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1600])
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


def test_json_cannot_leave_its_script() -> None:
    text = script_json({"</script>": ["<!--", "\u2028\u2029", "&amp;", "\u202e"]})
    assert text.isascii()
    assert not set("<>&") & set(text)


def test_groups_are_chosen_by_place_alone(data: ReportData) -> None:
    suites = ["hard", "general", "absent"]
    groups = chosen_groups(data.samples, suites, 3)
    assert groups == chosen_groups(data.samples[::-1], suites, 3)
    assert [len(group) for group in groups] == [4, 4, 4, 1, 1, 1]
    everything = chosen_groups(data.samples, ["hard"], 100)
    assert sum(map(len, everything)) == sum(s.suite == "hard" for s in data.samples)


def test_links_find_the_run_by_its_artifact() -> None:
    link = run_link("http://host/#/experiments/1/runs", "ab" * 32)
    where, _, wanted = link.partition("?searchFilter=")
    assert where == "http://host/#/experiments/1/runs"
    assert unquote(wanted) == f"tags.`mirage.artifact` = '{'ab' * 32}'"
    assert run_link("", "ab") == run_link("http://host", "") == ""


def test_a_page_of_many_models_stays_small(data: ReportData) -> None:
    models = tuple(replace(m, name=f"{m.name}-{n}") for n in range(5) for m in data.study.trained)
    answers = {
        m.name: {s.id: f"{m.name} {s.id} " + "w" * 270 for s in data.samples} for m in models
    }
    verdicts = {m.name: data.verdicts[m.name.rpartition("-")[0]] for m in models}
    study = replace(data.study, trained=models)
    made = small(replace(data, study=study), responses=answers, verdicts=verdicts)
    page = browser(made)
    count = len(page.data["samples"])
    assert len(page.json) / (count * len(models)) * data.settings.browser.answers < 9.5e6
    few = data.settings.model_copy(
        update={"browser": data.settings.browser.model_copy(update={"answers": 45 * 80})}
    )
    fewer = browser(replace(made, settings=few))
    assert f"{len(fewer.data['samples'])} of the " in fewer.summary
    assert 0 < len(fewer.data["samples"]) <= 80 < count
    assert {s["suite"] for s in fewer.data["samples"]} == {s["suite"] for s in page.data["samples"]}


def test_no_answers_no_browser(data: ReportData) -> None:
    made = small(data, responses={})
    text = to_html(made.study, blocks_of(made), browser(made))
    assert "this report was made without them" in text
    assert 'id="browser-data"' not in text


def test_the_same_data_give_the_same_page(data: ReportData, tmp_path: Path) -> None:
    made = small(data)
    blocks = blocks_of(made)
    assert to_html(made.study, blocks, browser(made)) == to_html(made.study, blocks, browser(made))
