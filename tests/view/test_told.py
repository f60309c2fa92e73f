"""What a log says of progress, and that nothing in it reaches a terminal as a command."""

from __future__ import annotations

from pathlib import Path

import pytest

from mirage.respond.answer import Progress as Answering
from mirage.tune.batching import Sizes
from mirage.tune.progress import Progress as Training
from mirage.view.told import JobLog, inert, last_lines, tell, until_reason


def test_a_line_of_training_as_training_writes_it() -> None:
    sizes = [Sizes(tokens=90, padded=100)] * 900
    line = Training("mirage", sizes, print, live=False).line(120, 1.2345, 44.0)
    told = tell(["something else", line, "step 120: a remark"])
    assert (told.done, told.total, told.loss) == (120, 900, "1.2345")
    assert told.rate > 0
    assert told.left is not None
    assert told.line == "step 120: a remark"


def test_a_line_of_answering_as_respond_writes_it() -> None:
    said: list[str] = []
    Answering(480, said.append).add(120, 1200)
    told = tell(said)
    assert (told.done, told.total, told.loss) == (120, 480, "")
    assert told.left is not None


def test_a_log_without_progress_has_its_last_line() -> None:
    told = tell(["one", "two", "  "])
    assert (told.line, told.total, told.left) == ("two", 0, None)


def test_an_earlier_tries_log_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "mirage.log"
    path.write_text("old\n")
    log = JobLog(path)
    assert log.read().line == ""
    assert not log.begun
    path.write_text("newer\n")
    assert log.begun
    assert log.read().line == "newer"


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[2J\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;a title\x07after", "after"),
        ("\x1b]8;;http://x\x1b\\link", "link"),
        ("\x1bcreset", "reset"),
        ("[bold]kept[/bold]", "[bold]kept[/bold]"),
        ("turned \u202e round", "turned \ufffd round"),
        ("bell\x07 and \x9b31m", "bell\ufffd and \ufffd31m"),
    ],
)
def test_nothing_of_a_log_is_obeyed(tmp_path: Path, hostile: str, shown: str) -> None:
    assert inert(hostile) == shown
    path = tmp_path / "x.log"
    path.write_text(f"{hostile}\n")
    assert last_lines(path, 1) == [shown]


def test_a_long_log_is_read_from_its_end(tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    path.write_text("".join(f"line {n}\n" for n in range(100_000)))
    assert last_lines(path, 2) == ["line 99998", "line 99999"]
    assert last_lines(tmp_path / "none", 2) == []


WARNED = [
    "/usr/lib/python3.11/multiprocessing/resource_tracker.py:254: UserWarning: resource_tracker: "
    "There appear to be 1 leaked shared_memory objects to clean up at shutdown",
    "  warnings.warn('resource_tracker: There appear to be %d '",
]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (["ValueError: a hint", "error: Free memory is less than wanted."], -1),
        (["error: The picture is missing.", "EngineDeadError: of its worker"], 0),
        (["error: of a compiler", "Traceback (most recent call last):", "RuntimeError: no"], -1),
        (["Traceback (most recent call last):", "torch.OutOfMemoryError: CUDA out of memory."], -1),
        (["step 3", "Stopped by SIGTERM; the same command goes on from the last checkpoint."], -1),
    ],
)
def test_warnings_of_an_ending_process_are_not_why_a_job_failed(
    said: list[str], reason: int
) -> None:
    assert until_reason([*said, *WARNED])[-1] == said[reason]


def test_a_log_that_gives_no_reason_is_shown_to_its_end() -> None:
    assert until_reason(["Loading", *WARNED]) == ["Loading", *WARNED]
    assert until_reason([]) == []
