"""``mirage compare``: does a run agree with the committed gallery, base by base?

Other machines compute other weights from the same seeds, and an ASR may move by tens of points. Two
machines agree if, from the same released bases, nearly all J lie close, nearly all fall into the
same basin, and ASR differs hardly more than between tuning orders on one machine.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Final

from mirage.cli.cells import FILE, Cell, find_cells, read_cells
from mirage.plan.code_version import PACKAGE
from mirage.vocabulary import basin

GALLERY: Final = PACKAGE.parent.parent / "reports" / "gallery"
ORDERS: Final = GALLERY / "orders" / FILE
SHOWN_BY_DEFAULT: Final = "quick"

NEAR, NEAR_SHARE = 10.0, 95.0
"""Points of J within which two cells are equal, and the percentage of cells that must be."""
SAME_BASIN_SHARE = 90.0
ORDER_FACTOR = 1.5
"""How much more ASR may differ between machines than between tuning orders on one."""


@dataclass(frozen=True)
class Criterion:
    """One part of the rule: a value, and whether it holds; None where it could not be read."""

    text: str
    holds: bool | None


@dataclass(frozen=True)
class Agreement:
    """What the rule says.

    Attributes:
        pairs: The same cell here and there.
        criteria: The three parts of the rule.
        left_out: Sentences on what could not be compared.
    """

    pairs: list[tuple[Cell, Cell]]
    criteria: list[Criterion]
    left_out: list[str]

    @property
    def agrees(self) -> bool:
        """Whether every part of the rule holds."""
        return bool(self.pairs) and all(each.holds for each in self.criteria)

    @property
    def line(self) -> str:
        """The rule's result in one line."""
        if not self.pairs:
            return "cannot be compared: " + " ".join(self.left_out)
        if self.agrees:
            return "agree: " + "; ".join(each.text for each in self.criteria)
        wrong = [each.text for each in self.criteria if each.holds is False]
        unread = [each.text for each in self.criteria if each.holds is None]
        return "differ by " + "; ".join(wrong) if wrong else "no verdict: " + "; ".join(unread)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the command's options."""
    parser.add_argument(
        "run", type=Path, nargs="?", default=Path("results"), help="a report, or a store"
    )
    parser.add_argument(
        "--with", dest="other", type=Path, help="what it is held against (default: the gallery)"
    )
    parser.add_argument("--study", help=f"of a store, which (default: {SHOWN_BY_DEFAULT})")
    parser.add_argument("--suite", default="hard", help="two-image suite (default: hard)")


def run(options: argparse.Namespace) -> int:
    """Prints every cell here and there, the three criteria, and the result.

    Returns:
        0 if the two agree, else 1.

    Raises:
        ConfigError: One of the two is not there.
    """
    study, here = find_cells(options.run, options.study)
    _, there = find_cells(options.other or gallery_of(study or SHOWN_BY_DEFAULT), options.study)
    result = compare(here, there, options.suite)
    print("\n".join([*table(result.pairs), *result.left_out, *rule(result), result.line]))
    return 0 if result.agrees else 1


def gallery_of(study: str) -> Path:
    """Returns the folder of the gallery that shows a study."""
    return GALLERY if study == SHOWN_BY_DEFAULT else GALLERY / study


def compare(
    here: Iterable[Cell], there: Iterable[Cell], suite: str, orders: Path = ORDERS
) -> Agreement:
    """Holds two runs against each other by the rule *two machines agree*.

    Args:
        here: Cells of one run.
        there: Cells of the other.
        suite: The suite that is read.
        orders: Cells of one base under several tuning orders.
    """
    known = {_key(cell): cell for cell in there if cell.suite == suite}
    both = [(cell, known.get(_key(cell))) for cell in here if cell.suite == suite]
    pairs = [(a, b) for a, b in both if b is not None and a.base == b.base]
    other = [f"{a.recipe} s{a.seed}" for a, b in both if b is not None and a.base != b.base]
    lacking = [f"{a.recipe} s{a.seed}" for a, b in both if b is None]
    left_out = [
        f"Not compared, since {why}: {', '.join(names)}."
        for why, names in (("the bases differ", other), ("the other has none", lacking))
        if names
    ]
    if not both:
        left_out.append(f"No recipe was asked the suite {suite}.")
    if not pairs:
        return Agreement([], [], left_out)
    return Agreement(pairs, [*_of_j(pairs), _of_asr(pairs, orders)], left_out)


