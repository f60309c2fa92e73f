"""Nano counterparts of the paper's tables and figures, and our own: one small file per group."""

from __future__ import annotations

from collections.abc import Mapping

from mirage.report.exhibits import baselines as models
from mirage.report.exhibits import claims as ledger
from mirage.report.exhibits import curves as lines
from mirage.report.exhibits import datasets, factorial, probes, unseen
from mirage.report.exhibits import factorial_effects as effects
from mirage.report.exhibits.columns import TableMaker
from mirage.report.exhibits.curves import FigureMaker

MAKERS: dict[str, Mapping[str, TableMaker | FigureMaker]] = {
    **models.MAKERS,
    **probes.MAKERS,
    **unseen.MAKERS,
    **lines.MAKERS,
    **factorial.MAKERS,
    **effects.MAKERS,
    **ledger.MAKERS,
    **datasets.MAKERS,
    "sensitivity": {
        **lines.MAKERS["sensitivity"],
        "sensitivity_effects": effects.sensitivity_effects,
    },
}
"""Id in a study's ``tables`` -> entry of ``captions.yaml`` -> what it puts into the report."""
