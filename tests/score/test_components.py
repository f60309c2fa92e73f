"""What the positions of recipes on bases vary with."""

from __future__ import annotations

import numpy as np
import pytest

from mirage.score.position import components, position


def test_position_runs_from_refusing_all_to_helping_all() -> None:
    assert [position(0, 100), position(100, 0), position(50, 50), position(0, 0)] == [
        0,
        100,
        50,
        50,
    ]


def test_each_source_alone_is_told_apart() -> None:
    recipes, bases = np.array([[10.0], [50.0], [90.0]]), np.array([[0.0, 4.0, 8.0, 12.0]])
    by_recipe, by_base = components(recipes + 0 * bases), components(0 * recipes + bases)
    assert by_recipe is not None and by_base is not None
    assert (by_recipe.sd_recipe, by_recipe.sd_base, by_recipe.share_recipe) == (40, 0, 100)
    assert (by_base.sd_base, by_base.sd_recipe) == (pytest.approx(np.std([0, 4, 8, 12], ddof=1)), 0)


def test_recipes_that_turn_with_the_base_are_no_effect_of_the_base() -> None:
    made = components(np.array([[90.0, 10.0], [10.0, 90.0]]))
    assert made is not None
    assert (made.sd_base, made.sd_recipe, made.share_rest) == (0, 0, 100)
    assert made.sd_rest == 80


def test_drawn_components_are_recovered() -> None:
    rng = np.random.default_rng(0)
    drawn = (
        30 * rng.normal(size=(60, 1))
        + 5 * rng.normal(size=(1, 50))
        + 20 * rng.normal(size=(60, 50))
    )
    made = components(drawn)
    assert made is not None
    assert made.sd_recipe == pytest.approx(30, rel=0.2)
    assert made.sd_base == pytest.approx(5, rel=0.25)
    assert made.sd_rest == pytest.approx(20, rel=0.05)
    assert made.share_recipe + made.share_base + made.share_rest == pytest.approx(100)


@pytest.mark.parametrize("shape", [(1, 4), (4, 1)])
def test_too_little_decides_nothing(shape: tuple[int, int]) -> None:
    assert components(np.arange(4.0).reshape(shape)) is None
    assert components(np.full((3, 3), 7.0)) is None
