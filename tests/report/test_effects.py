"""The sign of an effect over steps: equal cells are compared."""

from __future__ import annotations

from dataclasses import replace

from all_scores import score_all
from mirage.model_card import ModelCard
from mirage.plan.schema.score import Score
from mirage.report.blocks import Number, Table, Text
from mirage.report.captions import caption, setting_facts
from mirage.report.data import ReportData
from mirage.report.exhibits.claims import claim_parts
from mirage.report.exhibits.factorial_effects import main_block, sensitivity_effects
from mirage.score.compute import Scores
from toy_ledger import SCORE, answered, claims, hard, part, scores_of


def cell(images: str, labels: str, asr: float, steps: float = 1.0) -> tuple[ModelCard, float]:
    name = f"{images}_{labels}_{steps:g}"
    levels = {
        "images": images, "labels": labels, "benign": "image_twins", "wording": "neutral",
        "steps": steps, "tokens": False, "size": "nano",
    }  # fmt: skip
    card = {"recipe": name, "config": "nano", "seed": 0, "name": f"{name}-s0"}
    return ModelCard.from_json(card | {"mode": "matched", "factors": levels}), asr


def toy(settings: Score = SCORE) -> Scores:
    """Reasoning is worth 40 points of J on two images at 1x and at 10x; on one image, where only
    1x was run, it costs 50."""
    cells = [
        cell("two", "filler", 60.0), cell("two", "cot", 20.0),
        cell("one", "filler", 20.0), cell("one", "cot", 70.0),
        cell("two", "filler", 60.0, 10.0), cell("two", "cot", 20.0, 10.0),
    ]  # fmt: skip
    items = hard()
    verdicts = {m.name: answered(items, asr, 0.0) for m, asr in cells}
    return score_all(items, verdicts, settings, [m for m, _ in cells])


def test_more_steps_are_compared_on_the_cells_that_took_them(data: ReportData) -> None:
    changed = replace(data, scores=toy())
    assert main_block(changed.scores.factorial) == "steps=1, tokens=False, size=nano"
    table = sensitivity_effects(changed, caption("sensitivity_effects", setting_facts(changed)))
    assert isinstance(table, Table)
    (row,) = table.rows
    assert [c.value for c in row if isinstance(c, Number)] == [40.0, 40.0]
    assert row[-1] == Text("kept")


def test_values_per_seed_are_told_at_a_margin_of_zero(data: ReportData) -> None:
    rates = {"mirage": {100: (10.0, 0.0), 101: (20.0, 0.0)}}
    scores = scores_of(rates, claims(C1=[part("mirage", None, ">", 0)]))
    changed = replace(data, scores=scores)
    table = claim_parts(changed, caption("claims_parts", setting_facts(changed)))
    assert isinstance(table, Table)
    assert [row[3] for row in table.rows] == [Text("10.0, 20.0")]
