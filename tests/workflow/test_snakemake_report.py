"""Snakemake's own report of a finished run: tables, figures and the PDF, with labels."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest
from toy_checkout import Checkout

from mirage.plan.snakemake_pages import copy_pages, folders, labels, title


class Wildcards:
    """What Snakemake hands to a label."""

    artifact = "quick-12345678"
    name = "gates"


@pytest.mark.real
def test_the_report_has_every_table_and_figure(tiny_run: Checkout, tmp_path: Path) -> None:
    checkout = tiny_run
    target = tmp_path / "report-snakemake.html"
    text = checkout.snakemake("--report", str(target))
    (report,) = (p for p in (checkout.root / "results/report").glob("tiny-*") if p.is_dir())
    made = {p.stem for p in (report / "report_pages").rglob("*.html")}
    assert made == {p.stem for p in report.glob("tables/*.csv")} - {"gallery"} | {
        p.stem for p in report.glob("figures/*.svg")
    }
    for name in ("report.pdf", *(f"{stem}.html" for stem in made)):
        assert f"Adding {name}" in text
    page = target.read_text(encoding="utf-8")
    for words in ("Tables", "Figures", "Document", "Nano: validity gates", "MIRage Suite"):
        assert words in page
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=.?https?:", page)
    packed = tmp_path / "report-snakemake.zip"
    checkout.snakemake("--report", str(packed))
    with zipfile.ZipFile(packed) as archive:
        assert archive.testzip() is None
        assert any(name.endswith("report.pdf") for name in archive.namelist())


def test_copies_are_made_anew(tmp_path: Path) -> None:
    report, out = tmp_path / "report", tmp_path / "out"
    (report / "report_pages/tables").mkdir(parents=True)
    (report / "report_pages/tables/gates.html").write_text("<title>Gates &amp; more</title>")
    (report / "report.pdf").write_bytes(b"%PDF")
    (out / "tables").mkdir(parents=True)
    (out / "tables/old.html").write_text("of another report")
    assert copy_pages(report, out) == 2
    names = sorted(p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file())
    assert names == ["document/report.pdf", "tables/gates.html"]
    assert (out / "figures").is_dir()
    assert title(out / "tables/gates.html") == "Gates & more"


def test_labels_are_titles(tmp_path: Path) -> None:
    (folder, *_) = folders(str(tmp_path), ["report/quick-12345678"])
    page = Path(folder) / "gates.html"
    page.parent.mkdir(parents=True)
    page.write_text("<title>Validity gates</title>")
    assert labels(str(tmp_path), "tables")(Wildcards()) == {
        "title": "Validity gates", "file": "gates",
    }  # fmt: skip
