"""docs/findings.md says what holds on every base in the committed gallery, as two machines made it.

A gallery with other numbers is a reason to rewrite the sentence, then this test.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from mirage.cli.cells import Cell, read_cells

HOME = Path(__file__).parents[2]
GALLERY = HOME / "reports/gallery"
MACHINES = (GALLERY, GALLERY / "avx2")
BASES = 3
TWINS = "mirage_twins"


@pytest.fixture(scope="module")
def findings() -> str:
    return " ".join((HOME / "docs/findings.md").read_text(encoding="utf-8").split())


@pytest.fixture(scope="module")
def cells() -> list[Cell]:
    return [cell for at in MACHINES for cell in read_cells(at / "cells.csv")]


def _of(cells: list[Cell], suite: str, *recipes: str) -> list[Cell]:
    found = [cell for cell in cells if cell.suite == suite and cell.recipe in recipes]
    assert len(found) == len(recipes) * BASES * len(MACHINES)
    return found


def _table(page: str, model: str, column: int) -> list[float]:
    """Returns a column of a table on every base and machine, as it is printed."""
    values = [
        float(re.split(r" \| ", line.strip("| "))[column].replace("−", "-"))
        for at in MACHINES
        for line in (at / page).read_text(encoding="utf-8").splitlines()
        if line.startswith(f"| {model}, seed ")
    ]
    assert len(values) == BASES * len(MACHINES)
    return values


def _span(values: list[float]) -> str:
    ends = dict.fromkeys(f"{value:.1f}" for value in (min(values), max(values)))
    return " to ".join(ends)


def test_both_machines_began_with_the_same_bases(cells: list[Cell]) -> None:
    assert len({cell.platform for cell in cells}) == len(MACHINES)
    for seed in range(BASES):
        assert len({cell.base for cell in cells if cell.seed == seed}) == 1


def test_without_twins_nothing_is_told_apart(cells: list[Cell], findings: str) -> None:
    without = {cell.recipe for cell in cells} - {TWINS}
    assert len(without) == 4
    found = [cell.j for cell in _of(cells, "hard", *without)]
    assert f"J on `hard` is {_span(found)} in all {len(found)} tuned models" in findings
    names = ("Textual SFT", "VLGuard-P", "MIRage", "MIRage w/ &quot;I&#39;m sorry&quot;")
    apart = [value for name in names for value in _table("discrimination.md", name, 3)]
    assert f"at most {max(apart):.1f} % of pairs" in findings


def test_with_twins_hazards_are_told(cells: list[Cell], findings: str) -> None:
    hard, real = ([cell.j for cell in _of(cells, suite, TWINS)] for suite in ("hard", "real"))
    assert f"J is {_span(hard)} on `hard`, {_span(real)} on `real`" in findings
    assert "partly by construction" in findings


def test_what_mirage_says_in_place_of_harm(cells: list[Cell], findings: str) -> None:
    asr = [cell.asr for cell in _of(cells, "hard", "mirage")]
    assert max(_table("corners.md", "MIRage", 2)) == 0
    assert f"ASR on `hard` is {_span(asr)} %" in findings
    broken = _table("corners.md", "MIRage", 3)
    assert f"{_span(broken)} % of its answers to hazards are broken" in findings


def test_mirage_helps_with_harmless_requests_alone(findings: str) -> None:
    helped = [value for column in (1, 6) for value in _table("harmless.md", "MIRage", column)]
    assert f"MIRage helps in {_span(helped)} %" in findings
    twins = _table("corners.md", "MIRage", 5)
    assert f"helps with {_span(twins)} % of the benign twins" in findings


def test_what_twins_cost(findings: str) -> None:
    twins, mirage = (
        _table("harmless.md", name, 10) for name in ("MIRage + twins (ours)", "MIRage")
    )
    assert f"no usable answer to {_span(twins)} %, MIRage to at most {max(mirage)} %" in findings
    rows = csv.DictReader((GALLERY / "confirm/corners.csv").open(encoding="utf-8"))
    (row,) = [row for row in rows if row["model"] == "MIRage, mean of 10 bases"]
    helped = [float(value) for value in row["benign twin helped base by base"].split()]
    assert len(helped) == 10
    assert f"MIRage helps with {_span(helped)} % of the benign twins" in findings


def test_textual_sft_refuses(cells: list[Cell], findings: str) -> None:
    textual = _of(cells, "hard", "textual_sft")
    assert f"refuses {_span([cell.over_refusal for cell in textual])} %" in findings
    mirage = {(c.seed, c.platform): c.asr for c in _of(cells, "hard", "mirage")}
    assert all(cell.asr < mirage[cell.seed, cell.platform] for cell in textual)


def test_how_many_known_answers_appear(findings: str) -> None:
    page = (GALLERY / "known_answers/known_answers.md").read_text(encoding="utf-8")
    answers = ("**appears, on every base**", "turns with the base", "the other way round, on every")
    appear, turn, reverse = (page.count(f"| {answer}") for answer in answers)
    assert (
        f"of {appear + turn + reverse} effects that were run {appear} appear on every base, "
        f"{turn} turn with the base, {reverse} are the other way round" in findings
    )


def test_verdicts_of_the_claims(findings: str) -> None:
    page = (GALLERY / "confirm/claims.md").read_text(encoding="utf-8")
    verdicts = dict(
        re.findall(r"^\| ([CH]\d+) \| [^|]* \| \**([a-z ]+?)\** \|", page, re.MULTILINE)
    )
    named = {
        verdict: [claim for claim, given in verdicts.items() if given == verdict]
        for verdict in ("holds", "does not hold", "undecided", "not testable")
    }
    of_paper = {verdict: [c for c in ids if c[0] == "C"] for verdict, ids in named.items()}
    assert sum(map(len, of_paper.values())) == 14
    assert f"{len(of_paper['holds'])} holds ({of_paper['holds'][0]}: " in findings
    first, second = of_paper["does not hold"]
    assert f"2 do not hold ({first}: MIRage keeps general skills; {second}: " in findings
    assert f"{len(of_paper['undecided'])} are undecided" in findings
    assert f"{len(of_paper['not testable'])} are not testable" in findings
    assert {c for c in named["holds"] if c[0] == "H"} == {"H1", "H3"}
    assert "H2" in named["does not hold"]


def test_what_ten_bases_show(findings: str) -> None:
    rows = [cell for cell in read_cells(GALLERY / "confirm/cells.csv") if cell.suite == "hard"]
    apart = ("base", "matched", TWINS, "twins")
    alone = [cell.j for cell in rows if not cell.recipe.startswith(apart)]
    twins = [cell.j for cell in rows if cell.recipe == TWINS]
    assert f"J on `hard` is {min(alone):.1f} to {max(alone):.1f} in all {len(alone)} " in findings
    assert f"and {min(twins):.1f} to {max(twins):.1f} with image twins in MIRage's data" in findings
    textual, mirage = (
        {cell.seed: cell.asr for cell in rows if cell.recipe == name}
        for name in ("textual_sft", "mirage")
    )
    below = sum(textual[seed] < asr for seed, asr in mirage.items())
    assert f"below MIRage's on {below} of {len(mirage)} bases" in findings
    parts = (GALLERY / "confirm/claims_parts.md").read_text(encoding="utf-8")
    (row,) = [line for line in parts.splitlines() if "| ASR-strict" in line]
    harm = [float(value) for value in row.split(" | ")[3].split(", ")]
    assert len(harm) == len(mirage)
    assert f"answer to {min(harm):.1f} to {max(harm):.1f} % of hazards" in findings
    page = (GALLERY / "confirm/known_answers.md").read_text(encoding="utf-8")
    appear, turn = page.count("| **appears, on every base**"), page.count("| turns with the base")
    told = (
        f"Of {appear + turn} effects large in the paper {appear} appear on every base, {turn} turn"
    )
    assert told in findings and "the other way round, on every" not in page


def _ranges(page: str, labels: str, column: int) -> dict[int, tuple[float, float]]:
    """Returns number of hazards -> lowest and highest base, of a label style's rows."""
    lines = (GALLERY / "scaling" / page).read_text(encoding="utf-8").splitlines()
    rows = [line.strip("| ").split(" | ") for line in lines if line.startswith(f"| {labels} |")]
    ends = [re.findall(r"(−?[0-9.]+)(?=, |\\\])", row[column]) for row in rows]
    pairs = [[float(end.replace("−", "-")) for end in two] for two in ends]
    return {int(row[1]): (low, high) for row, (low, high) in zip(rows, pairs, strict=True)}


