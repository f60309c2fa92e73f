from __future__ import annotations

import json
import multiprocessing
import time
from pathlib import Path
from typing import Any

import pytest

from mirage.plan.lock import LOCK, OWNER, Patience, own

QUICK = Patience(beat=0.05, stale=0.3)
LONG = Patience(beat=0.05, stale=3600)
"""No machine is so busy that a heartbeat comes later."""


def hold(work: Path, order: Path) -> None:
    """Owns a folder until the test says ``go on``, and notes when it lets go."""
    with own(work, patience=LONG):
        while not (order.parent / "go on").exists():
            time.sleep(0.01)
        write(order, "first lets go")


def write(order: Path, what: str) -> None:
    with order.open("a", encoding="utf-8") as lines:
        lines.write(f"{what}\n")


def start(work: Path, order: Path) -> Any:
    """Starts a first owner in a process of its own and waits until it has its scratch folder.

    That comes after the note of who owns: killed between the two, a try has left nothing behind.
    """
    first = multiprocessing.get_context("spawn").Process(target=hold, args=(work, order))
    first.start()
    while not (work.is_dir() and any(path.is_dir() for path in work.iterdir())):
        assert first.is_alive()
        time.sleep(0.01)
    return first


def foreign(work: Path, beat: int = 0) -> None:
    work.mkdir(exist_ok=True)
    owner = {"host": "elsewhere", "pid": 1, "token": "t", "beat": beat}
    (work / OWNER).write_text(json.dumps(owner))


def test_a_second_owner_waits_for_the_first(tmp_path: Path) -> None:
    work, order = tmp_path / "work", tmp_path / "order"
    first = start(work, order)
    asked = 0

    def let_go_after_three_questions() -> bool:
        nonlocal asked
        asked += 1
        if asked == 3:
            write(order, "second still waits")
            (tmp_path / "go on").touch()
        return False

    with own(work, done=let_go_after_three_questions, patience=LONG) as ours:
        assert ours
        write(order, "second owns")
    first.join()
    assert first.exitcode == 0
    lines = order.read_text().splitlines()
    assert lines == ["second still waits", "first lets go", "second owns"]


def test_a_killed_owner_of_this_host_is_followed_at_once(tmp_path: Path) -> None:
    work = tmp_path / "work"
    first = start(work, tmp_path / "order")
    first.kill()
    first.join()
    asked = []
    with own(work, done=lambda: bool(asked.append(1)), patience=LONG) as ours:
        assert ours
        assert asked == [], "it never had to wait"
        assert list(ours.earlier.values()) == [True]


def test_a_silent_foreign_owner_is_taken_over_after_a_whole_observation(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    foreign(tmp_path / "work")
    asked = []
    with own(tmp_path / "work", done=lambda: bool(asked.append(1)), patience=QUICK) as ours:
        assert ours
    assert asked, "it looked more than once before it took over"
    assert "taking over" in capsys.readouterr().err


def test_a_living_foreign_owner_keeps_the_folder(tmp_path: Path) -> None:
    work = tmp_path / "work"
    foreign(work)
    beats = iter(range(1, 10_000))

    def beat_and_give_up() -> bool:
        count = next(beats)
        foreign(work, count)
        return count > 15

    with own(work, done=beat_and_give_up, patience=LONG) as ours:
        assert not ours
    assert json.loads((work / OWNER).read_text())["host"] == "elsewhere"


def test_waiting_ends_when_the_work_is_done(tmp_path: Path) -> None:
    work = tmp_path / "work"
    first = start(work, tmp_path / "order")
    with own(work, done=lambda: True) as ours:
        assert not ours
    first.kill()
    first.join()


def test_the_folder_goes_when_the_work_is_done(tmp_path: Path) -> None:
    with own(tmp_path / "work", done=lambda: True) as ours:
        assert ours
        assert (tmp_path / "work" / LOCK).exists()
    assert not (tmp_path / "work").exists()
    with own(tmp_path / "work"):
        pass
    assert (tmp_path / "work").exists()
