from __future__ import annotations

import json
import multiprocessing
import time
from pathlib import Path

import pytest

from mirage.plan.lock import LOCK, OWNER, Patience, own

QUICK = Patience(beat=0.05, stale=0.3)


def hold(work: Path, seconds: float) -> None:
    with own(work, patience=QUICK):
        time.sleep(seconds)


def foreign(work: Path, beat: int = 0) -> None:
    work.mkdir(exist_ok=True)
    owner = {"host": "elsewhere", "pid": 1, "token": "t", "beat": beat}
    (work / OWNER).write_text(json.dumps(owner))


def test_a_second_owner_waits_for_the_first(tmp_path: Path) -> None:
    work = tmp_path / "work"
    first = multiprocessing.get_context("spawn").Process(target=hold, args=(work, 0.6))
    first.start()
    while not (work / OWNER).exists():
        time.sleep(0.01)
    begin = time.monotonic()
    with own(work, patience=QUICK) as ours:
        assert ours
        assert time.monotonic() - begin > 0.2
    first.join()
    assert first.exitcode == 0


def test_a_killed_owner_of_this_host_is_followed_at_once(tmp_path: Path) -> None:
    work = tmp_path / "work"
    first = multiprocessing.get_context("spawn").Process(target=hold, args=(work, 60))
    first.start()
    while not (work / OWNER).exists():
        time.sleep(0.01)
    first.kill()
    first.join()
    begin = time.monotonic()
    with own(work) as ours:
        assert ours
    assert time.monotonic() - begin < 1


def test_a_silent_foreign_owner_is_taken_over_after_a_whole_observation(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    foreign(tmp_path / "work")
    begin = time.monotonic()
    with own(tmp_path / "work", patience=QUICK) as ours:
        assert ours
    assert time.monotonic() - begin >= QUICK.stale
    assert "taking over" in capsys.readouterr().err


def test_a_living_foreign_owner_keeps_the_folder(tmp_path: Path) -> None:
    work = tmp_path / "work"
    foreign(work)
    beats = iter(range(1, 10_000))

    def beat_and_give_up() -> bool:
        count = next(beats)
        foreign(work, count)
        return count > 15

    with own(work, done=beat_and_give_up, patience=QUICK) as ours:
        assert not ours
    assert json.loads((work / OWNER).read_text())["host"] == "elsewhere"


def test_waiting_ends_when_the_work_is_done(tmp_path: Path) -> None:
    work = tmp_path / "work"
    first = multiprocessing.get_context("spawn").Process(target=hold, args=(work, 60))
    first.start()
    while not (work / OWNER).exists():
        time.sleep(0.01)
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
