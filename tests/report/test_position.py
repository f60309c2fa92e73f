"""The tables of positions: which recipes count as telling nothing apart, and on which bases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mirage.model_card import ModelCard
from mirage.report.blocks import Number, Table, Text, TextBlock
from mirage.report.data import ReportData, Training
from mirage.score.rates import Rate
from report_exhibits import block_named

RATES = {  # recipe -> base -> (ASR, over-refusal on twins)
    "vlguard_p": [(96, 4), (20, 82)],
    "mirage": [(30, 70), (94, 6)],
    "mirage_twins": [(0, 0), (2, 1)],
}


@pytest.fixture
def two_bases(data: ReportData) -> ReportData:
    trained = [ModelCard("base", "nano", seed, f"base-s{seed}") for seed in (0, 1)]
    rates = []
    for recipe, of in RATES.items():
        for seed, (asr, refused) in enumerate(of):
            card = ModelCard(recipe, "nano", seed, f"{recipe}-s{seed}", mode="as_published")
            trained.append(card)
            rates.append(_rate(card, "asr", "hazard", asr))
            rates.append(_rate(card, "over_refusal", "twin_trigger", refused))
    study = replace(data.study, trained=tuple(trained))
    return replace(data, study=study, scores=replace(data.scores, rates=rates))


def _rate(card: ModelCard, metric: str, corner: str, value: float) -> Rate:
    about = (card.name, card.recipe, card.config, card.seed, "hard", corner, "all", "all", metric)
    return Rate(*about, value, 96, 96, 100.0, None, None, value, value, 96, "bootstrap")


def test_values_stand_base_by_base(two_bases: ReportData) -> None:
    table = block_named("position_values", two_bases)
    assert isinstance(table, Table)
    cells = {str(row[0]): row[1:] for row in table.rows}
    values = [[c.value for c in row if isinstance(c, Number)] for row in cells.values()]
    assert values == [[96, 19, 77], [30, 94, 64], [50, 50.5, 0.5]]
    strong = [isinstance(row[1], Number) and row[1].strong for row in table.rows]
    assert strong == [False, False, True]


def test_only_recipes_on_the_line_are_decomposed(two_bases: ReportData) -> None:
    table = block_named("position", two_bases)
    assert isinstance(table, Table)
    names = [row[0].text for row in table.rows if isinstance(row[0], Text)]
    shares = [row[2].value for row in table.rows if isinstance(row[2], Number)]
    assert names == ["recipe", "base", "base × recipe, and the rest"]
    positions = [(96 + 19) / 2, (30 + 94) / 2, (96 + 30) / 2, (19 + 94) / 2]
    by_recipe, by_base = positions[0] - positions[1], positions[2] - positions[3]
    assert shares[0] is not None and shares[1] is not None and shares[2] is not None
    assert shares[0] / shares[1] == pytest.approx(by_recipe**2 / by_base**2)
    assert shares[2] > 90


def test_the_table_says_which_recipes_it_was_read_on(two_bases: ReportData) -> None:
    with_twins = Training("mirage_twins", {"twins": 9, "benign_kind": "image_twins"}, {}, 1, 1, ())
    table = block_named("position", replace(two_bases, trainings=(with_twins,)))
    assert isinstance(table, Table)
    left, right, unstable = table.notes[-3:]
    assert left.startswith("recipes on the line: 2 (") and "mirage_twins" not in left + right
    assert right.endswith("each on the bases 0, 1.")
    assert "fewer than 6" in unstable
    halves = [(row[1:3], row[3:5]) for row in table.rows]
    assert all(one == other for one, other in halves)  # here both halves have the same recipes


def test_a_recipe_off_the_line_is_in_the_other_half(two_bases: ReportData) -> None:
    rates = [
        replace(rate, value=0.0) if rate.model == "mirage-s1" else rate
        for rate in two_bases.scores.rates
    ]
    table = block_named(
        "position", replace(two_bases, scores=replace(two_bases.scores, rates=rates))
    )
    assert isinstance(table, Table)
    left, right = ([row[at] for row in table.rows] for at in (2, 4))
    assert all(isinstance(cell, Number) and cell.value is None for cell in left)
    assert all(isinstance(cell, Number) and cell.value is not None for cell in right)


def test_one_base_decides_nothing(data: ReportData) -> None:
    assert isinstance(block_named("position", data), TextBlock)
    assert isinstance(block_named("position_values", data), TextBlock)
