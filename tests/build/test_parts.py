"""Items of a recipe are counted by their part where the data are built."""

from __future__ import annotations

from mirage.build.dataset import parts_of
from mirage.contracts import TrainSample


def _row(name: str, **truth: str) -> TrainSample:
    return TrainSample(name, "x", "", "", "a question ?", (), dict(truth), "an answer .", "cot")


ROWS = [
    _row("x/00000", kind="hazard"),
    _row("x/00000-twin", kind="benign"),
    _row("x/plain"),
    _row("x/general-00000"),
]


def test_items_of_no_kind_are_benign_in_the_suite_s_own_recipes() -> None:
    assert parts_of(ROWS) == {"hazard": 1, "benign": 2, "general": 1}


def test_items_of_no_kind_are_general_in_data_of_one_s_own() -> None:
    assert parts_of(ROWS, rest="general") == {"hazard": 1, "benign": 1, "general": 2}
