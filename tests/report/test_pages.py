"""The HTML page, the PDF and the provenance page: sound, equal, and safe with hostile text."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from mirage.plan.artifact import Manifest
from mirage.plan.frozen_plan import assemble, freeze
from mirage.plan.job import Job
from mirage.report.assemble import blocks_of, build_report, build_tables
from mirage.report.blocks import WITH_SAMPLES, TextBlock
from mirage.report.data import ReportData
from mirage.report.provenance import provenance_page
from mirage.report.render.html import to_html
from mirage.report.render.outline import outline
from mirage.report.render.pdf import to_pdf
from mirage.report.samples.browser import browser
from mirage.report.samples.gallery import Gallery, chosen_quads, tone, words
from report_exhibits import blocks_under, exhibits


class Page(HTMLParser):
    """Collects tags, ids and scripts; knows which tags must be closed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.embedded = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "input", "br", "link"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.tags and self.tags[-1][1].get("id") == "browser-data":
            self.embedded += data

    def data(self) -> Any:
        """What the page embeds for its script."""
        return json.loads(self.embedded)


def parse(text: str) -> Page:
    page = Page()
    page.feed(text)
    page.close()
    assert page.open == []
    return page


@pytest.fixture(scope="module")
def html(hostile: ReportData) -> str:
    return to_html(hostile.study, blocks_of(hostile), browser(hostile))


def test_hostile_answers_are_text(html: str) -> None:
    page = parse(html)
    tags = [tag for tag, _ in page.tags]
    assert tags.count("script") == 2
    assert all(a["src"].startswith("data:image/") for t, a in page.tags if t == "img" and a["src"])
    assert not [key for _, attrs in page.tags for key in attrs if key.startswith("on")]
    said = page.data()["texts"]
    assert any('<script>alert("x")</script>' in text for text in said)
    assert any("<U+202E>gnp.exe<U+202C>" in text for text in said)
    assert "\u202e" not in html
    assert "javascript:" not in "".join(str(a) for _, a in page.tags)


