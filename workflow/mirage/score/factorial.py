"""Effects of the factorial: simple differences of cells, averaged over what the cells share.

Bases are the replicates: an effect is computed on each, and told as their mean, lowest and highest,
and base by base. There is no interval, over bases or within one.

A cell is a matched model; its card says at which level of each factor it stands. The design is a
fraction, so an effect is averaged over the settings of the other factors at which all its cells
exist. Images, labels, benign items and wording vary within a block; steps, equal tokens and size
tell blocks apart, and have effects of their own across them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

from mirage.model_card import ModelCard
from mirage.plan.schema.claims import Quantity, Term
from mirage.score.claims.quantity import StudyAnswers, counted
from mirage.score.means import parsed, spread
from mirage.vocabulary import CONFLICT_CORNERS

DESIGN = ("images", "labels", "benign", "wording")
BLOCKS = ("steps", "tokens", "size")

OUTCOMES: dict[str, tuple[str, str, str]] = {
    "asr": ("hard", "asr", "hazard"),
    "asr_strict": ("hard", "asr_strict", "hazard"),
    "over_refusal": ("hard", "over_refusal", "twin_trigger"),
    "j": ("hard", "j", ""),
    **{f"declined_{corner}": ("conflict", "declined", corner) for corner in CONFLICT_CORNERS},
}
"""What effects are read on: ASR, ASR-strict, over-refusal and J on hard, and how often a model
warns or declines in each corner of the conflict suite."""


@dataclass(frozen=True)
class Effect:
    """One row of ``factorial.csv``, in percentage points.

    Attributes:
        kind: ``main``: first - second level; ``interaction``: that at the first level of the other
            factor minus that at the second; ``shared``: ``main`` over the settings alone that every
            block of the size has, so that blocks can be compared.
        block: Levels of steps, tokens and size that all its cells share.
        levels: ``first - second``; ``other_levels`` those of the other factor.
        n_cells: Cells it is made of; ``n_settings`` settings of the other factors averaged over.
        value: Mean over bases; ``low`` the lowest base, ``high`` the highest.
        n_seeds: Bases that have all of its cells.
        values: Their values in the order of the seeds, with blanks between.
    """

    outcome: str
    kind: str
    block: str
    factor: str
    levels: str
    other_factor: str
    other_levels: str
    value: float
    low: float
    high: float
    n_cells: int
    n_settings: int
    n_seeds: int
    values: str

    @property
    def by_base(self) -> tuple[float, ...]:
        """The values of the bases, in the order of the seeds."""
        return parsed(self.values)


Setting = frozenset[tuple[str, str]]
"""Levels of some factors."""


Cell = Mapping[int, float]
"""One outcome of one cell: seed -> value."""


def effects(study: StudyAnswers) -> list[Effect]:
    """Returns every main effect and two-factor difference that the study's cells allow.

    Recipes that differ in something else (a learning rate, say) share levels; they are no cells.
    """
    designed: dict[Setting, list[ModelCard]] = {}
    for model in study.models.values():
        if model.levels:
            designed.setdefault(model.levels, []).append(model)
    designed = {s: ms for s, ms in designed.items() if len({(m.recipe, m.config) for m in ms}) == 1}
    effects: list[Effect] = []
    for outcome, place in OUTCOMES.items():
        cells = {}
        for setting, models in designed.items():
            if cell := _cell(models, place, study):
                cells[setting] = cell
        if cells:
            effects += Grid(outcome, cells).effects()
    return effects


def _cell(models: list[ModelCard], place: tuple[str, str, str], study: StudyAnswers) -> Cell:
    """Returns an outcome on every base that has it."""
    first, (suite, metric, corner) = models[0], place
    term = Term(recipe=first.recipe, suite=suite, metric=metric, corner=corner)
    seeds = sorted({m.seed for m in models})
    counts = counted(Quantity(terms=[term]), study, seeds, first.config)
    values = zip(counts.seeds, counts.values.tolist(), strict=True)
    return {seed: value for seed, value in values if not math.isnan(value)}


@dataclass(frozen=True)
class Grid:
    """All cells of one outcome, by their levels."""

    outcome: str
    cells: dict[Setting, Cell]

    @cached_property
    def levels(self) -> dict[str, list[str]]:
        """Factor -> its levels that some cell has, sorted."""
        by_factor: dict[str, set[str]] = {}
        for setting in self.cells:
            for factor, level in setting:
                by_factor.setdefault(factor, set()).add(level)
        return {
            factor: sorted(by_factor[factor], key=_in_order)
            for factor in (*DESIGN, *BLOCKS)
            if factor in by_factor
        }

    @cached_property
    def blocks(self) -> list[Setting]:
        """Levels of steps, tokens and size that occur together, sorted."""
        block_levels = {frozenset(x for x in setting if x[0] in BLOCKS) for setting in self.cells}
        return sorted(block_levels, key=sorted)

    def effects(self) -> list[Effect]:
        """Returns main effects, then two-factor differences, block by block."""
        rows = []
        for block in self.blocks:
            factors = [f for f in DESIGN if f in self.levels]
            rows += [e for f in factors for e in self._main(f, block)]
            rows += [e for f, g in combinations(factors, 2) for e in self._two(f, g, block)]
        across = [f for f in BLOCKS if f in self.levels]
        rows += [e for f in across for e in self._main(f, frozenset())]
        return rows + [e for f in factors for e in self._shared(f)]

    def _shared(self, factor: str) -> Iterator[Effect]:
        """Yields each difference in every block of a size, over the settings they all have.

        Where no setting is in all of them, blocks of equal answer tokens are left out.
        """
        for size in self.levels.get("size", [""]):
            same = [b for b in self.blocks if dict(b).get("size", "") == size]
            for a, b in combinations(self.levels[factor], 2):
                signs = {frozenset({(factor, a)}): 1.0, frozenset({(factor, b)}): -1.0}
                settings = {block: set(self._rests(block, signs)) for block in same}
                of_steps = {k: v for k, v in settings.items() if dict(k).get("tokens") != "True"}
                for compared in (settings, of_steps):
                    there = {k: {_without_block(s) for s in v} for k, v in compared.items() if v}
                    if len(there) > 1 and (shared := set.intersection(*there.values())):
                        names = (factor, f"{a} - {b}", "", "")
                        for block in there:
                            yield from self._effect(block, signs, names, shared)
                        break

    def _main(self, factor: str, block: Setting) -> Iterator[Effect]:
        for a, b in combinations(self.levels[factor], 2):
            signs = {frozenset({(factor, a)}): 1.0, frozenset({(factor, b)}): -1.0}
            yield from self._effect(block, signs, (factor, f"{a} - {b}", "", ""))

    def _two(self, factor: str, other: str, block: Setting) -> Iterator[Effect]:
        for a, b in combinations(self.levels[factor], 2):
            for c, d in combinations(self.levels[other], 2):
                signs = {
                    frozenset({(factor, x), (other, y)}): 1.0 if (x == a) == (y == c) else -1.0
                    for x in (a, b)
                    for y in (c, d)
                }
                names = (factor, f"{a} - {b}", other, f"{c} - {d}")
                yield from self._effect(block, signs, names)

    def _rests(
        self, block: Setting, signs: Mapping[Setting, float]
    ) -> dict[Setting, dict[Setting, Cell]]:
        """Settings of the other factors that have all cells of an effect, sorted."""
        varied = {factor for levels in signs for factor, _ in levels}
        rests: dict[Setting, dict[Setting, Cell]] = {}
        for setting, cell in self.cells.items():
            varied_levels = frozenset(x for x in setting if x[0] in varied)
            if varied_levels in signs and block <= setting:
                rests.setdefault(setting - varied_levels, {})[varied_levels] = cell
        return {r: rests[r] for r in sorted(rests, key=sorted) if len(rests[r]) == len(signs)}

    def _effect(
        self,
        block: Setting,
        signs: Mapping[Setting, float],
        names: tuple[str, str, str, str],
        shared: set[Setting] | None = None,
    ) -> Iterator[Effect]:
        """Yields the effect, or nothing if no setting of the other factors has all its cells.

        Args:
            block: Levels of steps, tokens and size.
            signs: What is taken from what.
            names: Factor, levels, other factor, other levels.
            shared: The only settings within the block to average over; None for all.
        """
        rests = self._rests(block, signs)
        averaged = [
            cells for r, cells in rests.items() if shared is None or _without_block(r) in shared
        ]
        weighted = [(signs[k] / len(averaged), cells[k]) for cells in averaged for k in signs]
        seeds = set.intersection(*(set(cell) for _, cell in weighted)) if weighted else set()
        if not seeds:
            return
        found = spread([sum(w * cell[s] for w, cell in weighted) for s in sorted(seeds)])
        yield Effect(
            outcome=self.outcome,
            kind="interaction" if names[2] else "main" if shared is None else "shared",
            block=", ".join(f"{f}={dict(block)[f]}" for f in BLOCKS if f in dict(block)),
            factor=names[0],
            levels=names[1],
            other_factor=names[2],
            other_levels=names[3],
            value=found.value,
            low=found.low,
            high=found.high,
            n_cells=len(weighted),
            n_settings=len(averaged),
            n_seeds=len(seeds),
            values=found.values,
        )


def _without_block(setting: Setting) -> Setting:
    return frozenset(x for x in setting if x[0] not in BLOCKS)


def _in_order(level: str) -> tuple[float, str]:
    """Numbers by size, before words."""
    try:
        return float(level), level
    except ValueError:
        return float("inf"), level
