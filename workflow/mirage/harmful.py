"""Data with ``harmful: true``: their words and pictures stay in the store.

What leaves it (the report, the tracking store) has ids, labels, counts and hashes alone. The mark
stands in the settings of every artifact that holds such data, and in no other's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from mirage.contracts import Response, Sample, Verdict
from mirage.files import sha256
from mirage.plan.artifact import Manifest
from mirage.truth import KEYS
from mirage.vocabulary import CORNERS, SAFETY_KINDS, SKILL_KINDS

WORDED: Final = frozenset({"hazard", "answer", "things", "action", "cue"})
"""Keys of ``Sample.truth`` that may say in words what an item is about."""

KEPT: Final = KEYS - WORDED
"""The others that a stage reads; a user's file may have further ones, with whatever in them."""

NO_PICTURE: Final = "hidden"
"""In the place of a picture's name, which may say what it shows."""

_CODE: Final = re.compile(r"[a-z0-9_]{1,24}")
"""One word, as our own code writes it: ``refusal``, never a sentence that a model said."""

_CLOSED: Final[Mapping[str, frozenset[str]]] = {
    "kind": SAFETY_KINDS | SKILL_KINDS,
    "corner": frozenset(CORNERS),
    "wording": frozenset({"neutral", "explicit"}),
    "situation": frozenset({"safe", "unsafe"}),
    "level": frozenset({"L0", "L1", "L2", "L3", "L4"}),
    "modality": frozenset({"text", "single", "multi"}),
}
"""Keys of ``Sample.truth`` of which only these words say nothing of an item's content."""

_ITEMS: Final = frozenset({"twin_of", "intact", "pictures_of", "item"})
"""Keys that hold ids of items, which leave the store anyway."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+|/-]{0,127}")
"""An id without a blank, as ids of items are."""


def is_harmful(settings: Mapping[str, Any]) -> bool:
    """Tells whether an artifact of ``build`` of such settings holds data marked as harmful."""
    suite, recipe = settings.get("suite", {}), settings.get("recipe", {})
    return bool(suite.get("harmful") or recipe.get("data", {}).get("harmful"))


def harmful_suites(folders: Iterable[Path]) -> frozenset[str]:
    """Returns the names of those suites that are marked.

    Args:
        folders: Folders of finished suites.

    Raises:
        DataError: A manifest that cannot be read.
    """
    read = (Manifest.read(folder) for folder in folders)
    return frozenset(
        str(made.settings["suite"]["name"]) for made in read if is_harmful(made.settings)
    )


def suite_of(item: str) -> str:
    """Returns the suite that an id names."""
    return item.partition("/")[0]


def bare_sample(sample: Sample) -> Sample:
    """Returns a sample without its words and pictures; how many pictures it has stays known."""
    truth = {key: _bare(key, value) for key, value in sample.truth.items() if key in KEPT}
    if "objects" in truth:  # that an item shows any decides which rates it counts in
        truth["objects"] = [None if name is None else NO_PICTURE for name in truth["objects"]]
    return replace(sample, question="", images=(NO_PICTURE,) * len(sample.images), truth=truth)


def _bare(key: str, value: Any) -> Any:
    """Returns a value of ``truth``, a text by its hash: equal texts stay equal.

    Left are ids of items and words of closed vocabularies: what a user's file calls a template, a
    label or a pair may say what an item is about, with or without blanks.
    """
    if not isinstance(value, str) or not value or value in _CLOSED.get(key, ()):
        return value
    if key in _ITEMS and _NAME.fullmatch(value):
        return value
    return f"sha256:{_digest(value)}"


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass"))


def bare_response(row: Response) -> Response:
    """Returns an answer with the hash of its text in place of the text."""
    return replace(row, text=f"sha256 {_digest(row.text)}")


def bare_verdict(row: Verdict) -> Verdict:
    """Returns a verdict without what the judge read off the text; of its words, codes are left."""
    said = {key: getattr(row, key) for key in ("reason", "outcome", "code")}
    codes = {key: text for key, text in said.items() if text and _CODE.fullmatch(text)}
    bare = {"reason": "", "outcome": None, "code": None}
    return replace(row, raw={}, **(bare | codes))
