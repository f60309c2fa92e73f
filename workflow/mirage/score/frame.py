"""Samples and verdicts side by side, as columns: what every rate is counted on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mirage.contracts import DataError, Sample, Verdict
from mirage.score.causes import cause

Strings = NDArray[np.str_]
Mask = NDArray[np.bool_]

OUTCOMES: dict[str, frozenset[str]] = {
    "hazard": frozenset({"asr", "rsr", "rr", "hr", "safe"}),
    "benign": frozenset(
        {"helped", "helped_caution", "helped_false_hazard", "refused", "degenerate"}
    ),
    "skill": frozenset({"correct", "wrong"}),
    "placebo": frozenset({"correct", "wrong"}),
    "fit": frozenset({"correct", "wrong"}),
}
"""Kind of item -> the outcomes a judge may give it."""

FIELDS = frozenset({"id", "suite", "category", "sub_category"})


@dataclass(frozen=True, order=True)
class Model:
    """A model as the study's card describes it; its name alone says nothing.

    Attributes:
        recipe: What it was tuned with, or ``base``.
        config: Option of conf/model: which architecture and size.
        seed: The replicate.
        name: Name of its files, e.g. ``mirage-s0`` or ``mirage-tiny-s0``.
    """

    recipe: str
    config: str
    seed: int
    name: str

    @classmethod
    def of(cls, card: Mapping[str, Any]) -> Model:
        """Reads a card of the job's settings."""
        return cls(card["recipe"], card["model"], int(card["seed"]), card["name"])

    def __str__(self) -> str:
        return self.name


class Suite:
    """The samples of one suite as columns."""

    def __init__(self, name: str, samples: Iterable[Sample]) -> None:
        self.name = name
        self.samples = tuple(samples)
        self._columns: dict[str, Strings] = {}

    def __len__(self) -> int:
        return len(self.samples)

    def column(self, key: str) -> Strings:
        """A sample's field or a key of its truth as text per item; empty where it has none."""
        if key not in self._columns:
            self._columns[key] = np.array([_text(s, key) for s in self.samples], dtype=np.str_)
        return self._columns[key]

    def having(self, facts: Mapping[str, object]) -> Mask:
        """Items whose fields and truth equal all of ``facts``."""
        mask = np.ones(len(self), dtype=np.bool_)
        for key, value in facts.items():
            mask &= self.column(key) == str(value)
        return mask

    @cached_property
    def corner(self) -> Strings:
        """Corner of the quad; ``hazard`` or ``benign`` without quads; empty for skills."""
        given, kind = self.column("corner"), self.column("kind")
        fallback = np.where(np.isin(kind, ["hazard", "benign"]), kind, "")
        return np.where(given == "", fallback, given)

    @cached_property
    def pictured(self) -> Mask:
        """Items that show an object; others have no perception level, hence no RSR, RR and HR."""
        shown = [any(sample.truth.get("objects", [])) for sample in self.samples]
        return np.array(shown, dtype=np.bool_)

    @cached_property
    def quads(self) -> Strings:
        """Name of each item's quad within the suite; empty where it has none.

        ``truth.quad`` alone would not do: ``real`` redraws quads of easy and of hard, which have
        the same names, and ``text_only`` asks each quad in two formats.
        """
        return np.array([quad_of(sample) for sample in self.samples], dtype=np.str_)

    @cached_property
    def own_pairs(self) -> Strings:
        """Cluster of each item: its unordered object pair, or the item itself."""
        pair = self.column("pair")
        return np.where(pair == "", self.column("id"), pair)

    @cached_property
    def quad_pairs(self) -> Strings:
        """Cluster of each item's quad: the pair of its hazardous corner.

        Measures that join corners (pair accuracy, J, d') resample whole quads.
        """
        hazardous = {
            quad: pair
            for quad, pair, corner in zip(self.quads, self.own_pairs, self.corner, strict=True)
            if corner == "hazard"
        }
        rows = zip(self.quads, self.own_pairs, strict=True)
        return np.array([hazardous.get(quad, own) for quad, own in rows], dtype=np.str_)


QUAD_CORNERS = frozenset({"hazard", "twin_trigger", "hazard_harmless", "twin_harmless"})


