"""A full disk, one that cannot be written, a signal: one sentence each, never a traceback."""

from __future__ import annotations

import errno
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from frozen_job import freeze

from mirage.cli import run
from mirage.context import ConfigError
from mirage.plan import dag
from mirage.plan.trouble import known_error

DRIVER = Path(__file__).with_name("greedy_job.py")
Mount = Callable[[str], Path]


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Mount]:
    """Mounts a small disk; where that is not permitted, the folder stays one of the large disk."""
    mounted: list[Path] = []

    def make(options: str) -> Path:
        disk = tmp_path / "disk"
        disk.mkdir(exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(disk)]
        if not subprocess.run(command, capture_output=True, check=False).returncode:
            mounted.append(disk)
        return disk

    yield make
    for disk in mounted:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def job(folder: Path, how: str, *limit: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(DRIVER), str(folder), how, *limit]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("how", ["text", "torch", "safetensors"])
def test_a_full_disk_ends_a_job_with_a_sentence(mount: Mount, how: str) -> None:
    disk = mount("size=2m")
    folder = freeze(disk)
    # Where no disk can be mounted, a limit of the size of files stands for it.
    limit = [] if disk.is_mount() else [str(1 << 20)]
    process = job(folder, how, *limit)
    text = process.communicate()[1]
    assert process.returncode == 1, text
    assert text.startswith(f"error: The disk of {disk} is full (")
    assert "type the same command again" in text
    assert "Traceback" not in text and text.count("\n") == 1
    assert not folder.exists()


def test_a_file_that_may_not_grow_is_a_full_disk_too(tmp_path: Path) -> None:
    process = job(freeze(tmp_path), "text", str(1 << 20))
    text = process.communicate()[1]
    assert process.returncode == 1
    assert text.startswith(f"error: The disk of {tmp_path} is full (") and text.count("\n") == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_job_with_a_sentence(tmp_path: Path, number: signal.Signals) -> None:
    folder = freeze(tmp_path)
    process = job(folder, "wait")
    while not (tmp_path / "waiting").exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(number)
    text = process.communicate()[1]
    assert text == f"Stopped by {number.name}; the same command goes on from the last checkpoint.\n"
    assert process.returncode == 128 + number
    assert not list((tmp_path / "work").glob("*/owner.json")), "nobody has to wait for it"


def read_only(*_: object, **__: object) -> None:
    """Stands for a disk mounted read-only where none can be mounted."""
    raise OSError(errno.EROFS, "Read-only file system", "results/plan")


def test_a_store_that_cannot_be_written_is_a_sentence(
    mount: Mount, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = mount("size=2m")
    folder = freeze(disk)
    if disk.is_mount():
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        process = job(folder, "text")
        text = process.communicate()[1]
        assert process.returncode == 1
        assert text.startswith(f"error: The store {disk} cannot be written (")
        assert text.count("\n") == 1
    else:
        monkeypatch.setattr(Path, "mkdir", read_only)
    with pytest.raises(ConfigError, match=r"The store .* cannot be used"):
        dag.open_plan({"store": str(disk), "study": "tiny"}, main=True)
    assert run(["plan", f"store={disk}", "study=tiny"]) == 1
    assert "cannot be used" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "The disk of"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "The disk of"),
        (RuntimeError("Error while serializing: I/O error (os error 28)"), "The disk of"),
        (OSError(errno.EROFS, "Read-only file system", "/elsewhere"), "cannot be written"),
        (PermissionError(errno.EACCES, "Permission denied", "{store}/x"), "cannot be written"),
        (PermissionError(errno.EACCES, "Permission denied", "/elsewhere"), None),
        (FileNotFoundError(errno.ENOENT, "No such file"), None),
        (RuntimeError("the shapes differ"), None),
        (RuntimeError("file write failed"), None),  # there is room: another reason
        (MemoryError(), "out of memory"),
    ],
)
def test_known_errors(tmp_path: Path, wrong: Exception, sentence: str | None) -> None:
    if isinstance(wrong, OSError) and isinstance(wrong.filename, str):
        wrong.filename = wrong.filename.replace("{store}", str(tmp_path))
    said = known_error(wrong, tmp_path)
    assert said is None if sentence is None else sentence in str(said)
    outer = ValueError("while saving")
    outer.__cause__ = wrong
    if not isinstance(wrong, MemoryError):
        assert (known_error(outer, tmp_path) is None) == (sentence is None)
