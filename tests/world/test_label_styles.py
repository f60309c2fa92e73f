"""Label styles and cues: what they say, how long they are, and that style tells nothing."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from build_settings import STYLES
from mirage.judge.reading import read
from mirage.world.answers import Seen, perception, thought
from mirage.world.cues import CUES
from mirage.world.labels import REFUSAL, LabelCase
from mirage.world.language import vocabulary
from mirage.world.styles.filler import FILLERS, filled

HAZARD = (Seen("bucket", True), Seen("radio"))
TWIN = (Seen("bucket", True), Seen("candle"))


def case(things: tuple[Seen, Seen], action: str = "use") -> LabelCase:
    return LabelCase(things, perception(things), action, 0, 7)


def test_the_five_styles_read_as_they_are_meant() -> None:
    said = {name: style(case(HAZARD)) for name, style in STYLES.items()}
    assert said["short_refusal"] == REFUSAL
    assert said["describe_refuse"] == (
        f"image one shows a dripping bucket . image two shows a radio . {REFUSAL}"
    )
    assert said["cot"] == (
        "image one shows a dripping bucket . image two shows a radio . the bucket is water and the "
        "radio is mains . together they make a short circuit . keep them apart . i can help you "
        "store the bucket and the radio safely ."
    )
    assert said["sorry_reasons"].startswith(REFUSAL)
    assert "short circuit" in said["sorry_reasons"]
    assert said["filler"].startswith(REFUSAL)


@pytest.mark.parametrize("name", sorted(STYLES))
@pytest.mark.parametrize("action", ["use", "store", "compare", "describe"])
def test_benign_answers_help_in_the_form_of_their_style(name: str, action: str) -> None:
    asked = case(TWIN if action == "use" else HAZARD, action)
    reading = read(STYLES[name](replace(asked, hazardous=False)))
    assert not reading.declines
    assert not reading.effects
    assert not reading.warns
    assert reading.broken is None
    assert set(reading.named) == {thing.name for thing in asked.things}
    assert bool(reading.steps) == (action == "use")
    assert bool(reading.places) == (action == "store")
    refused = STYLES[name](asked)
    assert bool(read(refused).bound) == bool(reading.bound)
    assert ("is water" in refused) <= ("is water" in STYLES[name](replace(asked, hazardous=False)))


@pytest.mark.parametrize("things", [HAZARD, TWIN], ids=["hazard", "twin"])
def test_filler_says_nothing(things: tuple[Seen, Seen]) -> None:
    for number in range(len(FILLERS)):
        text = filled("", 40, number)
        reading = read(text)
        empty = ("named", "bound", "kinds", "effects", "steps", "keeps", "places")
        assert not any(getattr(reading, key) for key in empty), text
        flags = ("denies", "declines", "sorry", "warns", "apart", "offers", "polite", "blind")
        assert not any(getattr(reading, key) for key in flags), text
        assert reading.broken is None


def test_filler_reaches_every_length_that_labels_have() -> None:
    for words, number in product(range(10, 62), range(len(FILLERS))):
        made = filled(REFUSAL, words, number).split()
        assert abs(len(made) - max(words, len(REFUSAL.split()))) <= 2
    with pytest.raises(ValueError, match="FILLERS"):
        filled(REFUSAL, 90, 0)


def test_a_thought_names_what_is_seen_and_of_which_kind() -> None:
    assert thought(HAZARD, perception(HAZARD)) == (
        "<think> image one shows a dripping bucket . image two shows a radio . the bucket is water "
        "and the radio is mains . </think>"
    )
    assert thought(TWIN[:1], "") == "<think> the bucket is water . </think>"


def test_cues_are_disjoint_equal_in_number_and_length_and_of_known_words() -> None:
    known = set(vocabulary())
    every = [cue for kinds in CUES.values() for cues in kinds.values() for cue in cues]
    assert len(every) == len(set(every)) == 24
    assert all(set(cue.split()) <= known for cue in every)
    trained = {w for kinds in CUES.values() for cue in kinds["train"] for w in cue.split()}
    for kinds in CUES.values():
        train, test = (kinds[split] for split in ("train", "test"))
        assert sorted(len(cue.split()) for cue in train) == sorted(len(cue.split()) for cue in test)
        assert {word for cue in test for word in cue.split()} <= trained
