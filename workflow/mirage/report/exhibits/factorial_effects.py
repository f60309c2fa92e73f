"""Effects of the factorial: a dot each, and the same as tables; base by base, without interval."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from mirage.report.blocks import Cell, Column, Figure, Number, Table, Text, TextBlock
from mirage.report.captions import Caption, captioned, changes
from mirage.report.data import ReportData
from mirage.report.draw.marks import PLAIN
from mirage.report.draw.plots import Panel, Series, dots
from mirage.report.exhibits.factorial_levels import FACTOR_NAMES, word
from mirage.report.exhibits.rate_table import empty
from mirage.report.scale import percent
from mirage.score.factorial import Effect

OUTCOMES = (("j", "J"), ("asr", "ASR"), ("asr_strict", "harm"), ("over_refusal", "refused"))
DRAWN = (("j", "J"), ("asr", "ASR"), ("over_refusal", "refused twins"))
COT = ("cot - short_refusal", "cot - filler", "cot - describe_refuse", "cot - sorry_reasons")
BETWEEN = {"steps": "steps", "tokens": "answer tokens", "size": "model"}
TRUTH = {"True": "equal", "False": "as they are"}

Key = tuple[str, str, str, str]
"""An effect without its outcome: factor, levels, other factor, other levels."""


def _key(effect: Effect) -> Key:
    return effect.factor, effect.levels, effect.other_factor, effect.other_levels


def main_block(effects: Sequence[Effect]) -> str:
    """Returns the block that most effects belong to: the factorial itself."""
    counts = Counter(e.block for e in effects if e.block and e.kind != "shared")
    return max(sorted(counts), key=lambda name: counts[name], default="")


def _grid(effects: Sequence[Effect]) -> dict[Key, dict[str, Effect]]:
    grid: dict[Key, dict[str, Effect]] = {}
    for effect in effects:
        grid.setdefault(_key(effect), {})[effect.outcome] = effect
    return grid


def _levels(factor: str, levels: str) -> str:
    """``cot - short_refusal`` in words."""
    names = (
        TRUTH.get(level, word(level, factor).replace("_", " ")) for level in levels.split(" - ")
    )
    return " − ".join(names)


def _name(key: Key) -> str:
    factor, levels, _, _ = key
    return f"{FACTOR_NAMES.get(factor, BETWEEN.get(factor, factor))}: {_levels(factor, levels)}"


def _main(data: ReportData) -> list[Effect]:
    effects = data.scores.factorial
    block = main_block(effects)
    order = list(FACTOR_NAMES)
    effects_of_block = [
        e for e in effects if e.kind == "main" and e.block == block and e.factor in order
    ]
    return sorted(effects_of_block, key=lambda e: order.index(e.factor))


def _number(effect: Effect | None) -> Number:
    """The mean over bases between the lowest and the highest; one base has its value alone."""
    if effect is None:
        return Number(None)
    if effect.n_seeds == 1:
        return Number(effect.value)
    return Number(effect.value, effect.low, effect.high, by_base=effect.by_base)


def _column(name: str, above: str, effects: Sequence[Effect]) -> Column:
    """The column of such numbers; on one base they have no limits."""
    return Column(name, above, bare=not _several(effects))


def _several(effects: Sequence[Effect]) -> bool:
    return any(e.n_seeds > 1 for e in effects)


def effects_figure(data: ReportData, caption: Caption) -> Figure | TextBlock:
    """Main effects on J, ASR and over-refusal, a row per pair of levels."""
    grid = _grid(_main(data))
    if not grid:
        return empty("factorial_effects", caption, data)
    keys = list(grid)
    panels = [
        Panel(
            name,
            (
                Series(
                    name,
                    PLAIN[3],
                    {float(row): _number(grid[k].get(o)) for row, k in enumerate(keys)},
                ),
            ),
            None,
            ("", 0.0),
        )
        for o, name in DRAWN
    ]
    bars = "; bars: lowest to highest base" if _several(data.scores.factorial) else ""
    text = percent(data.study, "hard", "difference in percentage points") + bars
    return dots("factorial_effects", caption, panels, [_name(k) for k in keys], text)


def _table(
    table_id: str,
    data: ReportData,
    caption: Caption,
    effects: Sequence[Effect],
    heads: Sequence[tuple[str, Callable[[Key], str]]],
) -> Table | TextBlock:
    """A row per effect, a column per outcome."""
    grid = _grid(effects)
    outcomes = [
        (o, name) for o, name in OUTCOMES if any(o in by_outcome for by_outcome in grid.values())
    ]
    if not outcomes:
        return empty(table_id, caption, data)
    rows: list[tuple[Cell, ...]] = []
    for key, by_outcome in grid.items():
        some = next(iter(by_outcome.values()))
        texts = [Text(head(key)) for _, head in heads]
        sizes = (Number(float(some.n_settings), digits=0), Number(float(some.n_seeds), digits=0))
        values = (_number(by_outcome.get(o)) for o, _ in outcomes)
        rows.append((*texts, *sizes, *values))
    columns = [
        *(Column(name, is_text=True) for name, _ in heads),
        Column("settings", bare=True),
        Column("bases", bare=True),
        *(_column(name, "difference in points", effects) for _, name in outcomes),
    ]
    return captioned(table_id, caption, columns, rows, changes([key[0] for key in grid]))


def _factor(key: Key) -> str:
    return FACTOR_NAMES.get(key[0], BETWEEN.get(key[0], key[0]))


def _first(key: Key) -> str:
    return _levels(key[0], key[1])


def _second(key: Key) -> str:
    return f"{FACTOR_NAMES.get(key[2], key[2])}: {_levels(key[2], key[3])}"


def effects_table(data: ReportData, caption: Caption) -> Table | TextBlock:
    """Main effects on every outcome."""
    heads = (("factor", _factor), ("levels", _first))
    return _table("factorial_effects_values", data, caption, _main(data), heads)


def interactions(data: ReportData, caption: Caption) -> Table | TextBlock:
    """How the effect of reasoning labels hangs on images, benign items and wording."""
    effects = data.scores.factorial
    block = main_block(effects)
    turned_effects = []
    for e in effects:
        if e.kind == "interaction" and e.block == block:
            turned = _turned(e)
            if turned.factor == "labels" and turned.levels in COT:
                turned_effects.append(turned)
    heads = (("effect of labels", _first), ("at one level less at the other", _second))
    return _table("factorial_interactions", data, caption, turned_effects, heads)


def _turned(effect: Effect) -> Effect:
    """The same interaction with labels as the first factor; its value is the same."""
    if effect.other_factor != "labels":
        return effect
    return replace(
        effect,
        factor=effect.other_factor,
        levels=effect.other_levels,
        other_factor=effect.factor,
        other_levels=effect.levels,
    )


def between_blocks(data: ReportData, caption: Caption) -> Table | TextBlock:
    """Effects of steps, equated tokens and model size."""
    effects = [e for e in data.scores.factorial if not e.block and e.factor in BETWEEN]
    heads = (("factor", _factor), ("levels", _first))
    return _table("factorial_between", data, caption, effects, heads)


def sign_kept(first: Effect, last: Effect) -> str:
    """Tells whether an effect has its sign at both ends; only one that all bases share counts."""
    signs = [1 if e.low > 0 else -1 if e.high < 0 else 0 for e in (first, last)]
    least = min(first.n_seeds, last.n_seeds)
    where = f"on all of {least} bases" if least > 1 else "on one base"
    if 0 in signs:
        return "unclear"
    if signs[0] != signs[1]:
        return f"changes: speed, not capability, {where}"
    left = round(100 * last.value / first.value)
    return f"kept, {where}" + (f"; {left} % of it is left" if left < 100 else "")


def sensitivity_effects(data: ReportData, caption: Caption) -> Table | TextBlock:
    """Effects of labels on J at every number of steps, and with equal answer tokens.

    A row is read on the settings that all its columns have: elsewhere than there, more steps and
    other settings would be one change.
    """
    effects = [
        e
        for e in data.scores.factorial
        if e.outcome == "j" and e.kind == "shared" and e.factor == "labels" and e.block
    ]
    size = _facts(main_block(data.scores.factorial)).get("size", "")
    grid: dict[str, dict[str, Effect]] = {}
    for e in effects:
        facts = _facts(e.block)
        if facts.get("size", size) == size:
            place = "equal tokens" if facts.get("tokens") == "True" else f"{_times(facts)}×"
            grid.setdefault(e.levels, {})[place] = e
    steps = sorted({p for f in grid.values() for p in f if p != "equal tokens"}, key=_places)
    grid = {levels: by_place for levels, by_place in grid.items() if len(by_place) > 1}
    if not grid or len(steps) < 2:
        return empty("sensitivity_effects", caption, data)
    places = [
        *steps,
        *(["equal tokens"] if any("equal tokens" in f for f in grid.values()) else []),
    ]
    rows: list[tuple[Cell, ...]] = []
    for levels, by_place in grid.items():
        ends = [by_place[p] for p in (steps[0], steps[-1]) if p in by_place]
        verdict = sign_kept(ends[0], ends[1]) if len(ends) == 2 else "not measured"
        cells = (_number(by_place.get(p)) for p in places)
        rows.append((Text(_levels("labels", levels)), *cells, Text(verdict)))
    columns = [
        Column("effect of labels on J", is_text=True),
        *(_column(p, "steps" if p in steps else "", effects) for p in places),
        Column(f"sign, {steps[0]} to {steps[-1]}", is_text=True),
    ]
    return captioned("sensitivity_effects", caption, columns, rows)


def _facts(block: str) -> dict[str, str]:
    pairs = (fact.partition("=") for fact in block.split(", ") if fact)
    return {name: value for name, _, value in pairs}


def _times(facts: Mapping[str, str]) -> str:
    return f"{float(facts.get('steps', '1')):g}"


def _places(times: str) -> float:
    return float(times.removesuffix("×"))
