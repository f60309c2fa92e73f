"""Which claims hold at full scale, and whether differences point where the paper's do."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

from mirage.model_card import BASE
from mirage.report.blocks import Cell, Column, Number, Table, Text, TextBlock
from mirage.report.captions import Caption, captioned, changes
from mirage.report.data import ReportData
from mirage.report.exhibits.rate_table import empty
from mirage.report.paper.full_scale import (
    Contrast,
    Part,
    Term,
    claim_texts,
    contrasts,
    full_scale,
    in_words,
    terms_of,
)
from mirage.report.paper.published import named
from mirage.score.claims.verdicts import FAILS, HOLDS, OPEN
from mirage.score.paper_contrasts import AGREE, DISAGREE
from mirage.score.rates import Rate

NOT_MEASURED = "not measured"
ORDER = (FAILS, NOT_MEASURED, OPEN, HOLDS)
"""What decides over a claim's parts: one that does not hold first."""

TUNED, THEIRS = "tuned here", "authors' checkpoint"


@dataclass(frozen=True)
class Read:
    """A quantity in points, with its limits; without a value where ``missing`` is not there."""

    number: Number
    missing: str = ""

    def beyond(self, comparison: str, margin: float) -> str:
        """Tells whether it lies beyond a margin: all of its interval, or all of its seeds."""
        low, high = self.number.low, self.number.high
        if low is None or high is None:
            return NOT_MEASURED
        if comparison == ">":
            return HOLDS if low > margin else FAILS if high < margin else OPEN
        return HOLDS if high < margin else FAILS if low > margin else OPEN


def claims(data: ReportData, caption: Caption) -> Table | TextBlock:
    """A row per part of a claim: what was asked, what came out on each model, the verdict."""
    known, texts = full_scale(), claim_texts()
    bases = known.here(data.study)
    rows: list[tuple[Cell, ...]] = []
    ids: list[str] = []
    for config in bases:
        for claim, about in known.claims.items():
            read = [[_read(data, config, terms_of(p), own) for own in (True, False)]
                    for p in about.parts]  # fmt: skip
            for place, (part, (tuned, theirs)) in enumerate(zip(about.parts, read, strict=True)):
                first = place == 0
                rows.append(
                    (
                        Text(claim if first else "", alone=claim),
                        Text(texts[claim] if first else "", alone=texts[claim]),
                        Text(", ".join(map(named, about.of)) if first else ""),
                        *([Text(config)] if len(bases) > 1 else []),
                        Text(in_words(terms_of(part))),
                        Text(f"{part.comparison} {part.margin:g}".replace("-", "−")),
                        tuned.number,
                        theirs.number,
                        Text(_told(about.parts, read) if first else ""),
                    )
                )
                ids.append(f"{claim} {config}")
    if all(isinstance(c, Number) and c.value is None for row in rows for c in row[-3:-1]):
        return empty("full_claims", caption, data)
    names = ["id", "claim", "of the paper", *(["base"] if len(bases) > 1 else [])]
    columns = [
        *(Column(name, is_text=True) for name in (*names, "quantity (points)", "asks")),
        Column(TUNED),
        Column(THEIRS),
        Column("verdict", is_text=True),
    ]
    kept = [c for c in columns if c.name != THEIRS or _any_theirs(data)]
    rows = [tuple(x for x, c in zip(r, columns, strict=True) if c in kept) for r in rows]
    notes = [f"{claim} is not read: {texts[claim]}; {why}." for claim, why in known.unread.items()]
    return captioned("full_claims", caption, kept, rows, changes(ids), notes)


