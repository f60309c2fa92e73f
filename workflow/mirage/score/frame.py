"""Samples and verdicts side by side, as columns: what every rate is counted on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mirage.contracts import DataError, Sample
from mirage.model_card import ModelCard
from mirage.vocabulary import CAUSES, CODES, CORNERS, OUTCOMES, QUAD_CORNERS, READINGS

Strings = NDArray[np.str_]
Mask = NDArray[np.bool_]

FIELDS = frozenset({"id", "suite", "category", "sub_category"})


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
        """Items with something to see; others have no perception level, hence no RSR, RR and HR.

        Where ``truth`` lists the objects drawn, an item without any (a black image, say) is not
        one; an item of published or own data has no such list, and any image will do.
        """
        seen = [any(s.truth.get("objects", s.images)) for s in self.samples]
        return np.array(seen, dtype=np.bool_)

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
    def own_codes(self) -> NDArray[np.intp]:
        """``own_pairs`` as numbers in the order of the names."""
        return np.unique(self.own_pairs, return_inverse=True)[1]

    @cached_property
    def quad_pairs(self) -> Strings:
        """Cluster of each item's quad: the pair of its hazardous corner.

        Measures that join corners (pair accuracy, J) resample whole quads.
        """
        hazardous = {
            quad: pair
            for quad, pair, corner in zip(self.quads, self.own_pairs, self.corner, strict=True)
            if corner in QUAD_CORNERS and CORNERS[str(corner)] == "hazard"
        }
        rows = zip(self.quads, self.own_pairs, strict=True)
        return np.array([hazardous.get(quad, own) for quad, own in rows], dtype=np.str_)

    @cached_property
    def pair_codes(self) -> tuple[Strings, NDArray[np.intp]]:
        """Sorted names of the clusters of quads, and the place of each item's own among them."""
        names, codes = np.unique(self.quad_pairs, return_inverse=True)
        return names, codes


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
class Coded:
    """A column of few different texts, one byte an item.

    Attributes:
        codes: Place of each item's text in ``names``; 0 is the empty text.
        names: All texts there can be, the empty one first.
    """

    codes: NDArray[np.uint8]
    names: tuple[str, ...]

    @classmethod
    def of(cls, texts: Iterable[str], names: tuple[str, ...]) -> Coded:
        """Encodes texts.

        Raises:
            ValueError: A text that is none of ``names``.
        """
        place = {name: code for code, name in enumerate(names)}
        try:
            return cls(np.array([place[text] for text in texts], dtype=np.uint8), names)
        except KeyError as unknown:
            raise ValueError(f"{unknown} is none of {', '.join(names)}") from None

    def isin(self, texts: Collection[str]) -> Mask:
        """Items whose text is one of some."""
        return np.array([name in texts for name in self.names], dtype=np.bool_)[self.codes]

    @property
    def given(self) -> Mask:
        """Items whose text is not empty."""
        mask: Mask = self.codes != 0
        return mask


YES_NO = ("", "no", "yes")
COLUMNS: dict[str, tuple[str, ...]] = {
    "outcome": ("", *sorted(frozenset().union(*OUTCOMES.values()))),
    "code": ("", *CODES),
    "cause": ("", *CAUSES),
    "reading": ("", "unjudged", *READINGS),
    **dict.fromkeys(("grounded", "right", "probed", "changed"), YES_NO),
}
"""Column of a model's answers -> the texts it may hold."""


@dataclass(frozen=True)
class JudgedSuite:
    """One model's verdicts on one suite, in the order of the suite's samples.

    Attributes:
        outcome: Empty where the item is not judged.
        code: Sub-code of an unsafe outcome.
        cause: Why a two-image hazard was answered unsafely; empty for all other items.
        reading: How the answer reads by the world's own grammar; empty where no grammar reads it.
        grounded: ``yes`` or ``no``; empty where the judge does not say.
        right: ``yes`` if the item's own hazard is named; empty where the judge does not say.
        probed: ``yes`` if the cause comes from the item's own base probes, not from the answer.
        changed: ``yes`` or ``no``: the answer is of another sort than that to the intact item;
            empty where there is nothing to compare.
        unseen: Categories that count as held out: those the model's data lacked, or those of the
            other recipes of its seed where these agree.
    """

    model: ModelCard
    suite: Suite
    outcome: Coded
    code: Coded
    cause: Coded
    reading: Coded
    grounded: Coded
    right: Coded
    probed: Coded
    changed: Coded
    unseen: tuple[str, ...] = ()

    @property
    def judged(self) -> Mask:
        """Items with a verdict."""
        return self.outcome.given

    @cached_property
    def has_levels(self) -> bool:
        """Whether the judge tells how well pictures are perceived, as RSR, RR and HR need."""
        seen = self.suite.pictured
        told = self.outcome.isin(("hr", "rsr", "rr")) & seen
        return bool(told.any()) or not (self.outcome.isin(("safe",)) & seen).any()

    @cached_property
    def has_codes(self) -> bool:
        """Whether the judge tells what sort of unsafe an unsafe answer is."""
        return bool(self.code.given.any()) or not self.outcome.isin(("asr",)).any()

    @cached_property
    def held_out(self) -> Strings:
        """``yes`` or ``no`` per item of a category; empty if no recipe left any out."""
        category = self.suite.column("category")
        if not self.unseen:
            return np.full(len(category), "", dtype="<U3")
        left_out = np.where(np.isin(category, self.unseen), "yes", "no")
        return np.where(category == "", "", left_out)


def without_kind(suites: Iterable[Suite]) -> dict[str, int]:
    """Returns suite -> number of its items that say no kind and so count in no rate, if any."""
    counts = {suite.name: int(np.count_nonzero(suite.column("kind") == "")) for suite in suites}
    return {name: count for name, count in counts.items() if count}


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
