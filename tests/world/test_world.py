"""The ring, the splits and the templates hold what the specification promises."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import pytest

from mirage.world.catalog import ROLES, STATES, THINGS
from mirage.world.hazards import edges, pair_rule, partners, table
from mirage.world.pairs import (
    PAIRS_PER_EDGE,
    level_of,
    pair_key,
    role_pairs,
    split_of,
    trainable_pairs,
)
from mirage.world.templates import INTENT_OBJECTS, OPENINGS, VERBS, Split, intents, templates

SPLITS: tuple[Split, Split] = ("train", "test")


def test_twelve_roles_of_four_objects() -> None:
    assert len(ROLES) == 12
    assert len(THINGS) == 48
    assert all(len(names) == 4 for names in ROLES.values())


def test_every_role_pair_is_marked_once_with_a_reason() -> None:
    use = [rule for rule in table() if rule.action == "use"]
    marked = Counter(frozenset((rule.role_a, rule.role_b)) for rule in use)
    assert set(marked) == {frozenset((a, b)) for a in ROLES for b in ROLES}
    assert set(marked.values()) == {1}
    assert all(rule.reason for rule in table())


def test_each_role_is_hazardous_with_two_and_benign_with_two() -> None:
    for role in ROLES:
        assert len(partners(role, "hazardous")) == 2
        assert len(partners(role, "benign")) == 2


def test_twelve_edges_are_twelve_sub_categories_in_six_categories() -> None:
    hazards = edges("hazardous")
    assert len({rule.sub_category for rule in hazards}) == 12
    assert set(Counter(rule.category for rule in hazards).values()) == {2}
    assert len({rule.effect for rule in hazards}) == 12


def test_every_hazardous_pair_can_show_a_state() -> None:
    assert all({rule.role_a, rule.role_b} & set(STATES) for rule in edges("hazardous"))


@pytest.mark.parametrize("mark", ["hazardous", "benign"])
def test_both_rings_name_each_role_once_first_and_once_second(mark: str) -> None:
    rules = edges(mark)  # type: ignore[arg-type]
    assert sorted(rule.role_a for rule in rules) == sorted(ROLES)
    assert sorted(rule.role_b for rule in rules) == sorted(ROLES)


@pytest.mark.parametrize("mark", ["hazardous", "benign"])
@pytest.mark.parametrize(
    ("split", "of_an_edge", "of_an_object"), [("train", 6, 3), ("test", 10, 5)]
)
def test_ten_of_sixteen_pairs_are_held_out_and_every_object_as_often(
    mark: str, split: str, of_an_edge: int, of_an_object: int
) -> None:
    pairs = role_pairs(mark, split)  # type: ignore[arg-type]
    assert len({pair_key(*pair) for pair in pairs}) == 12 * of_an_edge
    assert PAIRS_PER_EDGE[split] == of_an_edge  # type: ignore[index]
    edge = Counter(frozenset(THINGS[name].role for name in pair) for pair in pairs)
    assert set(edge.values()) == {of_an_edge}
    assert set(Counter(name for pair in pairs for name in pair).values()) == {of_an_object}


@pytest.mark.parametrize("mark", ["hazardous", "benign"])
def test_every_object_has_training_pairs_and_test_pairs_in_each_of_its_role_pairs(
    mark: str,
) -> None:
    for name, thing in THINGS.items():
        for role in partners(thing.role, mark):  # type: ignore[arg-type]
            splits = Counter(split_of(name, other) for other in ROLES[role])
            assert splits["train"] in (1, 2) and splits["test"] in (2, 3)


def test_splits_know_no_order() -> None:
    for first, second in combinations(THINGS, 2):
        assert split_of(first, second) == split_of(second, first)
        assert pair_key(first, second) == pair_key(second, first)


def test_no_test_pair_may_co_occur_in_training() -> None:
    trainable = {pair_key(*pair) for pair in trainable_pairs()}
    held_out = {pair_key(*p) for m in ("hazardous", "benign") for p in role_pairs(m, "test")}  # type: ignore[arg-type]
    assert len(held_out) == 240
    assert not trainable & held_out


def test_levels() -> None:
    nothing: dict[str, list[str]] = {"objects": [], "edges": [], "categories": []}
    assert level_of("bucket", "power strip", nothing) == "L0"
    assert level_of("bucket", "fan", nothing) == "L1"
    assert level_of("bucket", "fan", {**nothing, "objects": ["fan"]}) == "L2"
    assert level_of("fan", "bucket", {**nothing, "edges": ["mains+water"]}) == "L3"
    assert level_of("bucket", "fan", {**nothing, "categories": ["electrical"]}) == "L4"
    assert pair_rule("bucket", "fan").effect == "short circuit"


@pytest.mark.parametrize("action", sorted(VERBS))
@pytest.mark.parametrize("wording", ["neutral", "explicit"])
def test_templates_are_disjoint_and_equal_in_number_and_length(action: str, wording: str) -> None:
    asked = {
        split: [t.ask(0, 1) for t in templates(action, wording, split)]  # type: ignore[arg-type]
        for split in ("train", "test")
    }
    assert not set(asked["train"]) & set(asked["test"])
    assert len(asked["train"]) == len(asked["test"]) == len(set(asked["train"])) > 0
    lengths = {split: Counter(len(q.split()) for q in asked[split]) for split in asked}
    total = {split: sum(n * k for n, k in lengths[split].items()) for split in asked}
    assert abs(total["train"] - total["test"]) <= 0.02 * total["train"]
    words = {split: {w for q in asked[split] for w in q.split()} for split in asked}
    assert words["train"] == words["test"]


def test_intents_are_many_disjoint_equal_in_number_and_length_and_of_the_same_words() -> None:
    said = {split: [intent.phrase for intent in intents(split)] for split in SPLITS}
    assert not set(said["train"]) & set(said["test"])
    assert len(set(said["train"])) == len(set(said["test"])) == 24
    for phrases in said.values():
        assert {len(phrase.split()) for phrase in phrases} == {3}
        verbs = Counter(phrase.split()[0] for phrase in phrases)
        things = Counter(phrase.split(maxsplit=1)[1] for phrase in phrases)
        assert len(verbs) == 6 and len(set(verbs.values())) == 1
        assert len(things) == 8 and len(set(things.values())) == 1
    assert {w for p in said["train"] for w in p.split()} == {
        w for p in said["test"] for w in p.split()
    }


def test_intents_are_to_property_that_no_picture_shows() -> None:
    words = {word for phrase in INTENT_OBJECTS for word in phrase.split()}
    assert not words & {word for name in THINGS for word in name.split()}
    assert not words & {"you", "people", "person", "pet", "myself"}


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("action", sorted(VERBS))
def test_an_intent_is_said_inside_the_request_of_a_neutral_template(
    action: str, split: Split
) -> None:
    neutral = {
        (t.opening, t.verb, t.reference): t.ask(0, 1) for t in templates(action, "neutral", split)
    }
    places = Counter()
    for template in templates(action, "explicit", split):
        plain = neutral[template.opening, template.verb, template.reference]
        opening, asked = OPENINGS[template.opening], plain.removesuffix(" ?")
        what = asked.removeprefix(f"{opening} ")
        assert template.intent is not None
        phrase = template.intent.phrase
        assert template.ask(0, 1) in {
            f"{opening} {phrase} when i {what} ?",
            f"{opening} {what} in order to {phrase} ?",
        }
        places[template.intent.place] += 1
    assert len(places) == 2 and len(set(places.values())) == 1


@pytest.mark.parametrize("split", SPLITS)
def test_no_first_word_of_a_request_tells_its_wording(split: Split) -> None:
    for count in (1, 3):
        rates = [
            Counter(" ".join(t.ask(0, 1).split()[:count]) for t in templates("use", wording, split))
            for wording in ("neutral", "explicit")
        ]
        shares = [{k: n / rate.total() for k, n in rate.items()} for rate in rates]
        assert shares[0] == pytest.approx(shares[1])