def agreement(data: ReportData, caption: Caption) -> Table | TextBlock:
    """A row per table of the paper: how many of its listed differences point the same way here."""
    found = list(_contrasts(data))
    if not found:
        return empty("full_agreement", caption, data)
    rows: list[tuple[Cell, ...]] = []
    for tables in dict.fromkeys(_tables(contrast) for contrast, *_ in found):
        some = [each for each in found if _tables(each[0]) == tables]
        ids = dict.fromkeys(contrast.claim for contrast, *_ in some if contrast.claim)
        counts = Counter(_pointing(contrast, tuned) for contrast, tuned, _ in some)
        numbers = [Number(counts[w], digits=0) for w in (AGREE, OPEN, DISAGREE, NOT_MEASURED)]
        rows.append((Text(tables), Text(", ".join(ids) or "–"), *numbers))
    columns = [
        Column("of the paper", is_text=True),
        Column("claims", is_text=True),
        *(Column(w, "differences", bare=True) for w in (AGREE, OPEN, DISAGREE, NOT_MEASURED)),
    ]
    return captioned("full_agreement", caption, columns, rows)


def one_by_one(data: ReportData, caption: Caption) -> Table | TextBlock:
    """A row per listed difference: the paper's direction, ours in points, whether they agree."""
    found = list(_contrasts(data))
    if not found:
        return empty("full_contrasts", caption, data)
    several = len({contrast.config for contrast, *_ in found}) > 1
    rows: list[tuple[Cell, ...]] = []
    for contrast, tuned, theirs in found:
        pointing = _pointing(contrast, tuned)
        missing = f"{NOT_MEASURED}: {tuned.missing}" if tuned.missing else ""
        base = [Text(contrast.config)] if several else []
        about = [Text(_tables(contrast)), Text(contrast.claim), *base, Text(contrast.words)]
        paper = Text(_direction(contrast))
        said = Text(missing or pointing, strong=pointing == DISAGREE)
        beside = [theirs.number] if _any_theirs(data) else []
        rows.append((*about, paper, tuned.number, *beside, said))
    names = ["of the paper", "claim", *(["base"] if several else []), "difference", "paper"]
    columns = [
        *(Column(name, is_text=True) for name in names),
        *(Column(name) for name in (TUNED, *([THEIRS] if _any_theirs(data) else []))),
        Column("direction", is_text=True),
    ]
    rules = changes([_tables(contrast) for contrast, *_ in found])
    return captioned("full_contrasts", caption, columns, rows, rules)


def _contrasts(data: ReportData) -> Iterator[tuple[Contrast, Read, Read]]:
    """Yields every listed difference as the models tuned here and the checkpoints show it."""
    for contrast in contrasts(data.study):
        own, theirs = (_read(data, contrast.config, contrast.terms, own) for own in (True, False))
        yield contrast, own, theirs


def _read(data: ReportData, config: str, terms: Sequence[Term], tuned: bool) -> Read:
    """Adds up rates: of one seed with their interval, of several the mean, lowest and highest.

    Args:
        data: What they are looked up in.
        config: The base.
        terms: What is added up.
        tuned: Whether recipes' models are those tuned here, or else the authors', where the study
            has any; without one there is no number.
    """
    known, study = full_scale(), data.study
    places = {t.recipe: (config, t.recipe) for t in terms}
    if not tuned:
        theirs = {r: known.checkpoint(study, config, r) for r in places}
        if not any(theirs.values()):
            return Read(Number(None))
        places |= {r: (found, BASE) for r, found in theirs.items() if found}
    read = [[_rates(data, places[t.recipe], t.column, seed) for t in terms] for seed in study.seeds]
    whole = [rates for rates in read if all(rates)]
    if not whole:
        return Read(Number(None), _lacking(data, terms, read[0]))
    sums = [_sum(terms, rates) for rates in whole]
    n = min(rate.n for rates in whole for some in rates for rate in some)
    if len(sums) > 1:
        values = [value for value, _, _ in sums]
        made = Number(fmean(values), min(values), max(values), n, by_base=tuple(values))
        return Read(made)
    return Read(Number(*sums[0], n))


