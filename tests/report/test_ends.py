"""Steps to the criterion beside claims and recipes, and the runs that the cap ended."""

from __future__ import annotations

from dataclasses import replace

from mirage.model_card import ModelCard
from mirage.report.blocks import Number, Table, Text
from mirage.report.captions import caption, setting_facts
from mirage.report.data import End, ReportData, Training
from mirage.report.exhibits.claims import claim_parts, claims
from mirage.report.exhibits.contrasts import gates
from mirage.report.exhibits.ends import capped_notes, ends_by_recipe
from report_exhibits import block_named
from toy_ledger import claims as ledger
from toy_ledger import part, scores_of

SEEDS = (200, 201)
ENDS = {
    "cot-s201": End(120, capped=False), "cot-s200": End(1400, capped=True),
    "short-s200": End(60, capped=False), "short-s201": End(80, capped=False),
}  # fmt: skip
NOTE = "Cot, on base 200: capped, did not fit after 1,400 steps."


def ended(data: ReportData) -> ReportData:
    """Two recipes that a claim compares, each on two bases, and one that has fixed steps."""
    names = ("cot", "short", "plain")
    cards = tuple(
        ModelCard(name, "nano", seed, f"{name}-s{seed}", title=name.title(), mode="matched")
        for name in names
        for seed in SEEDS
    )
    rates = {name: dict.fromkeys(SEEDS, (20.0, 0.0)) for name in names}
    scores = scores_of(rates, ledger(C4=[part("cot", "short", ">", 10)]))
    return replace(data, study=replace(data.study, trained=cards), scores=scores, ends=ENDS)


def test_steps_stand_beside_the_claim_base_by_base_and_without_a_verdict(data: ReportData) -> None:
    shown = ended(data)
    table = claim_parts(shown, caption("claims_parts", setting_facts(shown)))
    assert isinstance(table, Table)
    assert [row[0] for row in table.rows] == [Text("C4")] * 3
    assert [row[1:5] for row in table.rows[1:]] == [
        (
            Text(f"optimizer steps of {name} to the criterion (beside)"),
            Text(""),
            Text(steps),
            Text("200, 201"),
        )
        for name, steps in (("cot", "1,400 (capped), 120"), ("short", "60, 80"))
    ]
    assert [row[5:7] for row in table.rows[1:]] == [
        (Number(None), Number(mean)) for mean in (760.0, 70.0)
    ]
    assert {row[7:] for row in table.rows[1:]} == {(Number(None), Number(None), Text(""))}


def test_capped_runs_are_named_below_claims_and_gates(data: ReportData) -> None:
    shown = ended(data)
    facts = setting_facts(shown)
    for make in (claims, gates):
        table = make(shown, caption(make.__name__, facts))
        assert isinstance(table, Table)
        assert table.notes[-1] == NOTE
    assert capped_notes(shown, ["short"]) == []
    assert capped_notes(replace(shown, ends={})) == []
    only = replace(shown, ends={"cot-s200": ENDS["cot-s200"]})
    assert capped_notes(only) == ["Cot: capped, did not fit after 1,400 steps."]


def test_ends_are_in_the_order_of_recipes_and_bases(data: ReportData) -> None:
    found = ends_by_recipe(ended(data))
    assert list(found) == [("cot", "nano"), ("short", "nano")]
    assert [list(ends) for ends in found.values()] == [[200, 201]] * 2
    assert list(ends_by_recipe(ended(data), ["short"], [201])["short", "nano"]) == [201]


def test_recipe_sizes_have_the_steps_base_by_base_and_whole_titles(data: ReportData) -> None:
    shown = ended(data)
    cards = [replace(card, title=f"{card.title}, labels") for card in shown.study.trained]
    planned = {"unsafe": 9, "benign": 0, "twins": 9, "general": 2}
    trainings = tuple(
        Training(name, planned, {}, None, 1e-3, ()) for name in ("cot", "short", "plain")
    )
    study = replace(shown.study, trained=tuple(cards))
    table = block_named("recipe_sizes", replace(shown, study=study, trainings=trainings))
    assert isinstance(table, Table)
    (place,) = [at for at, column in enumerate(table.columns) if "criterion" in column.name]
    assert [(row[0], row[place]) for row in table.rows] == [
        (Text("Cot, labels"), Text("1,400 (capped), 120")),
        (Text("Short, labels"), Text("60, 80")),
        (Text("Plain, labels"), Text("–")),
    ]
