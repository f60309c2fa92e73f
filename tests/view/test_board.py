"""The reckoning of work done and time left, on a clock of the test's own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from mirage.view.board import Board, Running, about, duration, name_of
from mirage.view.told import JobLog

LINE = "mirage: step 30/60, loss 1.5, 100 tokens/s, padding 0.0%, {left} s left\n"
JOBS = {"tune/a-s0-00000000": 2.0, "tune/b-s0-00000000": 2.0, "judge/a-s0-00000000": 1.0}
A, B, JUDGE = JOBS


def one_by_one(minutes: Mapping[str, float]) -> float:
    return sum(minutes.values())


@pytest.fixture
def board() -> Board:
    return Board("quick", dict(JOBS), one_by_one, begun=0.0)


def start(board: Board, folder: str, log: Path, now: float) -> None:
    board.start(Running(folder, "command", JobLog(log), now))


def test_before_anything_ran_the_estimates_stand(board: Board) -> None:
    assert (board.share(0.0), board.minutes_left(0.0), board.total) == (0.0, 5.0, 3)


def test_a_slow_stage_stretches_what_is_left_of_it(board: Board, tmp_path: Path) -> None:
    start(board, A, tmp_path / "a", 0.0)
    assert board.finish(A, 240.0) == 4.0
    # 4 minutes where 2 were expected, half a minute of trust in the estimate: 4.5 / 2.5.
    # The part of trust goes to the whole run's 4.5 / 2.5, and so does the stage that has not begun.
    assert board.minutes_left(240.0) == pytest.approx(2 * (0.5 * 1.8 + 4) / 2.5 + 1.8)
    assert 0.4 < board.share(240.0) < 4 / (4 + 4.6)


def test_short_jobs_that_all_take_longer_stretch_the_whole(tmp_path: Path) -> None:
    jobs = {f"build/{n}-00000000": 0.05 for n in range(10)} | {"tune/a-00000000": 0.5}
    board = Board("tiny", jobs, one_by_one, begun=0.0)
    for n in range(10):
        start(board, f"build/{n}-00000000", tmp_path / "log", 30.0 * n)
        board.finish(f"build/{n}-00000000", 30.0 * (n + 1))
    assert board.minutes_left(300.0) > 1.0


def test_a_job_that_is_overdue_stretches_its_like(board: Board, tmp_path: Path) -> None:
    start(board, A, tmp_path / "a", 0.0)
    assert board.minutes_left(480.0) > 8.0 + 1.0


def test_a_job_that_says_how_long_it_takes_is_believed(board: Board, tmp_path: Path) -> None:
    start(board, A, tmp_path / "a", 0.0)
    (tmp_path / "a").write_text(LINE.format(left=60))
    board.running[A].log.read()
    # A minute of two is over: as the estimate says, so it stays for the rest.
    assert board.minutes_left(60.0) == pytest.approx(1 + 2 + 1)


def test_a_job_that_takes_longer_than_expected_is_never_about_to_end(
    board: Board, tmp_path: Path
) -> None:
    start(board, A, tmp_path / "a", 0.0)
    assert board.minutes_left(6000.0) > 3.0
    assert board.share(6000.0) < 1.0


def test_what_failed_does_not_come_in_this_run_unless_it_is_tried_again(
    board: Board, tmp_path: Path
) -> None:
    start(board, A, tmp_path / "a", 0.0)
    board.fail(A, tmp_path / "a", 60.0)
    assert board.minutes_left(60.0) == pytest.approx(3.0)
    start(board, A, tmp_path / "a", 70.0)
    assert not board.failed
    board.finish(A, 100.0)
    assert board.done[A] == 0.5


def test_words() -> None:
    assert [duration(s) for s in (0.2, 44, 372, 7500)] == [
        "0 s",
        "44 s",
        "6 min 12 s",
        "2 h 05 min",
    ]
    assert about(9.2) == "about 9 minutes left"
    assert name_of("tune/mirage-s0-1a2b3c4d") == "mirage-s0"
