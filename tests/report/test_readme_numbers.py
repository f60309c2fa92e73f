"""Findings of the README are those of the committed gallery.

A new gallery with other numbers is a reason to rewrite the sentence, then this test.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from mirage.score.position import components, position

HOME = Path(__file__).parents[2]
GALLERY = HOME / "reports/gallery/first_edition"


def _readme() -> str:
    findings = (HOME / "README.md").read_text(encoding="utf-8").partition("## What came out")[2]
    return " ".join(findings.partition("<!-- gallery:begin -->")[0].split())


def _values(page: str, row: str, column: int) -> list[float]:
    """Returns one column of all rows that begin so: the numbers in front of their intervals."""
    lines = (GALLERY / page).read_text(encoding="utf-8").splitlines()
    cells = [re.split(r" \| ", line.strip("| ")) for line in lines if line.startswith(f"| {row}")]
    return [float(re.split(r" \\\[", row[column])[0].replace("−", "-")) for row in cells]


@pytest.mark.parametrize(
    ("recipe", "sentence"),
    [("matched short refusal", "short refusals fit only {} to {} %"),
     ("matched filler", "filler {} to {} %")],
)  # fmt: skip
def test_what_refusals_and_filler_fit(recipe: str, sentence: str) -> None:
    fits = _values(
        "confirm/gates.md",
        f"fits its own label class on training items | {recipe}",
        2,
    )
    assert len(fits) == 3
    assert sentence.format(round(min(fits)), round(max(fits))) in _readme()


def test_twins_are_told_apart_in_two_images_alone() -> None:
    two, three, four = (
        _values("paper/more_images_joint.md", "MIRage + twins", column)[0] for column in (2, 5, 8)
    )
    assert two > 95
    assert f"J is {three} with" in _readme()
    assert f"{four} with four" in _readme()
    (unsafe,) = _values("paper/table12_twins.md", "MIRage + twins", 2)
    assert f"{unsafe} % of unsafe" in _readme()


def test_without_general_data_twins_are_refused_on_every_base() -> None:
    (here,) = _values("paper/corners.md", "MIRage w/o general", 7)
    seeds = ", ".join(map(str, _values("confirm/corners.md", "MIRage w/o general, seed", 7)))
    assert f"benign twins in {here} % (three seeds: {seeds})" in _readme()


def test_what_positions_on_the_line_vary_with() -> None:
    lines = (GALLERY / "confirm/corners.md").read_text(encoding="utf-8").splitlines()
    names = dict.fromkeys(re.findall(r"^\| ([^*|]+), seed \d+ \|", "\n".join(lines), re.M))
    recipes = [name for name in names if name != "Base" and "twins" not in name]
    assert len(recipes) == 10
    places = np.array([
        [position(asr, refused) for asr, refused in zip(
            *(_values("confirm/corners.md", f"{name}, seed", column) for column in (1, 7)),
            strict=True,
        )]
        for name in recipes
    ])  # fmt: skip
    made = components(places)
    assert made is not None
    shares = (round(x) for x in (made.share_recipe, made.share_base, made.share_rest))
    sds = (f"{x:.1f}" for x in (made.sd_recipe, made.sd_base, made.sd_rest))
    numbers = [x for pair in zip(shares, sds, strict=True) for x in pair]
    sentence = (
        "{} % of their sum of squares lies between recipes (SD {} points), {} % between bases "
        "({}), {} % is base x recipe ({};"
    )
    assert sentence.format(*numbers) in _readme()


def test_what_holds_by_construction_says_so_beside_the_numbers() -> None:
    for page in (
        "README.md",
        "reports/gallery/first_edition/confirm/claims.md",
        "reports/gallery/first_edition/confirm/claims_parts.md",
    ):
        text = " ".join((HOME / page).read_text(encoding="utf-8").split())
        assert "partly by construction" in text, page
