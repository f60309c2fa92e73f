"""Proof that training data and test suites share nothing they must not share."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import combinations
from pathlib import PurePosixPath
from typing import Any, Final

from mirage.build.composite import halves
from mirage.contracts import DataError, Sample
from mirage.world.catalog import THINGS
from mirage.world.cues import CUES
from mirage.world.lead_ins import lead_in_of
from mirage.world.pairs import Split, pair_key, split_of
from mirage.world.templates import NUMBERS, VERBS, Wording, intents, templates

WORDINGS: Final[tuple[Wording, ...]] = ("neutral", "explicit")
_NAMES = sorted(THINGS, key=len, reverse=True)
_NAMED: Final = "(named)"  # stands for an object's name in a question
_INTENT: Final = "(intent)"  # stands for what an explicit question wants to do


def check_disjoint(rows: Iterable[Sample], world: dict[str, Any]) -> None:
    """Checks that no training sample holds a test pair, rendering, template or wording.

    Both orders of a pair count, and objects named in the text as well as those pictured. A template
    is read off the question itself, wherever it speaks of an image: with both things named,
    training and test templates read the same, and only their intents differ. A harmless lead-in
    or a cue may stand before it, an intent inside it, if none of them is a test's.

    Raises:
        DataError: The first sample that overlaps, and in what.
    """
    for row in rows:
        names, form = _read(row.question)
        for first, second in combinations(sorted(names | _shown(row)), 2):
            if split_of(first, second) == "test":
                raise DataError(f"{row.id} shows the test pair {pair_key(first, second)}.")
        for path in _pool_paths(row):
            if (drawn := rendering(path)) and drawn[1] >= int(world["renders"][drawn[0]]["train"]):
                raise DataError(f"{row.id} shows the test rendering {path}.")
        if told := lead_in_of(form, "test"):
            raise DataError(f"{row.id} begins with the test lead-in {told!r}.")
        form = form.removeprefix(lead_in_of(form, "train")).strip()
        cue = next((cue for cue in _cues() if form.startswith(cue)), "")
        if _cues().get(cue) == "test":
            raise DataError(f"{row.id} begins with the test cue {cue!r}.")
        intent = next((phrase for phrase in _phrases() if phrase in form), "")
        if _phrases().get(intent) == "test":
            raise DataError(f"{row.id} says the test intent {intent!r}.")
        plain = form.removeprefix(cue).strip()
        if template := _test_forms().get(plain.replace(intent, _INTENT) if intent else plain):
            raise DataError(f"{row.id} asks the test template {template}.")


def objects_of(row: Sample) -> set[str]:
    """Returns every object that a sample's question names or its images show."""
    return _read(row.question)[0] | _shown(row)


def _read(question: str) -> tuple[set[str], str]:
    """Returns the objects that a question names, and the question with a sign in their place."""
    text = f" {question} "
    named = set()
    for name in _NAMES:  # longest first, so that "hair spray" is not also "spray"
        if f" {name} " in text:
            named.add(name)
            for article in (" a", " an", ""):
                text = text.replace(f"{article} {name} ", f" {_NAMED} ")
    return named, text.strip()


def _shown(row: Sample) -> set[str]:
    names = {pictured(path) for path in _pool_paths(row)}
    return {name for name in names if name is not None}


@lru_cache
def _test_forms() -> dict[str, str]:
    """Every question that a test template can ask about an image -> the template's name.

    Of templates that differ in the words of their intent alone, one stands for all.
    """
    places: list[int | str] = [_NAMED, *range(len(NUMBERS))]
    one = {intent.place: intent for intent in intents("test")}
    forms: dict[str, str] = {}
    for action, verbs in VERBS.items():
        for template in (t for w in WORDINGS for t in templates(action, w, "test")):
            said = template.intent
            if said is not None and said != one[said.place]:
                continue
            if any("{b}" in verb for verb in verbs):
                asked = [template.ask(a, b) for a in places for b in places if not a == b == _NAMED]
                asked.append(template.ask_halves())
            else:
                asked = [template.ask(a) for a in places if a != _NAMED]
            if said is not None:
                asked = [question.replace(said.phrase, _INTENT) for question in asked]
            forms |= dict.fromkeys(asked, template.name)
    return forms


@lru_cache
def _phrases() -> dict[str, Split]:
    """Every intent in words -> its split."""
    splits: tuple[Split, ...] = ("train", "test")
    return {intent.phrase: split for split in splits for intent in intents(split)}


@lru_cache
def _cues() -> dict[str, Split]:
    """Every cue -> its split."""
    return {cue: split for kind in CUES.values() for split, told in kind.items() for cue in told}


def _pool_paths(row: Sample) -> list[str]:
    """The pictures that a sample shows, both halves of its composites among them."""
    return [part for path in row.images for part in halves(path) or (path,)]


def pictured(path: str) -> str | None:
    """Returns the object that a pool path shows, or None for a blank image."""
    name = PurePosixPath(path).stem.rsplit("-", 1)[0].split("+")[0].replace("_", " ")
    return name if name in THINGS else None


def rendering(path: str) -> tuple[str, int] | None:
    """Returns (style, rendering number) of a pool path, or None for a blank image."""
    parts = PurePosixPath(path)
    if pictured(path) is None:
        return None
    return parts.parent.name, int(parts.stem.rsplit("-", 1)[1])