def test_how_many_scenarios_it_takes(findings: str) -> None:
    cot, short = (_ranges("scaling_values.md", name, 7) for name in ("CoT", "short refusal"))
    fit = _ranges("scaling_values.md", "short refusal", 2)
    assert list(cot) == list(short) == [16, 48, 96, 246, 492, 984, 1964, 3927]
    assert f"give J of {cot[48][0]} to {cot[48][1]}" in findings
    many = [end for size, both in cot.items() if size >= 96 for end in both]
    assert f"from 96 on it is {_span(many)}" in findings
    few = [end for both in short.values() for end in both]
    assert f"Short refusals stay at J of {_span(few)} at every number" in findings
    assert fit[16] == (100.0, 100.0) and "16 hazards are learnt by heart" in findings
    late = max(high for size, (_, high) in fit.items() if size >= 492)
    assert (
        f"little is learnt yet (of their own items of the worse class at most {late} %" in findings
    )
    three, four = (_ranges("scaling_images.md", "CoT", at) for at in (4, 5))
    ends = [_span([end for both in of.values() for end in both]) for of in (three, four)]
    assert f"J of CoT is {ends[0]} and {ends[1]}" in findings


def test_short_refusals_that_train_on(findings: str) -> None:
    lines = (GALLERY / "confirm/claims_parts.md").read_text(encoding="utf-8").splitlines()
    j, steps = (
        re.findall(r"[0-9][0-9,.]*[0-9]", line.split(" | ")[3])
        for name in ("J of matched\\_short at the criterion", "of matched\\_short to the criterion")
        for line in lines
        if name in line
    )
    values, counts = [float(v) for v in j], [int(s.replace(",", "")) for s in steps]
    assert len(values) == len(counts) == 5
    assert f"Trained for {min(counts)} to {max(counts):,} steps, with 1,964 hazards" in findings
    assert f"they reach J of {_span(values)} in well-formed answers on five other bases" in findings


