"""The picture of one request and what two models answer."""

from __future__ import annotations

from dataclasses import replace

from mirage.report.blocks import Figure, TextBlock
from mirage.report.data import ReportData
from report_exhibits import block_named

MATH = r"$\frac{ broken <b> \n"


def test_what_a_model_wrote_is_drawn_as_it_stands(data: ReportData) -> None:
    said = {name: dict.fromkeys(answers, MATH) for name, answers in data.responses.items()}
    plain, hostile = (
        block_named("example", each) for each in (data, replace(data, responses=said))
    )
    assert isinstance(plain, Figure) and isinstance(hostile, Figure)
    assert plain.svg != hostile.svg


def test_a_study_without_both_models_says_so(data: ReportData) -> None:
    trained = tuple(model for model in data.study.trained if model.recipe != "mirage_twins")
    fewer = replace(data, study=replace(data.study, trained=trained))
    assert isinstance(block_named("example", fewer), TextBlock)
