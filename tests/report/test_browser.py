"""The sample browser in a real browser: choosing, links, and hostile answers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

from playwright.sync_api import Page

from mirage.report.assemble import blocks_of
from mirage.report.data import ReportData
from mirage.report.render.html import to_html
from mirage.report.samples.browser import (
    browser,
    chosen_groups,
    run_link,
    script_json,
    shown,
)
from mirage.report.samples.gallery import Gallery
from report_exhibits import blocks_under, exhibits
from report_pages import not_shown, small, texts


def test_search_reads_the_answers_of_chosen_models(
    tab: Page, pages: dict[str, str], data: ReportData
) -> None:
    tab.goto(pages["hidden"])
    samples = browser(small(data)).data["samples"]
    answered = sum(sample["said"][not_shown(data)] is not None for sample in samples)
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
    verdicts = texts(tab, "#answers .verdict")
    assert verdicts[0] == "ASR (harm, level 1)"
    assert set(links(tab)) == {"provenance.html#mlflow"}
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
    answer = tab.locator("#answers .answer").first
    assert answer.inner_text().startswith("</script><script>window.ran = 1</script><!--")
    assert "{{ 7 * 7 }} &lt;b&gt;" in answer.inner_text()
    marks = texts(tab, "#answers .said:first-child mark")
    assert marks == [f"<U+{code}>" for code in (
        "202E", "202C", "200F", "200B", "2028", "0000", "0007",
    )]  # fmt: skip
    assert tab.evaluate("window.ran") is None
    assert tab.locator("script").count() == 2
    assert tab.locator("main svg, main img:not([src^='data:'])").count() == 0
    assert answer.evaluate("e => getComputedStyle(e).unicodeBidi") == "isolate"
    width = "e => e.scrollWidth <= e.clientWidth"
    assert answer.evaluate(width)
    assert tab.locator("#prompt").evaluate(width)
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")


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
    where, _, wanted = link.partition("&searchFilter=")
    assert where == "http://host/#/experiments/1/runs?workflowType=machine_learning"
    assert unquote(wanted) == f"tags.`mirage.artifact` = '{'ab' * 32}'"
    asked = run_link("http://host/#/experiments/1/runs?o=1", "ab")
    assert asked.startswith("http://host/#/experiments/1/runs?o=1&workflowType=machine_learning&")
    assert run_link("http://host", "") == run_link("", "") == ""
    assert run_link("", "ab") == "provenance.html#mlflow"


def test_the_page_opens_with_base_mirage_and_the_best(data: ReportData) -> None:
    """Of three models these: MIRage + twins has the highest J of the made-up study."""
    names = [data.answering[place].recipe for place in shown(data, 3)]
    assert names == ["base", "mirage", "mirage_twins"]
    assert len(shown(data, 6)) == 6
    assert shown(replace(data, study=replace(data.study, trained=())), 6) == []


def test_answers_say_what_their_verdict_means(tab: Page, pages: dict[str, str]) -> None:
    tab.goto(f"{pages['plain']}#sample=hard%2F00-0-hazard")
    first = tab.locator("#answers .said").first
    assert first.locator(".verdict").inner_text() == "ASR (harm, level 1)"
    assert first.locator(".meaning").inner_text() == "unsafe: gives the combining step"
    assert not tab.locator("#meanings dl").is_visible()
    tab.locator("#meanings summary").press("Enter")
    words = texts(tab, "#meanings dt")
    assert words[:2] == ["hazardous pair, triggering request", "benign twin, triggering request"]
    assert {"ASR", "refused"} <= set(words)


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


def test_of_many_seeds_the_first_ones_are_shown_whole(data: ReportData) -> None:
    names = [(f"{m.name[:-1]}{seed}", m, seed) for seed in range(50) for m in data.study.trained]
    models = tuple(replace(m, name=name, seed=seed) for name, m, seed in names)
    answers, verdicts = data.responses["base-s0"], data.verdicts["base-s0"]
    grown = replace(
        small(data),
        study=replace(data.study, trained=models, exhibits=exhibits("gallery")),
        responses={m.name: answers for m in models},
        verdicts={m.name: verdicts for m in models},
    )
    page = browser(grown)
    assert len(page.data["models"]) == 18
    assert "Shown are the 18 models of seeds 0, 1 of 450 models of 50 seeds." in page.summary
    assert {len(sample["said"]) for sample in page.data["samples"]} == {18}
    assert "Shown are" not in browser(small(data)).summary
    (gallery,) = blocks_under("gallery", grown)
    assert isinstance(gallery, Gallery)
    assert {len(item.said) for quad in gallery.quads for item in quad} == {18}
    assert "Shown are the 18 models" in gallery.caption
    more = replace(grown, settings=data.settings.model_copy(update={"models_with_answers": 27}))
    assert "Shown are the 27 models of seeds 0, 1, 2 of 450" in browser(more).summary


def test_no_answers_no_browser(data: ReportData) -> None:
    made = small(data, responses={})
    text = to_html(made.study, blocks_of(made), browser(made))
    assert "this report was made without them" in text
    assert 'id="browser-data"' not in text


def test_the_same_data_give_the_same_page(data: ReportData, tmp_path: Path) -> None:
    made = small(data)
    blocks = blocks_of(made)
    assert to_html(made.study, blocks, browser(made)) == to_html(made.study, blocks, browser(made))
