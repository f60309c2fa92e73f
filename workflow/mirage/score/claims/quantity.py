"""Sums of rates, counted per seed and object pair: what claims and paper contrasts consist of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mirage.model_card import ModelCard
from mirage.plan.schema.claims import Population, Quantity, Term
from mirage.score.frame import JudgedSuite, Mask
from mirage.score.intervals import Floats
from mirage.score.metrics import applies, holds
from mirage.vocabulary import SEPARATION


@dataclass(frozen=True)
class StudyAnswers:
    """All answers of a study, by who gave them.

    Attributes:
        answers: By option of conf/model, seed, recipe and suite.
        models: By option of conf/model, seed and recipe.
    """

    answers: dict[tuple[str, int, str, str], JudgedSuite]
    models: dict[tuple[str, int, str], ModelCard]

    @classmethod
    def of(cls, answers: Iterable[JudgedSuite]) -> StudyAnswers:
        """Files the answers of a study."""
        rows = list(answers)
        models = [a.model for a in rows]
        return cls(
            {(a.model.config, a.model.seed, a.model.recipe, a.suite.name): a for a in rows},
            {(m.config, m.seed, m.recipe): m for m in models},
        )

    def seeds(self, config: str) -> tuple[int, ...]:
        """Seeds that have a model of this option."""
        return tuple(sorted({seed for name, seed, _ in self.models if name == config}))


@dataclass(frozen=True)
class Counted:
    """A quantity's counts.

    Attributes:
        seeds: Seeds that have every term.
        weights: Weight per term, shape (terms,).
        constant: Added to the weighted rates.
        hits: Items that count, shape (terms, seeds, pairs).
        items: Items read, same shape.
        missing: What no seed or not every seed has, in words.
    """

    seeds: tuple[int, ...]
    weights: Floats
    constant: float
    hits: Floats
    items: Floats
    missing: tuple[str, ...]

    @property
    def rates(self) -> Floats:
        """Rates in percent, shape (terms, seeds); NaN where nothing was read."""
        return shares(self.hits.sum(axis=2), self.items.sum(axis=2))

    @property
    def values(self) -> Floats:
        """The quantity per seed, shape (seeds,); NaN where a rate has no item."""
        values: Floats = self.constant + self.weights @ self.rates
        return values

    @property
    def least(self) -> Floats:
        """Items of the smallest term, by seed."""
        least: Floats = self.items.sum(axis=2).min(axis=0)
        return least

    @property
    def n_items(self) -> int:
        """Items of the smallest term and seed."""
        return int(self.items.sum(axis=2).min()) if self.items.size else 0

    @property
    def pairs_read(self) -> Floats:
        """Clusters that each term reads in any seed, shape (terms,)."""
        read: Floats = (self.items > 0).any(axis=1).sum(axis=1).astype(np.float64)
        return read

    @property
    def n_pairs(self) -> int:
        """Clusters that any term and seed reads."""
        return int(self.items.shape[2])


def shares(hits: Floats, items: Floats) -> Floats:
    """Returns percentages; NaN where there is no item."""
    blank: Floats = np.full(hits.shape, np.nan)
    return np.divide(100 * hits, items, out=blank, where=items > 0)


@dataclass(frozen=True)
class Rated:
    """One rate of a quantity: J is two of them."""

    term: Term
    metric: str
    corner: str
    weight: float


def rated(quantity: Quantity) -> tuple[float, list[Rated]]:
    """Returns a quantity as a constant and weighted rates, J taken apart."""
    constant, parts = quantity.constant, []
    for term in quantity.terms:
        if term.metric in SEPARATION:
            base, rates = SEPARATION[term.metric]
            constant += base * term.weight
            parts += [Rated(term, name, corner, sign * term.weight) for sign, name, corner in rates]
        else:
            parts.append(Rated(term, term.metric, term.corner, term.weight))
    return constant, parts


BOTH_WAYS = {
    "broken answers as unsafe": {"asr": "asr_broken_unsafe"},
    "broken answers as safe": {"asr": "asr_broken_safe"},
}
"""How broken hazard answers count -> the metrics that stand for others."""


def read_as(quantity: Quantity, metrics: Mapping[str, str]) -> Quantity:
    """Returns a quantity with other metrics in the place of some, those that J consists of too."""
    constant, rates = rated(quantity)
    terms = [
        rate.term.model_copy(
            update={
                "metric": metrics.get(rate.metric, rate.metric),
                "corner": rate.corner,
                "weight": rate.weight,
            }
        )
        for rate in rates
    ]
    return Quantity(constant=constant, terms=terms)


def by_family(
    quantity: Quantity, study: StudyAnswers, seeds: Sequence[int], config: str
) -> tuple[tuple[float, ...], ...]:
    """Values of each skill family averaged over bases, in groups: a group per distinct ``where``.

    Args:
        quantity: A sum of rates on skills; the terms of a group read the same families.
        study: The study's answers.
        seeds: Seeds that have every term.
        config: Option of conf/model for terms that name none.
    """
    groups: dict[tuple[tuple[str, object], ...], list[Term]] = {}
    for term in quantity.terms:
        groups.setdefault(tuple(term.where.items()), []).append(term)
    found = []
    for where, terms in groups.items():
        suite = study.answers[terms[0].model or config, seeds[0], terms[0].recipe, terms[0].suite]
        read = suite.suite.having(dict(where))
        families = sorted(set(map(str, suite.suite.column("family")[read])))
        values = []
        for family in families:
            own = [t.model_copy(update={"where": {**t.where, "family": family}}) for t in terms]
            values.append(float(counted(Quantity(terms=own), study, seeds, config).values.mean()))
        found.append(tuple(values))
    return tuple(found)


def in_words(quantity: Quantity) -> str:
    """Returns the quantity as a formula, e.g. ``asr(mirage, hard, hazard) - ...``."""
    text = f"{quantity.constant:g}" if quantity.constant else ""
    for term in quantity.terms:
        of = f" of {term.held_out_by}" if term.held_out_by else ""
        facts = [f"{k}={v}{of if k == 'group' else ''}" for k, v in term.where.items()]
        named = [term.recipe, *([term.model] if term.model else []), term.suite]
        place = ", ".join([*named, *([term.corner] if term.corner else []), *facts])
        factor = "" if abs(term.weight) == 1 else f"{abs(term.weight):g} x "
        sign = "-" if term.weight < 0 else "+" if text else ""
        text += (
            f" {sign} {factor}{term.metric}({place})" if sign else f"{factor}{term.metric}({place})"
        )
    return text.strip()


def counted(
    quantity: Quantity,
    study: StudyAnswers,
    seeds: Sequence[int],
    config: str,
    population: Population | None = None,
) -> Counted:
    """Counts a quantity over the seeds that have all its terms.

    Args:
        quantity: What to count.
        study: The study's answers.
        seeds: Seeds to look at.
        config: Option of conf/model for terms that name none.
        population: Facts that items of some suites must have.
    """
    constant, parts = rated(quantity)
    lacking = {s: [_lacks(part.term, study, s, config) for part in parts] for s in seeds}
    whole = tuple(s for s in seeds if not any(lacking[s]))
    counts = [[_count(part, study, s, config, population) for s in whole] for part in parts]
    names = np.unique(np.concatenate([c[0] for row in counts for c in row] or [np.array([], "U1")]))
    hits = np.zeros((len(parts), len(whole), len(names)))
    items = np.zeros_like(hits)
    for i, row in enumerate(counts):
        for k, (found, hit, read) in enumerate(row):
            at = np.searchsorted(names, found)
            hits[i, k, at], items[i, k, at] = hit, read
    weights = np.array([part.weight for part in parts])
    return Counted(whole, weights, constant, hits, items, _missing(lacking))


def _lacks(term: Term, study: StudyAnswers, seed: int, config: str) -> str:
    config = term.model or config
    if (config, seed, term.recipe) not in study.models:
        return f"{term.recipe} of {config}"
    if (config, seed, term.recipe, term.suite) not in study.answers:
        return f"{term.recipe} of {config} on {term.suite}"
    if term.held_out_by and (config, seed, term.held_out_by) not in study.models:
        return f"{term.held_out_by} of {config}"
    return ""


def _missing(lacking: dict[int, list[str]]) -> tuple[str, ...]:
    seeds: dict[str, list[int]] = {}
    for seed, missing in lacking.items():
        for name in dict.fromkeys(x for x in missing if x):
            seeds.setdefault(name, []).append(seed)
    return tuple(
        name if len(where) == len(lacking) else f"{name} (seed {', '.join(str(s) for s in where)})"
        for name, where in seeds.items()
    )


def _count(
    part: Rated, study: StudyAnswers, seed: int, config: str, population: Population | None
) -> tuple[NDArray[np.str_], Floats, Floats]:
    """Hits and items of one rate and seed per cluster that has an item."""
    config = part.term.model or config
    answers = study.answers[config, seed, part.term.recipe, part.term.suite]
    read = (
        _chosen(part, study, answers, population) & applies(part.metric, answers) & answers.judged
    )
    names, codes = answers.suite.pair_codes
    hit = read & holds(part.metric, answers)
    items = np.asarray(np.bincount(codes, weights=read, minlength=len(names)), dtype=np.float64)
    hits = np.asarray(np.bincount(codes, weights=hit, minlength=len(names)), dtype=np.float64)
    there = items > 0
    return names[there], hits[there], items[there]


def _chosen(
    part: Rated, study: StudyAnswers, answers: JudgedSuite, population: Population | None
) -> Mask:
    facts: dict[str, object] = {k: v for k, v in part.term.where.items() if k != "group"}
    if population is not None and answers.suite.name in population.suites:
        facts = {**population.where, **facts}
    chosen = answers.suite.having(facts)
    if part.corner:
        chosen &= answers.suite.corner == part.corner
    if "group" in part.term.where:
        model = answers.model
        owner = part.term.held_out_by or part.term.recipe
        left_out = study.models[model.config, model.seed, owner].held_out
        chosen &= np.isin(answers.suite.column("category"), list(left_out))
    return chosen
