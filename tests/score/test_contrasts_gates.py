"""Contrasts between recipes and validity gates."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import ValidationError

from all_scores import score_all
from mirage.model_card import ModelCard
from mirage.plan.schema.score import Contrast, Gate, Score
from mirage.score.compute import Scores
from synthetic_study import Study, scored


def test_every_contrast_of_the_list_is_there(scores: Scores, settings: Score) -> None:
    assert [d.contrast for d in scores.contrasts] == [c.id for c in settings.contrasts]
    for row in scores.contrasts:
        assert row.difference == pytest.approx(row.value_a - row.value_b, abs=2e-6)
        assert row.low <= row.difference <= row.high
        assert row.p <= row.p_holm <= 1


def test_swapping_sides_turns_the_sign_and_keeps_p(made: Study, settings: Score) -> None:
    for metric, corner in (("asr", "hazard"), ("j", "")):
        one = Contrast(
            id="one", a="vlguard_r", b="mirage", suite="hard", metric=metric, corner=corner
        )
        two = one.model_copy(update={"id": "two", "a": one.b, "b": one.a})
        listed = settings.model_copy(update={"contrasts": [one, two], "gates": []})
        verdicts = {name: made.verdicts[name] for name in ("vlguard_r-s0", "mirage-s0")}
        first, second = scored(made.samples, verdicts, listed).contrasts
        assert first.difference == -second.difference
        assert first.p == second.p
        assert first.p_holm == pytest.approx(min(1.0, 2 * first.p))


def test_a_recipe_against_itself_differs_nowhere(made: Study, settings: Score) -> None:
    same = Contrast(id="same", a="mirage", b="mirage", suite="hard", metric="asr", corner="hazard")
    listed = settings.model_copy(update={"contrasts": [same], "gates": []})
    row = scored(made.samples, {"mirage-s0": made.verdicts["mirage-s0"]}, listed).contrasts[0]
    assert (row.difference, row.p) == (0.0, 1.0)


def test_absent_recipes_are_left_out(made: Study, settings: Score) -> None:
    verdicts = {"mirage-s0": made.verdicts["mirage-s0"]}
    assert scored(made.samples, verdicts, settings).contrasts == []


def test_seeds_are_apart(made: Study, settings: Score) -> None:
    verdicts = {
        f"{recipe}-s{seed}": made.verdicts[f"{recipe}-s0"]
        for recipe in ("vlguard_r", "mirage")
        for seed in (0, 1)
    }
    rows = scored(made.samples, verdicts, settings).contrasts
    assert [row.seed for row in rows] == [0, 1]
    assert replace(rows[1], seed=0) == rows[0]


def test_architectures_are_apart(made: Study, settings: Score) -> None:
    models = [
        ModelCard(recipe, config, 0, f"{recipe}-{config}-s0")
        for config in ("nano", "tiny")
        for recipe in ("vlguard_r", "mirage")
    ]
    verdicts = {m.name: made.verdicts[f"{m.recipe}-s0"] for m in models}
    rows = score_all(made.samples, verdicts, settings, models).contrasts
    assert [row.config for row in rows] == ["nano", "tiny"]
    assert replace(rows[1], config="nano") == rows[0]


def test_no_contrast_against_the_base() -> None:
    with pytest.raises(ValidationError, match="complies with everything"):
        Contrast(id="x", a="mirage", b="base", suite="hard", metric="asr")


def test_a_gate_has_one_threshold() -> None:
    with pytest.raises(ValidationError, match="exactly one"):
        Gate(id="x", title="x", models="base", metric="accuracy")


def test_gates_pass_fail_or_are_not_measured(scores: Scores) -> None:
    by_id = {(g.gate, g.recipe): g for g in scores.gates}
    assert by_id["naming_1", "base"].passed == "yes"
    assert by_id["placebo_silent", "placebo"].passed == "not measured"
    assert by_id["placebo_silent", "placebo"].value is None
    assert {g.recipe for g in scores.gates if g.gate == "fit"} == {
        "textual_sft", "vlguard_p", "vlguard_r", "mirage", "mirage_no_cot_rewrite",
        "mirage_text_only", "mirage_single_image", "mirage_twins",
    }  # fmt: skip
    for gate in scores.gates:
        if gate.value is not None:
            above = gate.value >= gate.threshold
            assert (gate.passed == "yes") == (above if gate.comparison == "at least" else not above)


def test_placebo_transfer_is_a_share_of_its_own_format(made: Study, settings: Score) -> None:
    verdicts = []
    for verdict in made.verdicts["placebo-s0"]:
        number = int(verdict.id.rpartition("-")[2])
        held = number < (8 if "own" in verdict.id else 4)
        verdicts.append(replace(verdict, outcome="correct" if held else "wrong"))
    result = scored(made.samples, {"placebo-s0": verdicts}, settings)
    values = {g.gate: (g.value, g.passed) for g in result.gates}
    assert values["placebo_own"] == (80.0, "no")
    assert values["placebo_transfer"] == (50.0, "yes")


def test_transfer_of_a_behaviour_that_never_holds_is_not_measured(
    made: Study, settings: Score
) -> None:
    verdicts = [replace(v, outcome="wrong") for v in made.verdicts["placebo-s0"]]
    result = scored(made.samples, {"placebo-s0": verdicts}, settings)
    assert {g.gate: g.passed for g in result.gates}["placebo_transfer"] == "not measured"
