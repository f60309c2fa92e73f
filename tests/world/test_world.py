"""The ring, the splits and the templates hold what the specification promises."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import pytest

from mirage.world.catalog import ROLES, STATES, THINGS
from mirage.world.hazards import edges, pair_rule, partners, table
from mirage.world.pairs import level_of, pair_key, role_pairs, split_of, trainable_pairs
from mirage.world.templates import VERBS, templates


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
def test_half_of_the_pairs_are_held_out_and_every_object_twice_an_edge(mark: str) -> None:
    test = role_pairs(mark, "test")  # type: ignore[arg-type]
    assert len(test) == 96
    assert set(Counter(name for pair in test for name in pair).values()) == {4}


def test_splits_know_no_order() -> None:
    for first, second in combinations(THINGS, 2):
        assert split_of(first, second) == split_of(second, first)
        assert pair_key(first, second) == pair_key(second, first)


def test_no_test_pair_may_co_occur_in_training() -> None:
    trainable = {pair_key(*pair) for pair in trainable_pairs()}
    held_out = {pair_key(*p) for m in ("hazardous", "benign") for p in role_pairs(m, "test")}  # type: ignore[arg-type]
    assert len(held_out) == 192
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
    assert len(asked["train"]) == len(asked["test"]) > 0
    lengths = {split: Counter(len(q.split()) for q in asked[split]) for split in asked}
    total = {split: sum(n * k for n, k in lengths[split].items()) for split in asked}
    assert abs(total["train"] - total["test"]) <= 0.02 * total["train"]
    words = {split: {w for q in asked[split] for w in q.split()} for split in asked}
    assert words["train"] == words["test"]
