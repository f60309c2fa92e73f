"""Nano counterparts of the paper's tables and figures, and our own: one small file per group."""

from __future__ import annotations

from collections.abc import Mapping

from mirage.report.nano import datasets, effects, factorial, ledger, lines, models, probes, unseen
from mirage.report.nano.lines import FigureMaker
from mirage.report.nano.places import TableMaker

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