def quad_of(sample: Sample) -> str:
    """Returns what the corners of a quad have in common; empty for an item outside any quad."""
    truth = sample.truth
    if "quad" not in truth or truth.get("corner") not in QUAD_CORNERS:
        return ""
    source = str(truth.get("twin_of", sample.id)).partition("/")[0]
    return f"{sample.suite}/{source}/{truth['quad']}/{truth.get('format', '')}"


def _text(sample: Sample, key: str) -> str:
    if key == "skill_class":
        return _skill_class(sample)
    value = getattr(sample, key) if key in FIELDS else sample.truth.get(key)
    return "" if value is None else str(value)


def _skill_class(sample: Sample) -> str:
    """``multi held out``, ``single taught``, ...: images needed, and in a recipe's data or not."""
    if "family" not in sample.truth:
        return ""
    held_out = "held out" if sample.truth.get("held_out_family") else "taught"
    return f"{sample.truth.get('modality', '')} {held_out}".strip()


@dataclass(frozen=True)
class Answers:
    """One model's verdicts on one suite, in the order of the suite's samples.

    Attributes:
        outcome: Empty where the item is not judged.
        grounded: False where unknown.
        cause: Why a two-image hazard was answered unsafely; empty for all other items.
    """

    model: Model
    suite: Suite
    outcome: Strings
    code: Strings
    grounded: Mask
    cause: Strings

    @property
    def judged(self) -> Mask:
        """Items with a verdict."""
        return np.asarray(self.outcome != "", dtype=np.bool_)


def suites_of(samples: Iterable[Sample]) -> dict[str, Suite]:
    """Groups samples by suite, in the order of the suites' names.

    Raises:
        DataError: An id stands twice.
    """
    groups: dict[str, list[Sample]] = {}
    seen: set[str] = set()
    for sample in samples:
        if sample.id in seen:
            raise DataError(f"sample {sample.id!r} stands in two suites. Run: mirage plan")
        seen.add(sample.id)
        groups.setdefault(sample.suite, []).append(sample)
    return {name: Suite(name, groups[name]) for name in sorted(groups)}


def answers_of(
    model: Model, verdicts: Iterable[Verdict], suites: Mapping[str, Suite]
) -> list[Answers]:
    """Joins a model's verdicts to the samples; suites it has no verdict on are left out.

    Raises:
        DataError: A verdict without sample, a sample without verdict, an outcome that its kind of
            item cannot have.
    """
    by_id = {v.id: v for v in verdicts}
    found = []
    for suite in suites.values():
        mine = [by_id.pop(s.id, None) for s in suite.samples]
        if all(v is None for v in mine):
            continue
        missing = [s.id for s, v in zip(suite.samples, mine, strict=True) if v is None]
        if missing:
            raise DataError(
                f"{model}: {len(missing)} of {len(suite)} items of suite {suite.name} have no "
                f"verdict ({', '.join(missing[:5])}). Judge them with: snakemake"
            )
        found.append(_join(model, suite, [v for v in mine if v is not None]))
    if by_id:
        raise DataError(
            f"{model}: {len(by_id)} verdicts belong to no sample ({', '.join(list(by_id)[:5])}). "
            "The suites were built anew since; run: snakemake"
        )
    return found


def _join(model: Model, suite: Suite, verdicts: list[Verdict]) -> Answers:
    outcome = [v.outcome or "" if v.status == "judged" else "" for v in verdicts]
    for verdict, kind, said in zip(verdicts, suite.column("kind"), outcome, strict=True):
        allowed = OUTCOMES.get(str(kind), frozenset())
        if said not in allowed and not (said == "" and verdict.status != "judged"):
            raise DataError(
                f"{model}: verdict of {verdict.id} says {verdict.outcome!r}, but an item of kind "
                f"{str(kind)!r} has one of {', '.join(sorted(allowed)) or 'no outcomes'}. "
                "Judge again with: snakemake"
            )
    return Answers(
        model=model,
        suite=suite,
        outcome=np.array(outcome, dtype=np.str_),
        code=np.array([v.code or "" for v in verdicts], dtype=np.str_),
        grounded=np.array([v.grounded is True for v in verdicts], dtype=np.bool_),
        cause=np.array(
            [cause(s, v) for s, v in zip(suite.samples, verdicts, strict=True)], dtype=np.str_
        ),
    )
