"""A table over several platforms says so, in every format; each report names its platforms."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mirage.plan.artifact import Manifest
from mirage.plan.job import Job
from mirage.report.assemble import blocks_of, build_report
from mirage.report.data import ReportData
from mirage.report.provenance import provenance_page
from mirage.report.render.boilerplate import lead
from mirage.report.render.pdf import _block
from report_exhibits import exhibits

NOTE = "Several platforms in one table: cpu-amd (8 models), cpu-intel (1 models)"


def _on(data: ReportData, odd: str | None) -> ReportData:
    """The report with all models on one platform, the last on another."""
    *models, last = data.study.trained
    trained = [replace(m, platform="cpu-amd") for m in models] + [replace(last, platform=odd)]
    shown = exhibits("corners", "gates", "hazards")
    return replace(
        data, study=replace(data.study, trained=tuple(trained), exhibits=shown), responses={}
    )


@pytest.fixture(scope="module")
def mixed(data: ReportData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mixed")
    build_report(_on(data, "cpu-intel"), folder)
    return folder


@pytest.mark.parametrize("name", ["corners.csv", "corners.md", "corners.tex", "gates.md"])
def test_a_table_over_two_platforms_says_so(mixed: Path, name: str) -> None:
    text = (mixed / "tables" / name).read_text(encoding="utf-8")
    assert NOTE in text.replace("\\_", "_")


def test_pages_say_so_and_name_the_platforms(mixed: Path) -> None:
    html = (mixed / "report.html").read_text(encoding="utf-8")
    assert "Computed on cpu-amd and cpu-intel." in html
    assert NOTE in html


def test_the_pdf_gets_both(data: ReportData, tmp_path: Path) -> None:
    report = _on(data, "cpu-intel")
    corners = next(block for block in blocks_of(report) if block.id == "corners")
    assert any(NOTE in note for note in _block(corners, tmp_path)["notes"])
    assert lead(report.study).endswith("Computed on cpu-amd and cpu-intel.")


def test_facts_about_data_need_no_warning(mixed: Path) -> None:
    assert "platform" not in (mixed / "tables" / "hazards.md").read_text(encoding="utf-8")


def test_one_platform_is_named_without_a_warning(data: ReportData, tmp_path: Path) -> None:
    build_report(_on(data, "cpu-amd"), tmp_path)
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Computed on cpu-amd." in html
    assert "Several platforms" not in html


def test_the_provenance_page_names_both(tmp_path: Path) -> None:
    for name, platform in (("a", "cpu-amd"), ("b", "cpu-intel")):
        made = Manifest("tune", "recipe", name, name * 64, {}, {}, "code", {}, platform=platform)
        made.write(tmp_path / f"tune/{name}")
    job = Job("report", "report", "x", "1" * 64, {}, {"models": ["tune/a", "tune/b"]})
    assert "cpu-amd; cpu-intel (several" in provenance_page(tmp_path, job)