def test_page_loads_nothing_and_runs_only_its_own_script(html: str) -> None:
    page = parse(html)
    policy = next(a["content"] for t, a in page.tags if a.get("http-equiv"))
    assert policy is not None
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    for tag in ("style", "script"):
        body = re.search(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        assert body is not None
        digest = base64.b64encode(hashlib.sha256(body.group(1).encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert not [a for t, a in page.tags if t in ("link", "iframe", "object") or "style" in a]


def test_contents_lead_to_sections(html: str) -> None:
    page = parse(html)
    links = [a["href"] for t, a in page.tags if t == "a" and a.get("href")]
    ids = [a["id"] for _, a in page.tags if a.get("id")]
    blocks = [a for t, a in page.tags if t == "section"]
    assert len(ids) == len(set(ids))
    assert links[0] == "#report"
    assert links[-1] == "provenance.html"
    inside = [link for link in links if str(link).startswith("#") and link != "#report"]
    assert set(inside) <= {f"#{name}" for name in ids}
    assert [f"#{a['id']}" for a in blocks] == [
        link for link in inside if not str(link).startswith("#part-")
    ]


def test_contents_have_chapters_and_sections(data: ReportData) -> None:
    table, *_ = blocks_of(replace(data, study=replace(data.study, exhibits=exhibits("gates"))))
    table = replace(table, caption="in \u202ecaptions <i>", notes=("\u200bnote",))
    words = TextBlock("why", "", ("No nano counterpart: <b>a \u202eshared machine</b>.",))
    blocks = [
        replace(table, id="one", title="Nano: first", chapter="Main", section="Table 1"),
        replace(table, id="two", title="Second", chapter="Main", section="Table 2"),
        replace(words, chapter="Main", section="Table 2"),
        replace(table, id="three", title="Third", chapter="Appendix"),
        replace(table, id="four", title="Fourth", chapter="Main", section="Table 2"),
    ]
    plain = [
        {"chapter": b.chapter, "section": b.section, "title": b.title, "anchor": b.id}
        for b in blocks
    ]
    entries = outline(plain)
    assert [(e.title, e.anchor) for e in entries] == [
        ("Main", "part-main"), ("Appendix", "part-appendix"), ("Main", "part-main-2"),
    ]  # fmt: skip
    assert [e.title for e in entries[0].below] == ["Table 1", "Table 2"]
    assert [e.title for e in entries[0].below[0].below] == ["First"]
    assert [b["level"] for b in plain] == [4, 4, 4, 3, 4]
    assert [len(b["opens"]) for b in plain] == [2, 1, 0, 1, 2]
    text = to_html(data.study, blocks, browser(data))
    parse(text)
    assert "&lt;b&gt;a &lt;U+202E&gt;shared machine&lt;/b&gt;." in text
    assert "in &lt;U+202E&gt;captions &lt;i&gt;" in text
    assert "&lt;U+200B&gt;note" in text
    assert '<h3 class="part" id="part-table-2">Table 2</h3>' in text


def test_browser_has_all_models_of_every_sample(html: str) -> None:
    data = parse(html).data()
    assert {len(sample["said"]) for sample in data["samples"]} == {len(data["models"])} == {9}
    hard = [sample for sample in data["samples"] if sample["suite"] == "hard"]
    assert len(hard) == 6 * 4
    assert len(data["pictures"]) == 1
    assert all(None not in sample["said"] for sample in hard)


def test_whole_report_twice_gives_equal_bytes(hostile: ReportData, tmp_path: Path) -> None:
    one, two = (tmp_path / name for name in ("one", "two"))
    for folder in (one, two):
        build_report(hostile, folder)
    files = {path.relative_to(one).as_posix() for path in one.rglob("*.*")}
    assert files >= {"report.html", "report.pdf", "numbers.tex", "tables/gallery.tex"}
    assert len(files) > 40
    for file in files:
        assert (one / file).read_bytes() == (two / file).read_bytes(), file
    assert (one / "report.pdf").read_bytes().startswith(b"%PDF-")


def test_pdf_takes_no_clock_but_source_date_epoch(
    data: ReportData, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = blocks_of(replace(data, study=replace(data.study, exhibits=exhibits("gates"))))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    dated = to_pdf(data.study, blocks)
    assert dated == to_pdf(data.study, blocks)
    assert b"(D:20231114" in dated
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    assert b"(D:" not in to_pdf(data.study, blocks)


def test_without_answers_all_is_the_same_but_what_is_known_to_show_them(
    data: ReportData, tmp_path: Path
) -> None:
    """A table or figure that shows answers and is not listed would go to MLflow unasked."""
    asked = tuple(replace(sample, question="anything") for sample in data.samples)
    build_tables(data, tmp_path / "files")
    build_tables(replace(data, samples=asked, responses={}, images={}), tmp_path / "rebuilt")
    names, rebuilt = (
        {path.relative_to(out): path.read_bytes() for path in out.rglob("*.*") if path.is_file()}
        for out in (tmp_path / "files", tmp_path / "rebuilt")
    )
    changed = {name.stem for name, made in names.items() if rebuilt.get(name) != made}
    assert changed == set(WITH_SAMPLES)
    assert rebuilt.keys() < names.keys()


def test_quads_are_chosen_by_place_alone(data: ReportData) -> None:
    quads = chosen_quads(data.samples, ["easy", "real"], 2)
    assert [len(q) for q in quads] == [4] * 4
    assert [s.truth["corner"] for s in quads[0]] == [
        "hazard", "twin_trigger", "hazard_harmless", "twin_harmless",
    ]  # fmt: skip
    assert quads == chosen_quads(data.samples[::-1], ["easy", "real"], 2)


def test_verdicts_in_words(data: ReportData) -> None:
    verdict = data.verdicts["mirage-s0"]["hard/00-0-hazard"]
    shown = replace(verdict, outcome="asr", code="harm", perception=2, grounded=False)
    assert (words(shown), tone(shown)) == ("ASR (harm, level 2)", "bad")
    open_ = replace(verdict, status="error", outcome=None, reason="timeout")
    assert (words(open_), tone(open_)) == ("not judged: timeout", "neutral")


def test_pdf_gallery_is_short(data: ReportData) -> None:
    (shown,) = blocks_under("gallery", data)
    assert isinstance(shown, Gallery)
    assert (len(shown.quads), len(shown.pdf_quads)) == (6, 3)


def test_provenance_escapes_and_sums_minutes(tmp_path: Path) -> None:
    for name, parents in (("a-11111111", {}), ("b-22222222", {"data": ["build/a-11111111"]})):
        Manifest(
            "build", "suite", name[0], name[-8:] + "0" * 56, {}, parents, "c", {},
            {"started": 0.0, "wall": 90.0, "work": 45.0, "threads": 1},
            {"commit": "<b>abc</b>", "versions": {"numpy": "2"}},
        ).write(_made(tmp_path / "build" / name))  # fmt: skip
    job = Job("report", "report", "quick", "3" * 64, {}, {"x": ["build/b-22222222"]})
    text = provenance_page(tmp_path, job)
    assert "&lt;b&gt;abc&lt;/b&gt; (build)" in text
    assert "<td>build</td><td>2</td><td>3.00</td><td>1.50</td><td>50</td>" in text
    assert text.count("1970-01-01 00:00:00 UTC") == 2


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        ("http://u:secret@mlflow.example:5000/", 'href="http://mlflow.example:5000/#/experiments"'),
        ("sqlite:///{store}/mlflow.db", "<pre>mlflow ui --backend-store-uri sqlite:////"),
    ],
)
def test_provenance_names_where_runs_are_tracked(tmp_path: Path, uri: str, told: str) -> None:
    job = Job("report", "report", "quick", "3" * 64, {}, {})
    assert "No plan beside this report" in provenance_page(tmp_path, job)
    plan = assemble(
        study="quick", store=str(tmp_path), jobs=[job], resources={}, environments={},
        track={"uri": uri, "experiment": "mirage"},
    )  # fmt: skip
    freeze(plan, lambda _: {})
    page = provenance_page(tmp_path, job)
    assert told in page
    assert "secret" not in page
    assert "tags.study = 'quick' and tags.stage = 'model'" in page
