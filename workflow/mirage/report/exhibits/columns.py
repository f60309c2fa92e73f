"""Groups of columns that several tables share, and the tables that stand beside every ASR."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from mirage.report.blocks import Table, TextBlock
from mirage.report.captions import Caption
from mirage.report.data import BASE, ModelInfo, ReportData
from mirage.report.exhibits.outcomes import BENIGN, SPLITS, Place, rates_table

Rows = Callable[[ReportData], list[ModelInfo]]
"""Which models a table shows."""

TableMaker = Callable[[ReportData, Caption], Table | TextBlock]

CORNERS = (
    ("twin", "twin_trigger"),
    ("pair, harmless", "hazard_harmless"),
    ("twin, harmless", "twin_harmless"),
)
"""The three benign corners of a quad, as columns."""


def outcomes(splits: Sequence[str] = SPLITS) -> list[Place]:
    """The paper's four outcomes on every split."""
    return [
        Place(metric.upper(), suite, metric, "hazard", heading=suite)
        for suite in splits
        for metric in ("asr", "hr", "rsr", "rr")
    ]


def skills(total: bool = True) -> list[Place]:
    """General skills by images needed and by whether recipes hold the family."""
    classes = (("taught", "taught"), ("held out", "held out"))
    places = [
        Place(name, "general", "accuracy", "", ("skill_class", f"{n} {group}"), f"{n}-image skills")
        for n in ("single", "multi")
        for name, group in classes
    ]
    return [*places, *([Place("all skills", "general", "accuracy")] if total else [])]


def held_out_skills() -> list[Place]:
    """The two held-out classes of general skills."""
    return [p for p in skills(total=False) if p.name == "held out"]


def mss() -> list[Place]:
    """MSS-like pairs: help where the picture is harmless, safety where it is not."""
    return [
        Place("safe", "mss", "useful", "twin_trigger", heading="MSS-like"),
        Place("unsafe", "mss", "safe", "hazard", heading="MSS-like"),
    ]


def telling_apart(suite: str = "hard", heading: str = "") -> list[Place]:
    """ASR, and beside it what it hides: strict ASR, refused twins, pair accuracy and J."""
    heading = heading or suite
    return [
        Place("ASR", suite, "asr", "hazard", heading=heading),
        Place("strict", suite, "asr_strict", "hazard", heading=heading),
        Place("refused", suite, "over_refusal", "twin_trigger", heading=heading),
        Place("pair acc.", suite, "pair_accuracy", "pair", heading=heading),
        Place("J", suite, "j", "pair", heading=heading),
    ]


def refusals(splits: Sequence[str] = SPLITS) -> list[Place]:
    """Strict ASR, and over-refusal on each benign corner, on every split."""
    return [
        place
        for suite in splits
        for place in (
            Place("strict", suite, "asr_strict", "hazard", heading=suite),
            *(
                Place(name, suite, "over_refusal", corner, heading=suite)
                for name, corner in CORNERS
            ),
        )
    ]


def joint(splits: Sequence[str] = SPLITS) -> list[Place]:
    """Pair accuracy, J and d' on every split."""
    names = (("pair acc.", "pair_accuracy", 1), ("J", "j", 1), ("d′", "d_prime", 2))
    return [
        Place(name, suite, metric, "pair", heading=suite, digits=digits)
        for suite in splits
        for name, metric, digits in names
    ]


def benign(suite: str, corner: str = "twin_trigger") -> list[Place]:
    """The five outcomes of benign items."""
    return [Place(name, suite, metric, corner, heading="benign twin") for name, metric in BENIGN]


def beside(
    table_id: str, of: str, rows: Rows, splits: Sequence[str] = SPLITS, parent: str = BASE.name
) -> dict[str, TableMaker]:
    """Returns the two tables that stand beside a table of ASR, by entry of ``captions.yaml``.

    Args:
        table_id: Id of the table of ASR.
        of: How its title calls it, e.g. ``Table 4``.
        rows: Its models.
        splits: Its suites.
        parent: Recipe that lines part from the others.
    """

    def make(name: str, places: list[Place]) -> TableMaker:
        def maker(data: ReportData, caption: Caption) -> Table | TextBlock:
            titled = replace(caption, title=f"{caption.title}, models of {of}")
            return rates_table(f"{table_id}_{name}", titled, data, places, rows(data), parent)

        return maker

    return {
        "beside_refusals": make("refusals", refusals(splits)),
        "beside_joint": make("joint", joint(splits)),
    }


def named(*names: str, thinks: bool = False) -> Rows:
    """Rows of the base and of some recipes, in the order given, per architecture.

    Args:
        names: Recipes; those that the study lacks are left out.
        thinks: Of bases that think, instead of the others.
    """
    order = [BASE.name, *names]

    def rows(data: ReportData) -> list[ModelInfo]:
        mine = [m for m in data.study.trained if m.recipe.name in order and m.thinks == thinks]
        tuned = {m.config for m in mine if m.recipe != BASE}
        found = data.study.rows([m for m in mine if m.config in tuned])
        configs = data.study.configs
        return sorted(found, key=lambda m: (configs.index(m.config), order.index(m.recipe.name)))

    return rows


def simple(
    table_id: str, places: Sequence[Place], rows: Rows, parent: str = BASE.name
) -> TableMaker:
    """Returns the maker of a table of rates."""

    def maker(data: ReportData, caption: Caption) -> Table | TextBlock:
        return rates_table(table_id, caption, data, places, rows(data), parent)

    return maker