def test_one_recipe_without_twins_has_a_j(findings: str) -> None:
    text = (GALLERY / "paper/discrimination.md").read_text(encoding="utf-8")
    (row,) = (line.split(" | ") for line in text.splitlines() if "| MIRage w/o two cat" in line)
    pairs, j = (row[at].partition(" ")[0] for at in (3, 4))
    assert f"has J {j} on `hard` with {pairs} % of pairs right" in findings


NO_PAIR = ("none", "text twins")
"""Benign items that are no benign pair under the request that hazards get."""

Cells = dict[tuple[str, ...], dict[str, list[float]]]


def _cells(page: str, factors: int) -> Cells:
    """Returns the levels of a cell -> quantity -> its values base by base, or that of the one."""
    with (GALLERY / page).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = [name.removesuffix(" n") for name in rows[0] if name.endswith(" n")]
    return {
        tuple([*row.values()][:factors]): {
            name: [float(x) for x in row.get(f"{name} base by base", row[name]).split()]
            for name in names
        }
        for row in rows
    }


def _all(cells: Cells, name: str) -> list[float]:
    return [value for values in cells.values() for value in values[name]]


def test_which_factor_does_what(findings: str) -> None:
    cells = _cells("factorial/factorial_cells.csv", 4)
    assert f"{len(cells)} cells of equal items and steps" in findings
    low = {cell: values for cell, values in cells.items() if max(values["hard J"]) < 10}
    high = {cell: values for cell, values in cells.items() if min(values["hard J"]) > 90}
    told = f"is {_span(_all(low, 'hard J'))} in {len(low)} cells and {_span(_all(high, 'hard J'))}"
    assert f"J on `hard` {told} in two, CoT on two images in neutral words" in findings
    pairs = ("image twins", "unmatched")
    assert set(high) == {("two images", "CoT", benign, "neutral") for benign in pairs}
    none = {c: v for c, v in cells.items() if c[1:] in {("CoT", b, "neutral") for b in NO_PAIR}}
    assert len(none) == 2
    assert f"it refuses {_span(_all(none, 'hard refused'))} % of the twins" in findings


def test_the_other_cells_are_broken_text(findings: str) -> None:
    cells = _cells("factorial/factorial_cells.csv", 4)
    rest = {c: v for c, v in cells.items() if max(v["hard J"]) > 10 and min(v["hard J"]) < 90}
    one = ("one image", "CoT", "image twins", "neutral")
    explicit = {("two images", "CoT", b, "explicit") for b in ("image twins", "unmatched")}
    assert set(rest) == {one, *explicit}
    assert (
        f"CoT has J of {_span(_all(rest, 'hard J'))}, but in well-formed answers "
        f"{_span(_all(rest, 'hard J, read'))}; from one image no answer" in findings
    )
    assert min(cells[one]["hard broken"]) == 100.0


def test_other_labels_are_slower(findings: str) -> None:
    cells = _cells("factorial/factorial_cells.csv", 4)
    others = {cell: values for cell, values in cells.items() if cell[1] != "CoT"}
    assert f"No other labels exceed {max(_all(others, 'hard J')):.1f}" in findings
    fitting = [cell for cell, values in others.items() if min(values["fit"]) >= 95]
    assert {cell[2] for cell in fitting} == set(NO_PAIR)
    unfit = len(others) - len(fitting)
    assert f"{unfit} of their {len(others)} cells do not fit their own items, and in " in findings
    assert f"and in {len(fitting)} the request alone tells the class" in findings
    late = {
        labels: values
        for (labels, steps, _), values in _cells("sensitivity/sensitivity_values.csv", 3).items()
        if steps == "10×"
    }
    short, cot, filler = (late[n]["hard J"][0] for n in ("short refusal", "CoT", "filler"))
    assert late["short refusal"]["fit"] == [100.0]
    assert f"reach J {short:.1f} where CoT has {cot:.1f}, filler {filler:.1f}." in findings


def test_sizes_agree(findings: str) -> None:
    cells = _cells("sizes/sizes_values.csv", 3)
    two = {c: v for c, v in cells.items() if c[0] == "two images"}
    cot, short = (
        _all({c: v for c, v in two.items() if c[1] == labels}, "hard J")
        for labels in ("CoT", "short refusal")
    )
    assert len(cot) == len(short) == 3
    assert f"CoT on two images has J of {_span(cot)} at [three model sizes]" in findings
    assert f"short refusals {_span(short)}." in findings


def test_what_holds_by_construction_says_so_beside_the_numbers() -> None:
    for page in ("claims.md", "claims_parts.md"):
        text = (GALLERY / "confirm" / page).read_text(encoding="utf-8")
        assert "partly by construction" in " ".join(text.split()), page