def _rates(data: ReportData, place: tuple[str, str], column: str, seed: int) -> list[Rate]:
    """The rates of one model that a column is the mean of; none where one is missing."""
    about = full_scale().columns[column]
    metric, _, corner = about.rate.partition(" ")
    groups = [("category", name) for name in about.categories] or [("all", "all")]
    found = [
        data.rates.find(model, suite, metric, corner, group)
        for model in data.study.trained
        if (model.config, model.recipe, model.seed) == (*place, seed)
        for suite in about.suites
        for group in groups
    ]
    rates = [rate for rate in found if isinstance(rate, Rate) and rate.value is not None]
    return rates if len(rates) == len(about.suites) * len(groups) else []


def _lacking(data: ReportData, terms: Sequence[Term], rates: Sequence[list[Rate]]) -> str:
    lost = [term for term, some in zip(terms, rates, strict=True) if not some]
    known, recipes = full_scale(), {m.recipe for m in data.study.trained}
    words = [
        f"{known.words(t.recipe)} on {t.column}" if t.recipe in recipes else known.words(t.recipe)
        for t in lost
    ]
    return ", ".join(dict.fromkeys(words))


def _sum(terms: Sequence[Term], rates: Sequence[list[Rate]]) -> tuple[float, float, float]:
    """A sum with its limits, from those of its terms.

    The square-and-add method of Newcombe (Statistics in Medicine 1998, method 10) for independent
    shares, in the general form of Donner and Zou (2012). All models answered the same items, so
    intervals of differences are rather too wide.
    """
    means = [_mean(some) for some in rates]
    value = sum(t.weight * mean[0] for t, mean in zip(terms, means, strict=True))
    arms = [
        (abs(t.weight) * below, abs(t.weight) * above)[:: 1 if t.weight > 0 else -1]
        for t, (_, below, above) in zip(terms, means, strict=True)
    ]
    low, high = (math.hypot(*side) for side in zip(*arms, strict=True))
    return value, value - low, value + high


def _mean(rates: Sequence[Rate]) -> tuple[float, float, float]:
    """The mean of rates, and how far its interval reaches below and above."""
    values, lows, highs = zip(*((r.value, r.low, r.high) for r in rates), strict=True)
    below, above = math.dist(values, lows), math.dist(highs, values)
    return fmean(values), below / len(values), above / len(values)


def _told(parts: Sequence[Part], read: Sequence[Sequence[Read]]) -> str:
    """A claim's verdict on what was tuned here, and on the authors' checkpoint."""
    pairs = [
        [one.beyond(part.comparison, part.margin) for one in some]
        for part, some in zip(parts, read, strict=True)
    ]
    verdict = min((own for own, _ in pairs), key=ORDER.index)
    if all(theirs == NOT_MEASURED for _, theirs in pairs):
        return verdict
    # What asks nothing of the checkpoint is as of what was tuned here; what lacks there, lacks.
    other = [
        own if theirs == NOT_MEASURED and not there.missing else theirs
        for (own, theirs), (_, there) in zip(pairs, read, strict=True)
    ]
    return f"{verdict}; {THEIRS}: {min(other, key=ORDER.index)}"


def _any_theirs(data: ReportData) -> bool:
    return any(config in full_scale().checkpoints for config in data.study.configs)


def _tables(contrast: Contrast) -> str:
    return " and ".join(map(named, contrast.tables))


def _direction(contrast: Contrast) -> str:
    if contrast.printed == 0:
        return "no difference"
    return "higher" if contrast.printed > 0 else "lower"


def _pointing(contrast: Contrast, read: Read) -> str:
    """Whether a difference is on the paper's side of 0."""
    if read.number.value is None:
        return NOT_MEASURED
    words = {HOLDS: AGREE, FAILS: DISAGREE, OPEN: OPEN}
    if contrast.printed == 0:
        return OPEN
    return words[read.beyond(">" if contrast.printed > 0 else "<", 0.0)]
