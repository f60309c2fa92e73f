"""The sign of an effect over steps: equal cells are compared."""

from __future__ import annotations

from dataclasses import replace

import pytest

from all_scores import score_all
from mirage.model_card import ModelCard
from mirage.report.blocks import Number, Table, Text
from mirage.report.captions import caption, setting_facts
from mirage.report.data import ReportData
from mirage.report.exhibits.claims import claim_parts
from mirage.report.exhibits.factorial_effects import main_block, sensitivity_effects
from mirage.score.compute import Scores
from toy_ledger import SCORE, answered, claims, hard, part, scores_of


def cell(
    images: str, labels: str, asr: float, steps: float = 1.0, seed: int = 0
) -> tuple[ModelCard, float]:
    name = f"{images}_{labels}_{steps:g}"
    levels = {
        "images": images, "labels": labels, "benign": "image_twins", "wording": "neutral",
        "steps": steps, "tokens": False, "size": "nano",
    }  # fmt: skip
    card = {"recipe": name, "config": "nano", "seed": seed, "name": f"{name}-s{seed}"}
    return ModelCard.from_json(card | {"mode": "matched", "factors": levels}), asr


def toy(*more: tuple[ModelCard, float]) -> Scores:
    """Reasoning is worth 40 points of J on two images at 1x and at 10x; on one image, where only
    1x was run, it costs 50."""
    cells = [
        cell("two", "filler", 60.0), cell("two", "cot", 20.0),
        cell("one", "filler", 20.0), cell("one", "cot", 70.0),
        cell("two", "filler", 60.0, 10.0), cell("two", "cot", 20.0, 10.0), *more,
    ]  # fmt: skip
    items = hard()
    verdicts = {m.name: answered(items, asr, 0.0) for m, asr in cells}
    return score_all(items, verdicts, SCORE, [m for m, _ in cells])


def test_more_steps_are_compared_on_the_cells_that_took_them(data: ReportData) -> None:
    changed = replace(data, scores=toy())
    assert main_block(changed.scores.factorial) == "steps=1, tokens=False, size=nano"
    table = sensitivity_effects(changed, caption("sensitivity_effects", setting_facts(changed)))
    assert isinstance(table, Table)
    (row,) = table.rows
    assert [c.value for c in row if isinstance(c, Number)] == [40.0, 40.0]
    assert row[-1] == Text("kept, on one base")


@pytest.mark.parametrize(
    ("asr", "sign"),
    [
        (20.0, "kept, on all of 2 bases"),
        (40.0, "kept, on all of 2 bases; 75 % of it is left"),
        (70.0, "unclear"),
    ],
)
def test_several_bases_are_shown_one_by_one_and_must_share_a_sign(
    data: ReportData, asr: float, sign: str
) -> None:
    again = [cell("two", "filler", 60.0, steps, 1) for steps in (1.0, 10.0)]
    again += [cell("two", "cot", 20.0, 1.0, 1), cell("two", "cot", asr, 10.0, 1)]
    changed = replace(data, scores=toy(*again))
    table = sensitivity_effects(changed, caption("sensitivity_effects", setting_facts(changed)))
    assert isinstance(table, Table)
    (row,) = table.rows
    other = 60.0 - asr
    assert row[1] == Number(40.0, 40.0, 40.0, by_base=(40.0, 40.0))
    low, high = sorted((40.0, other))
    assert row[2] == Number((40.0 + other) / 2, low, high, by_base=(40.0, other))
    assert row[-1] == Text(sign)
    assert [(c.group, c.name) for c in table.columns[1:3]] == [("steps", "1×"), ("steps", "10×")]


def test_values_per_seed_are_told_at_a_margin_of_zero(data: ReportData) -> None:
    rates = {"mirage": {100: (10.0, 0.0), 101: (20.0, 0.0)}}
    scores = scores_of(rates, claims(C1=[part("mirage", None, ">", 0)]))
    changed = replace(data, scores=scores)
    table = claim_parts(changed, caption("claims_parts", setting_facts(changed)))
    assert isinstance(table, Table)
    assert [row[3] for row in table.rows] == [Text("10.0, 20.0")]
