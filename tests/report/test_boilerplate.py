"""Sentences that all reports share."""

from __future__ import annotations

from dataclasses import replace

from mirage.model_card import ModelCard
from mirage.report.data import ReportData
from mirage.report.render.boilerplate import footer


def test_the_footer_explains_the_brackets_that_there_are(data: ReportData) -> None:
    another = ModelCard("base", "nano", 9, "base-s9")
    one = footer(data.study)
    several = footer(replace(data.study, trained=(*data.study.trained, another)))
    assert "bootstrap" in one and "lowest" not in one
    assert "lowest" in several and "bootstrap" not in several
