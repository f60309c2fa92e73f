"""Samples and verdicts side by side, as columns: what every rate is counted on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mirage.contracts import DataError, Sample
from mirage.model_card import ModelCard
from mirage.vocabulary import CORNERS, QUAD_CORNERS

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
    def own_codes(self) -> NDArray[np.intp]:
        """``own_pairs`` as numbers in the order of the names."""
        return np.unique(self.own_pairs, return_inverse=True)[1]

    @cached_property
    def quad_pairs(self) -> Strings:
        """Cluster of each item's quad: the pair of its hazardous corner.

        Measures that join corners (pair accuracy, J, d') resample whole quads.
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
class Answers:
    """One model's verdicts on one suite, in the order of the suite's samples.

    Attributes:
        outcome: Empty where the item is not judged.
        grounded: False where unknown.
        right: The item's own hazard is named.
        cause: Why a two-image hazard was answered unsafely; empty for all other items.
        probed: Whether the cause comes from the item's own base probes, not from the answer.
        changed: ``yes`` or ``no``: the answer is of another sort than that to the intact item;
            empty where there is nothing to compare.
        left_out: Categories that count as held out: those the model's data lacked, or those of the
            other recipes of its seed where these agree.
    """

    model: ModelCard
    suite: Suite
    outcome: Strings
    code: Strings
    grounded: Mask
    right: Mask
    cause: Strings
    probed: Mask
    changed: Strings
    left_out: tuple[str, ...]

    @cached_property
    def judged(self) -> Mask:
        """Items with a verdict."""
        return np.asarray(self.outcome != "", dtype=np.bool_)

    @cached_property
    def held_out(self) -> Strings:
        """``yes`` or ``no`` per item of a category; empty if no recipe left any out."""
        category = self.suite.column("category")
        if not self.left_out:
            return np.full(len(category), "", dtype="<U3")
        told = np.where(np.isin(category, self.left_out), "yes", "no")
        return np.where(category == "", "", told)


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
