"""Findings of the README are those of the committed gallery.

A new gallery with other numbers is a reason to rewrite the sentence, then this test.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

HOME = Path(__file__).parents[2]
GALLERY = HOME / "reports/gallery"


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
    fits = _values("confirm/gates.md", f"fits its own label class on training items | {recipe}", 2)
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


def test_what_holds_by_construction_says_so_beside_the_numbers() -> None:
    for page in (
        "README.md",
        "reports/gallery/confirm/claims.md",
        "reports/gallery/confirm/claims_parts.md",
    ):
        text = " ".join((HOME / page).read_text(encoding="utf-8").split())
        assert "partly by construction" in text, page
