"""Report data of the wide made-up studies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

from all_scores import score_all
from mirage.model_card import ModelCard
from mirage.plan.schema.claims import Claims, PaperContrasts
from mirage.plan.schema.report import Report
from mirage.plan.schema.score import Score
from mirage.report.captions import SOURCES
from mirage.report.data import ReportData, Training
from mirage.report.load import study_info
from report_exhibits import GATES, plain
from synthetic_wide import Card, Wide

CONF = SOURCES.parent / "conf"
PLANNED = {
    "source": "mis", "images": "two", "wording": ["explicit"], "labels": "cot", "unsafe": 1000,
    "benign": 0, "twins": 500, "benign_kind": "image_twins", "general": 250,
}  # fmt: skip


def data_of(
    made: Wide, name: str, tables: Sequence[str], ledger: bool = False, draws: int = 100
) -> ReportData:
    """Scores a wide study and returns what its report is made of."""
    samples = made.made.samples
    settings = {
        "study": {"name": name, "mode": "as_published", "tables": list(tables)},
        "models": made.cards,
        "suites": list(dict.fromkeys(s.suite for s in samples)),
        "exhibits": plain(*tables),
        "gates": GATES,
    }
    score = Score.model_validate({**_conf("score"), "n_resamples": draws})
    return ReportData(
        study=study_info(settings, "oracle"),
        settings=Report.model_validate(_conf("report")),
        scores=score_all(
            samples,
            made.made.verdicts,
            score,
            [ModelCard.from_json(c) for c in made.cards],
            *_ledger(ledger),
            responses=made.made.responses,
        ),
        samples=tuple(samples),
        verdicts={},
        trainings=tuple(
            {c["recipe"]: _training(c) for c in made.cards if c["recipe"] != "base"}.values()
        ),
    )


def _conf(group: str) -> dict[str, Any]:
    plain = yaml.safe_load((CONF / group / "default.yaml").read_text(encoding="utf-8"))
    return dict(plain)


def _ledger(wanted: bool) -> tuple[Claims | None, PaperContrasts | None]:
    if not wanted:
        return None, None
    texts = [
        (SOURCES / f"{n}.yaml").read_text(encoding="utf-8") for n in ("claims", "paper_contrasts")
    ]
    claims, contrasts = (yaml.safe_load(text) for text in texts)
    return Claims.model_validate(claims), PaperContrasts.model_validate(contrasts)


def _training(each: Card) -> Training:
    mixed = each["recipe"] == "vlguard_m"
    return Training(
        each["recipe"], PLANNED, {"hazard": 1000, "benign": 500, "general": 250},
        None if mixed else 2.0, None if mixed else 5e-4, () if mixed else ("language_model",),
    )  # fmt: skip
