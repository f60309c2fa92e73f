"""Effects of the factorial on cells whose rates are known."""

from __future__ import annotations

from all_scores import score_all
from mirage.model_card import ModelCard
from mirage.score.factorial import Effect
from toy_ledger import SCORE, answered, hard

Design = dict[tuple[str, str], float]

CELLS: Design = {
    ("two", "cot"): 10.0,
    ("one", "cot"): 40.0,
    ("two", "filler"): 30.0,
    ("one", "filler"): 90.0,
}


def card(images: str, labels: str, seed: int, **more: object) -> dict[str, object]:
    factors = {"images": images, "labels": labels, "benign": "image_twins", "wording": "neutral"}
    told = {"steps": 1.0, "tokens": False, "size": "nano"}
    changed = {key: more.pop(key) for key in (*factors, *told) if key in more}
    levels = factors | told | changed
    name = f"cell_{levels['images']}_{levels['labels']}_{levels['steps']:g}"
    return {
        "recipe": name, "config": "nano", "seed": seed, "name": f"{name}-s{seed}",
        "mode": "matched", "factors": levels, **more,
    }  # fmt: skip


def effects_of(cards: list[tuple[dict[str, object], float]]) -> list[Effect]:
    items = hard()
    models = [ModelCard.from_json(told) for told, _ in cards]
    verdicts = {
        m.name: answered(items, asr, 0.0) for m, (_, asr) in zip(models, cards, strict=True)
    }
    return score_all(items, verdicts, SCORE, models).factorial


def pick(found: list[Effect], **facts: object) -> Effect:
    (one,) = [e for e in found if all(getattr(e, k) == v for k, v in facts.items())]
    return one


def cells(seeds: tuple[int, ...], extra: float = 0.0) -> list[tuple[dict[str, object], float]]:
    return [
        (card(images, labels, seed), asr + (extra * place if images == "one" else 0.0))
        for (images, labels), asr in CELLS.items()
        for place, seed in enumerate(seeds)
    ]


def test_main_effects_average_over_the_other_factor() -> None:
    found = effects_of(cells((0,)))
    main = pick(found, outcome="asr", factor="images", kind="main")
    assert (main.levels, main.value, main.n_cells, main.n_settings) == ("one - two", 45.0, 4, 2)
    assert (main.low, main.high, main.n_seeds, main.values) == (45.0, 45.0, 1, "45.0")
    assert main.block == "steps=1, tokens=False, size=nano"
    labels = pick(found, outcome="asr", factor="labels", kind="main")
    assert (labels.levels, labels.value) == ("cot - filler", -35.0)


def test_two_factor_differences() -> None:
    two = pick(effects_of(cells((0,))), outcome="asr", kind="interaction")
    assert (two.factor, two.levels) == ("images", "one - two")
    assert (two.other_factor, two.other_levels) == ("labels", "cot - filler")
    assert two.value == (40.0 - 10.0) - (90.0 - 30.0)
    assert two.n_settings == 1


def test_j_counts_both_errors() -> None:
    found = effects_of(cells((0,)))
    assert pick(found, outcome="j", factor="images", kind="main").value == -45.0
    flat = pick(found, outcome="over_refusal", factor="images", kind="main")
    assert flat.value == 0.0
    assert not [e for e in found if e.outcome.startswith("declined")]


def test_bases_are_told_one_by_one_with_their_mean_and_range() -> None:
    main = pick(effects_of(cells((4, 0, 1), 2.5)), outcome="asr", factor="images", kind="main")
    assert (main.value, main.low, main.high) == (47.5, 45.0, 50.0)
    assert (main.n_seeds, main.by_base) == (3, (47.5, 50.0, 45.0))


def test_an_effect_is_read_on_the_bases_that_have_all_of_its_cells() -> None:
    some = [c for c in cells((0, 1, 2), 2.5) if c[0]["name"] != "cell_one_filler_1-s1"]
    main = pick(effects_of(some), outcome="asr", factor="images", kind="main")
    assert (main.n_settings, main.n_seeds, main.by_base) == (2, 2, (45.0, 50.0))


def test_a_missing_cell_narrows_what_is_averaged_over() -> None:
    found = effects_of([c for c in cells((0,)) if "one_filler" not in str(c[0]["name"])])
    main = pick(found, outcome="asr", factor="images", kind="main")
    assert (main.value, main.n_settings) == (30.0, 1)
    assert not [e for e in found if e.kind == "interaction"]


def test_blocks_stay_apart_and_are_compared_across() -> None:
    slow = cells((0,))
    fast = [(card(i, "cot", 0, steps=10.0), 0.0) for i in ("one", "two")]
    found = effects_of(slow + fast)
    tenfold = pick(
        found,
        outcome="asr",
        factor="images",
        kind="main",
        block="steps=10, tokens=False, size=nano",
    )
    assert (tenfold.value, tenfold.n_settings) == (0.0, 1)
    steps = pick(found, outcome="asr", factor="steps")
    assert (steps.block, steps.levels, steps.value, steps.n_settings) == ("", "1 - 10", 25.0, 2)


def test_blocks_are_compared_on_the_settings_that_all_of_them_have() -> None:
    """Labels: +40 at both numbers of steps on two images; -50 on one image, run at 1x alone."""
    slow = [(card("two", "filler", 0), 50.0), (card("two", "cot", 0), 10.0),
            (card("one", "filler", 0), 10.0), (card("one", "cot", 0), 60.0)]  # fmt: skip
    fast = [(card("two", "filler", 0, steps=s), 45.0) for s in (3.0, 10.0)]
    fast += [(card("two", "cot", 0, steps=s), 5.0) for s in (3.0, 10.0)]
    found = [e for e in effects_of(slow + fast) if (e.outcome, e.factor) == ("j", "labels")]
    blocks = [f"steps={s}, tokens=False, size=nano" for s in (1, 3, 10)]
    shared = {e.block: e for e in found if e.kind == "shared"}
    assert [(shared[b].value, shared[b].n_settings) for b in blocks] == [(40.0, 1)] * 3
    assert pick(found, kind="main", block=blocks[0]).value == -5.0
    assert not [e for e in effects_of(slow) if e.kind == "shared"]


def test_steps_are_listed_by_their_number() -> None:
    found = effects_of([(card("two", "cot", 0, steps=s), 10.0) for s in (1.0, 3.0, 10.0)])
    told = [e.levels for e in found if (e.outcome, e.factor) == ("asr", "steps")]
    assert told == ["1 - 3", "1 - 10", "3 - 10"]


def test_recipes_with_equal_levels_are_no_cells() -> None:
    other = [
        (card(images, "cot", 0) | {"recipe": f"rate_{images}", "name": f"rate_{images}-s0"}, 0.0)
        for images in ("one", "two")
    ]
    main = pick(effects_of(cells((0,)) + other), outcome="asr", factor="images")
    assert (main.value, main.n_settings) == (60.0, 1)


def test_models_of_the_other_mode_are_no_cells() -> None:
    told = [(card(i, "cot", 0, mode="as_published"), 10.0) for i in ("one", "two")]
    assert effects_of(told) == []
