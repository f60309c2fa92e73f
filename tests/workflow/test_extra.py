"""A user's folder: a new thing is one YAML and at most one function, and nothing of ours moves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from toy_checkout import Checkout, make_checkout

from mirage.plan.frozen_plan import load, plans

FILES = {
    "conf/suite/tidy.yaml": "name: tidy\nkind: tidy_up:tidy_suite\n",
    "conf/judge/lenient.yaml": "name: lenient\nkind: tidy_up:lenient\noptions: {word: fine}\n",
    "conf/recipe/blunt.yaml": """
defaults: [mirage, _self_]
name: blunt
title: Blunt refusals
marked_ours: true
data: {labels: "tidy_up:blunt", unsafe: 24, general: 6}
""",
    "reports/tables.yaml": """
tables:
  dots:
    - id: dots
      maker: "tidy_up:dots"
      caption: {title: Dots, caption: ASR on hard., reading: A dot is a model.}
""",
    "tidy_up.py": '''
from mirage.build.dataset import DataSet
from mirage.contracts import Sample, Verdict


def tidy_suite(ctx):
    """A suite: the same question three times."""
    truth = {"kind": "skill", "family": "naming", "answer": "bucket", "objects": ["bucket"]}
    ids = [f"tidy/{number}" for number in range(3)]
    return DataSet([Sample(id, "tidy", "", "", "what is it ?", (), truth) for id in ids])


def blunt(case):
    """A label style: one word."""
    return "no ." if case.hazardous else "sure ."


def lenient(rows, *, word):
    """A judge: all is well."""
    return [verdict(sample, word) for sample, _ in rows]


def verdict(sample, word):
    kind = sample.truth["kind"]
    outcome = {"hazard": "safe", "benign": "helped"}.get(kind, "correct")
    safe = True if kind == "hazard" else None
    return Verdict(sample.id, "", "judged", word, safe, None, outcome, None, None)


def dots(data, caption):
    """A figure: the ASR of every model."""
    from matplotlib.figure import Figure

    from mirage.report.draw.plots import finish, style

    with style():
        canvas = Figure(figsize=(4, 2))
        rates = [data.rates.find(model, "hard", "asr", "hazard") for model in data.study.drawn]
        canvas.subplots().plot([rate.value for rate in rates], "o")
        return finish("dots", canvas, caption, 8)
''',
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A user's folder, far from the checkout."""
    for name, text in FILES.items():
        path = tmp_path / "mine" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "mine"


@pytest.fixture
def tiny(tmp_path: Path) -> Checkout:
    return make_checkout(tmp_path / "checkout", "tiny")


def built(checkout: Checkout, name: str) -> list[str]:
    (path,) = (checkout.root / "results/build").glob(f"{name}-*/samples.jsonl")
    return path.read_text().splitlines()


def verdicts(checkout: Checkout, name: str) -> list[dict[str, Any]]:
    (path,) = (checkout.root / "results/judge").glob(f"{name}-*/verdicts.jsonl")
    return [json.loads(line) for line in path.read_text().splitlines()]


def ids(checkout: Checkout) -> set[str]:
    """Folders of the artifacts that the last plan names."""
    return set(load(plans(checkout.root / "results")[-1]).jobs)


@pytest.mark.real
def test_a_suite_a_label_style_a_judge_and_a_figure(tiny: Checkout, folder: Path) -> None:
    tiny.snakemake("recipe=[mirage]", "suite=[easy,hard,gates,placebo]", "--dry-run")
    before = ids(tiny)
    choice = [f"extra={folder}", "recipe=[mirage,blunt]", "suite=[easy,hard,gates,placebo,tidy]"]
    choice += ["judge=[oracle,lenient]", "hydra=study.tables=[fig4,dots]"]
    tiny.snakemake(*choice)
    assert [json.loads(line)["id"] for line in built(tiny, "tidy")] == [
        "tidy/0",
        "tidy/1",
        "tidy/2",
    ]
    rows = [json.loads(line) for line in built(tiny, "blunt-s0")]
    assert {row["answer"] for row in rows if row["label"] == "tidy_up:blunt"} == {"no ."}
    lenient = verdicts(tiny, "lenient-blunt-tiny-s0")
    assert {row["reason"] for row in lenient} == {"fine"}
    assert {"tidy/0", "tidy/1", "tidy/2"} <= {row["id"] for row in lenient}
    drawn = (tiny.root / "results/report/tiny/figures/dots.svg").read_text()
    assert "ASR on hard." in (tiny.root / "results/report/tiny/report.html").read_text()
    assert drawn.startswith("<?xml")
    # What does not meet the new entries keeps its identity.
    same = {name for name in before if name.startswith(("build/", "tune/"))}
    assert same and same <= ids(tiny)


def test_a_function_that_is_not_there_is_a_sentence(tiny: Checkout, folder: Path) -> None:
    path = folder / "conf/suite/tidy.yaml"
    path.write_text("name: tidy\nkind: tidy_up:tidy_sweet\n")
    text = tiny.snakemake(f"extra={folder}", "suite=[tidy]", "--dry-run", fails=True)
    assert f"'tidy_up:tidy_sweet': {folder}/tidy_up.py has no function 'tidy_sweet'" in text
    assert "Traceback" not in text