def _key(cell: Cell) -> tuple[str, str, int, str]:
    return cell.recipe, cell.config, cell.seed, cell.suite


def _of_j(pairs: Sequence[tuple[Cell, Cell]]) -> list[Criterion]:
    near = sum(abs(a.j - b.j) <= NEAR for a, b in pairs)
    same = sum(basin(a.j) == basin(b.j) for a, b in pairs)
    n = len(pairs)
    texts = (
        f"J within {NEAR:g} points in {near} of {n} (needed: {NEAR_SHARE:g} %)",
        f"the same basin in {same} of {n} (needed: {SAME_BASIN_SHARE:g} %)",
    )
    return [
        Criterion(texts[0], 100 * near >= NEAR_SHARE * n),
        Criterion(texts[1], 100 * same >= SAME_BASIN_SHARE * n),
    ]


def _of_asr(pairs: Sequence[tuple[Cell, Cell]], orders: Path) -> Criterion:
    """ASR against tuning orders, over the recipes that were tuned in several orders."""
    if not orders.is_file():
        return Criterion(
            "ASR could not be held against tuning orders (make reports/gallery/orders with: "
            "snakemake --config study=orders, mirage gallery --study orders)",
            None,
        )
    suite = pairs[0][0].suite
    groups: dict[tuple[str, str, int, str], list[float]] = {}
    for cell in read_cells(orders):
        if cell.suite == suite:
            groups.setdefault(cell.origin, []).append(cell.asr)
    several = {key[0] for key, values in groups.items() if len(values) > 1}
    recipes = several & {a.recipe for a, _ in pairs}
    between = [
        x - y for key, v in groups.items() if key[0] in recipes for x, y in combinations(v, 2)
    ]
    apart = [a.asr - b.asr for a, b in pairs if a.recipe in recipes]
    if not between or not apart:
        return Criterion("no recipe of this run was tuned in several orders", None)
    limit = ORDER_FACTOR * _rms(between)
    text = (
        f"ASR apart by {_rms(apart):.1f} points (RMS over {len(apart)}; at most {limit:.1f}, "
        f"which is {ORDER_FACTOR:g} times that between tuning orders)"
    )
    return Criterion(text, _rms(apart) <= limit)


def _rms(values: Sequence[float]) -> float:
    return math.sqrt(sum(value * value for value in values) / len(values))


def table(pairs: Sequence[tuple[Cell, Cell]]) -> list[str]:
    """Returns one line per recipe and base: J and ASR here and there, and the basins."""
    lines = [f"{'recipe':<28}{'base':>6}{'J here':>9}{'there':>8}  basin{'':<19}ASR apart"]
    for a, b in pairs:
        basins = basin(a.j) if basin(a.j) == basin(b.j) else f"{basin(a.j)}, there {basin(b.j)}"
        name = a.recipe if a.config == "nano_internvl" else f"{a.recipe} ({a.config})"
        seed = f"s{a.seed}"
        lines.append(
            f"{name:<28}{seed:>6}{a.j:>9.1f}{b.j:>8.1f}  {basins:<24}{a.asr - b.asr:>+9.1f}"
        )
    return lines


def rule(result: Agreement) -> list[str]:
    """Returns one line per criterion: whether it holds, and its value."""
    words = {True: "yes", False: "no ", None: "?  "}
    platforms = sorted({cell.platform for pair in result.pairs for cell in pair})
    return [
        f"Platforms: {'; '.join(platforms)}." if platforms else "",
        *(f"  {words[each.holds]}  {each.text}" for each in result.criteria),
    ]


def line_for(study: str, report: Path) -> str:
    """Returns how a finished report compares with the gallery, in a line; empty without one.

    Args:
        study: Its study.
        report: Its folder.
    """
    folder = gallery_of(study)
    if not (folder / FILE).is_file():
        return ""
    _, here = find_cells(report, None)
    result = compare(here, read_cells(folder / FILE), "hard")
    more = f"(mirage compare {report})"
    if result.agrees:
        return f"agrees with the committed gallery {more}"
    if any(each.holds is False for each in result.criteria):
        return f"differs from the committed gallery {more} {result.line.removeprefix('differ ')}"
    return f"against the committed gallery {more}: {result.line}"
