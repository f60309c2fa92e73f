"""The stage as a job: artifact folders in, a whole report out, errors that name the file."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

from mirage import report as stage
from mirage.context import JobContext
from mirage.contracts import DataError, write_rows
from mirage.plan.artifact import Manifest
from mirage.plan.job import Job
from mirage.plan.schema.score import Score
from mirage.report.load import study_info
from report_exhibits import GATES, plain
from synthetic_study import PROFILES, Study, scored, study, write_scores

CONF = Path(__file__).parents[2] / "conf"


def _conf(group: str) -> dict[str, Any]:
    plain: dict[str, Any] = yaml.safe_load(
        (CONF / group / "default.yaml").read_text(encoding="utf-8")
    )
    return plain


def _finish(folder: Path, stage_name: str, name: str, settings: dict[str, Any]) -> None:
    Manifest(stage_name, stage_name, name, "0" * 64, settings, {}, "code", {}).write(folder)


def cards() -> list[dict[str, Any]]:
    return [
        {"name": f"{recipe}-s0", "recipe": recipe, "title": recipe.replace("_", " "),
         "parent": "mirage" if recipe.startswith("mirage_") else None, "factor": None,
         "marked_ours": False, "helper": recipe == "placebo",
         "mode": None if recipe == "base" else "as_published", "config": "nano", "seed": 0}
        for recipe in [*PROFILES, "placebo"]
    ]  # fmt: skip


def _store(root: Path, made: Study) -> dict[str, list[str]]:
    """Writes every parent of a report job."""
    suites = sorted({s.suite for s in made.samples})
    for name in suites:
        mine = [s for s in made.samples if s.suite == name]
        write_rows(root / f"build/suite_{name}/samples.jsonl", mine)
        _finish(root / f"build/suite_{name}", "build", f"suite_{name}", {"suite": {"name": name}})
    picture = io.BytesIO()
    Image.new("RGB", (32, 32), (20, 90, 200)).save(picture, "PNG")
    for path in {p for s in made.samples for p in s.images}:
        target = root / "build/images" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(picture.getvalue())
    for model, verdicts in made.verdicts.items():
        write_rows(root / f"judge/oracle-{model}/verdicts.jsonl", verdicts)
        about = {"judge": {"name": "oracle", "options": {}, "model": model}}
        _finish(root / f"judge/oracle-{model}", "judge", f"oracle-{model}", about)
        write_rows(root / f"respond/{model}/responses.jsonl", made.responses[model])
        _finish(root / f"respond/{model}", "respond", model, {})
    settings = Score.model_validate({**_conf("score"), "n_resamples": 200})
    write_scores(scored(made.samples, made.verdicts, settings), root / "score/quick-oracle")
    _finish(root / "score/quick-oracle", "score", "quick-oracle", {"judge": "oracle"})
    return {
        "score": ["score/quick-oracle"],
        "verdicts": [f"judge/oracle-{model}" for model in made.verdicts],
        "responses": [f"respond/{model}" for model in made.verdicts],
        "suites": [f"build/suite_{name}" for name in suites],
        "images": ["build/images"],
        "models": [],
    }


@pytest.fixture
def job(tmp_path: Path) -> JobContext:
    parents = _store(tmp_path, study(pairs=6, items=1, hostile=True))
    tables = ["fig4", "table12", "gates", "gallery"]
    report = _conf("report")
    report["browser"]["mlflow"] = "http://mlflow.example:5000/#/experiments/1/runs"
    settings = {
        "report": report,
        "study": {"name": "quick", "title": "", "tables": tables, "mode": "as_published"},
        "models": cards(),
        "suites": ["easy", "hard", "real"],
        "exhibits": plain(*tables),
        "gates": GATES,
    }
    for folder in ("work", "out"):
        (tmp_path / folder).mkdir()
    return JobContext(
        Job("report", "report", "quick", "1" * 64, settings, parents),
        tmp_path, tmp_path / "work", tmp_path / "out",
    )  # fmt: skip


@pytest.fixture
def nothing_heavy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever imports one of these from now on gets an ImportError."""
    for name in ("torch", "transformers", "mlflow", "hydra", "snakemake", "deepspeed"):
        monkeypatch.setitem(sys.modules, name, None)


@pytest.mark.usefixtures("nothing_heavy")
def test_a_whole_report(job: JobContext) -> None:
    stage.run(job)
    names = {p.relative_to(job.out).as_posix() for p in job.out.rglob("*") if p.is_file()}
    assert {"report.html", "report.pdf", "numbers.tex", "provenance.html"} <= names
    assert {"figures/fig4.svg", "figures/fig4.png", "tables/gallery.md"} <= names
    page = (job.out / "report.html").read_text(encoding="utf-8")
    assert page.count('id="browser-data"') == 1
    found = page.count(f"%27{'0' * 64}%27")
    assert found == len(PROFILES), "each model's answers link to their run in MLflow"
    assert page.count("data:image/png;base64,") == 1, "equal pictures are stored once"
    before = {n: (job.out / n).read_bytes() for n in names - {"provenance.html"}}
    stage.run(job)
    assert {n: (job.out / n).read_bytes() for n in before} == before


def test_views_show_each_table_and_figure_by_itself(job: JobContext) -> None:
    stage.run(job)
    printed = {p.stem for p in job.out.glob("tables/*.csv")} - {"gallery"}
    assert (
        {p.stem for p in job.out.glob("report_pages/tables/*.html")}
        == printed
        >= {"gates", "table12"}
    )
    figures = {p.stem for p in job.out.glob("figures/*.svg")}
    assert {p.stem for p in job.out.glob("report_pages/figures/*")} == figures >= {"fig4"}
    page = (job.out / "report_pages/tables/gates.html").read_text(encoding="utf-8")
    assert "<title>Nano: validity gates</title>" in page
    assert "<script" not in page
    assert "How to read it." in page


@pytest.mark.parametrize("package", ["judge", "score", "report"])
def test_no_module_behind_the_answers_imports_torch(package: str) -> None:
    code = (
        "import importlib, pkgutil, sys\n"
        "for heavy in ('torch', 'transformers', 'mlflow', 'hydra'): sys.modules[heavy] = None\n"
        f"import mirage.{package} as package\n"
        "for found in pkgutil.iter_modules(package.__path__, package.__name__ + '.'):\n"
        "    importlib.import_module(found.name)\n"
        "    print(found.name)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"mirage.{package}." in done.stdout


def test_a_missing_picture_is_named(job: JobContext) -> None:
    for path in (job.store / "build/images").rglob("*.png"):
        path.unlink()
    with pytest.raises(DataError, match=r"easy/00-0-hazard: picture .*thing0\.png does not exist"):
        stage.run(job)


def test_a_cut_response_file_is_named(job: JobContext) -> None:
    path = job.store / "respond/mirage-s0/responses.jsonl"
    path.write_text(path.read_text(encoding="utf-8")[:-20], encoding="utf-8")
    with pytest.raises(DataError, match=r"mirage-s0/responses\.jsonl, line \d+: not valid JSON"):
        stage.run(job)


def test_helpers_and_the_base_are_no_recipes() -> None:
    settings = {
        "study": {"name": "quick", "mode": "matched", "tables": ["fig4"]},
        "models": cards(),
        "suites": ["easy"],
        "exhibits": plain("fig4"),
        "gates": GATES,
    }
    info = study_info(settings, "oracle")
    assert [r.recipe for r in info.recipes] == [name for name in PROFILES if name != "base"]
    assert (info.seeds, info.mode) == ((0,), "matched")
