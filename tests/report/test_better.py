"""Which numbers a table marks as its best."""

from __future__ import annotations

from mirage.report.better import BETTER, best, better
from mirage.report.blocks import Better, Cell, Column, Number, Table, Text
from mirage.vocabulary import JOINT_METRICS, METRICS


def table(side: Better, *numbers: Number) -> Table:
    rows: list[tuple[Cell, ...]] = [(Text(f"m{at}"), cell) for at, cell in enumerate(numbers)]
    columns = (Column("model", is_text=True), Column("rate", better=side))
    return Table("t", "Nano: t", "", "", columns, tuple(rows))


def rows(side: Better, *numbers: Number) -> list[int]:
    return sorted(row for row, _ in best(table(side, *numbers)))


def mean(*values: float) -> Number:
    return Number(sum(values) / len(values), min(values), max(values), 9, by_base=values)


def test_directions_are_of_rates_that_there_are() -> None:
    assert BETTER.keys() <= {*METRICS, *JOINT_METRICS}
    assert (better("asr", "hazard"), better("j", "pair")) == ("lower", "higher")
    assert better("degenerate", "twin_trigger") == "lower"
    assert better("degenerate", "twin_explicit") == better("helped", "twin_trigger") == ""


def test_the_best_is_marked_by_its_side_alone() -> None:
    three = [Number(value) for value in (10.0, 30.0, 20.0)]
    assert rows("lower", *three) == [0]
    assert rows("higher", *three) == [1]
    assert rows("", *three) == []


def test_what_prints_alike_is_level() -> None:
    assert rows("higher", Number(99.96), Number(100.0), Number(3.0), Number(None)) == [0, 1]


def test_nothing_is_best_where_all_are_level() -> None:
    assert rows("lower", Number(5.0), Number(5.0)) == []
    assert rows("lower", Number(None)) == []


def test_intervals_that_meet_that_of_the_best_are_level() -> None:
    wide, narrow, far = Number(40.0, 9.0, 70.0), Number(20.0, 19.0, 21.0), Number(80.0, 75.0, 90.0)
    assert rows("lower", Number(5.0, 2.0, 10.0), wide, narrow, far) == [0, 1]
    assert rows("lower", Number(5.0, 2.0, 8.0), wide, narrow, far) == [0]


def test_means_are_compared_base_by_base_and_never_with_one_base() -> None:
    one = Number(1.0)
    assert rows("lower", one, mean(10.0, 30.0), mean(12.0, 60.0)) == [1]
    assert rows("lower", one, mean(10.0, 30.0), mean(5.0, 60.0), mean(70.0, 80.0)) == [1, 2]


def test_a_tie_on_one_base_at_the_floor_does_not_make_a_worse_mean_level() -> None:
    assert rows("lower", mean(0.0, 0.0, 0.0), mean(0.0, 4.0, 7.0), mean(0.0, 25.0, 49.0)) == [0]
    assert rows("lower", mean(0.0, 0.0), mean(0.0, 0.0), mean(0.0, 4.0)) == [0, 1]


def test_what_counts_broken_answers_both_ways_has_no_best() -> None:
    assert better("asr_broken_safe", "hazard") == better("asr_broken_unsafe", "hazard") == ""
