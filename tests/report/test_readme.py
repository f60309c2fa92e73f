"""The README stays short, and its findings hold on every base in the committed galleries.

A gallery with other numbers is a reason to rewrite the sentence, then this test.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mirage.cli.cells import Cell, read_cells

HOME = Path(__file__).parents[2]
GALLERY = HOME / "reports/gallery"
THREE_BASES, TEN_BASES = (GALLERY, GALLERY / "avx2"), GALLERY / "confirm"
FINDINGS = " ".join((HOME / "docs/findings.md").read_text(encoding="utf-8").split())
"""Held against the galleries by tests of their own."""
OTHER_DATA = ("base", "matched", "mirage_twins", "twins")
"""First words of recipes that are no tuning on the paper's kind of data without twins."""


@pytest.fixture(scope="module")
def readme() -> str:
    """The README with one space between words, without the part that a command writes."""
    text = (HOME / "README.md").read_text(encoding="utf-8")
    head, _, rest = text.partition("<!-- gallery:begin -->")
    return " ".join(f"{head} {rest.partition('<!-- gallery:end -->')[2]}".split())


@pytest.fixture(scope="module")
def cells() -> list[Cell]:
    found = [c for at in (*THREE_BASES, TEN_BASES) for c in read_cells(at / "cells.csv")]
    return [cell for cell in found if cell.suite == "hard"]


def test_it_takes_three_minutes(readme: str) -> None:
    assert 700 < len(readme.split()) <= 1000


def test_without_twins_no_model_tells_hazards_from_twins(cells: list[Cell], readme: str) -> None:
    js = [cell.j for cell in cells if not cell.recipe.startswith(OTHER_DATA)]
    low, high = (f"{end(js):.1f}".replace("-", "−") for end in (min, max))
    bases = {cell.seed for cell in cells}
    assert f"It is {low} to {high} in all {len(js)} tunings" in readme
    assert f"on {len(bases)} bases" in readme


def test_with_twins_mirage_does(cells: list[Cell], readme: str) -> None:
    twins = [cell for cell in cells if cell.recipe == "mirage_twins"]
    bases = {cell.seed for cell in twins}
    assert f"J of at least {min(c.j for c in twins):.1f} on all of {len(bases)} bases" in readme
    told = r"no usable answer to ([0-9.]+ to [0-9.]+) %, MIRage to at most ([0-9.]+) %"
    cost = re.search(told, FINDINGS)
    assert cost and f"answer to {cost[1]} % (MIRage: at most {cost[2]} %)" in readme


def test_what_counts_as_asr_is_broken_text(readme: str) -> None:
    assert "it never gives the combining step in a well-formed answer" in FINDINGS
    harm = re.search(r"in a well-formed answer to [0-9.]+ to ([0-9.]+) % of hazards", FINDINGS)
    assert harm and f"gives the harmful step on three bases, at most {harm[1]} % on ten" in readme


def test_how_much_of_it_is_the_papers(readme: str) -> None:
    known = re.search(
        r"of (\d+) effects that were run (\d+) appear on every base, "
        r"\d+ turn with the base, (\d+) ",
        FINDINGS,
    )
    assert known
    told = f"Of the paper's large effects {known[1]} were run: {known[2]} appear on every base"
    assert f"{told}, {known[3]} are the other way round" in readme


def test_verdicts_on_the_papers_claims(readme: str) -> None:
    page = (TEN_BASES / "claims.md").read_text(encoding="utf-8")
    verdicts = re.findall(r"^\| C\d+ \| [^|]* \| \**([a-z ]+?)\** \|", page, re.MULTILINE)
    holds, not_, open_, untested = (
        verdicts.count(v) for v in ("holds", "does not hold", "undecided", "not testable")
    )
    assert f"Of the paper's {len(verdicts)} claims" in readme
    assert f"{holds} holds (training on several images is needed), {not_} do not" in readme
    assert f"{open_} stay undecided and {untested} cannot be tested" in readme
