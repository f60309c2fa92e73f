"""Report data of the made-up study, with and without hostile texts."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from PIL import Image
from playwright.sync_api import Browser, Page

from chromium import chromium as started
from mirage.model_card import ModelCard
from mirage.plan.schema.report import Report
from mirage.plan.schema.score import Score
from mirage.report.assemble import Block, blocks_of
from mirage.report.data import ReportData, StudyInfo
from mirage.report.load import hazard_rows
from mirage.report.render.html import to_html
from mirage.report.samples.browser import browser
from report_exhibits import GATES, PLAIN, exhibits
from report_pages import EVIL, not_shown, small
from synthetic_study import PROFILES, scored, study

CONF = Path(__file__).parents[2] / "conf"
HANG_MS = 600_000
"""A page that hangs; one on a busy machine is only slow."""
OURS = ("mirage_single_image", "mirage_twins")
TRAINED = tuple(
    ModelCard(
        name,
        "nano",
        0,
        f"{name}-s0",
        title=name.replace("mirage", "MIRage").replace("_", " "),
        parent="mirage" if name.startswith("mirage_") else None,
        marked_ours=name in OURS,
        mode=None if name == "base" else "as_published",
    )
    for name in ("base", *(name for name in PROFILES if name != "base"))
)


def make_data(hostile: bool) -> ReportData:
    made = study(pairs=6, items=1, hostile=hostile)
    plain = yaml.safe_load((CONF / "score" / "default.yaml").read_text(encoding="utf-8"))
    report = yaml.safe_load((CONF / "report" / "default.yaml").read_text(encoding="utf-8"))
    picture = io.BytesIO()
    Image.new("RGB", (32, 32), (200, 120, 30)).save(picture, "PNG")
    return ReportData(
        study=StudyInfo(
            name="quick",
            mode="as_published",
            trained=TRAINED,
            suites=("easy", "hard", "real"),
            exhibits=exhibits(*PLAIN),
            gates=GATES,
        ),
        settings=Report.model_validate(report),
        scores=scored(
            made.samples, made.verdicts, Score.model_validate({**plain, "n_resamples": 200})
        ),
        samples=tuple(made.samples),
        verdicts={name: {v.id: v for v in rows} for name, rows in made.verdicts.items()},
        responses={name: {r.id: r.text for r in rows} for name, rows in made.responses.items()},
        images={(s.suite, path): picture.getvalue() for s in made.samples for path in s.images},
        hazards=hazard_rows(),
    )


@pytest.fixture(scope="session")
def data() -> ReportData:
    return make_data(hostile=False)


@pytest.fixture(scope="session")
def blocks(data: ReportData) -> list[Block]:
    """Everything that its report shows; all figures are drawn."""
    return blocks_of(data)


@pytest.fixture(scope="session")
def hostile() -> ReportData:
    return make_data(hostile=True)


@pytest.fixture(scope="session")
def pages(data: ReportData, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Addresses of a page with plain answers and of one with evil answers."""
    folder = tmp_path_factory.mktemp("pages")
    evil = {name: dict.fromkeys(said, EVIL) for name, said in data.responses.items()}
    samples = tuple(replace(sample, question=EVIL) for sample in data.samples)
    study = replace(
        data.study, name="paper", published=True, exhibits=exhibits("published_check", "gates")
    )
    unseen = data.answering[not_shown(data)].name
    hidden = {**data.responses, unseen: dict.fromkeys(data.responses[unseen], "zebra")}
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


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    # Without one the tests fail: a skip would hide that the page was not tested.
    with started() as browser:
        yield browser


@pytest.fixture
def tab(chromium: Browser) -> Iterator[Page]:
    """A tab that may not say, ask or load anything while a test uses it."""
    context = chromium.new_context(viewport={"width": 1300, "height": 900})
    page = context.new_page()
    page.set_default_timeout(HANG_MS)
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
