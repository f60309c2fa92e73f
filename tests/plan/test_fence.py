"""Two hosts and a shared disk without flock: an owner stalls, is followed, and comes back."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from frozen_job import freeze

from mirage.context import JobContext
from mirage.contracts import DataError
from mirage.plan.artifact import Manifest
from mirage.plan.publish import publish
from mirage.plan.runtime import read_job

DRIVER = Path(__file__).with_name("other_host.py")
NEVER = 1000.0


@dataclass
class Hosts:
    store: Path
    folder: Path
    running: dict[str, subprocess.Popen[str]] = field(default_factory=dict)

    def start(self, host: str, beat: float = 0.05) -> None:
        words = [sys.executable, str(DRIVER), host, str(self.folder), str(beat)]
        self.running[host] = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)

    def hold(self, host: str, step: int) -> None:
        (self.store / f"{host}.hold").write_text(str(step))

    def go_on(self, host: str) -> None:
        (self.store / f"{host}.hold").unlink()

    def steps(self, host: str) -> list[str]:
        path = self.store / host
        return path.read_text().splitlines() if path.is_file() else []

    def reached(self, host: str, line: str) -> None:
        while line not in self.steps(host):
            assert self.running[host].poll() is None, self.running[host].communicate()
            time.sleep(0.01)

    def stall(self, host: str, step: int) -> None:
        """Starts a host and stops it for good right after a step."""
        self.hold(host, step)
        self.start(host)
        self.reached(host, str(step))
        self.running[host].send_signal(signal.SIGSTOP)

    def wake(self, host: str) -> None:
        self.running[host].send_signal(signal.SIGCONT)

    def end(self, host: str) -> str:
        """Waits for the end of a host's job, which must be a good one; returns its log."""
        log = self.running[host].communicate()[1]
        assert self.running[host].returncode == 0, log
        assert "Traceback" not in log
        return log

    def artifact(self) -> dict[str, tuple[int, int, bytes]]:
        return {
            path.name: (path.stat().st_ino, path.stat().st_mtime_ns, path.read_bytes())
            for path in self.folder.iterdir()
        }


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[Hosts]:
    made = Hosts(tmp_path, freeze(tmp_path))
    yield made
    for process in made.running.values():
        process.kill()
        process.wait()


@pytest.mark.parametrize("wakes", ["with its heart", "without noticing"])
def test_an_owner_that_returns_leaves_the_finished_artifact_alone(hosts: Hosts, wakes: str) -> None:
    hosts.hold("a", 4)
    hosts.start("a", 0.05 if wakes == "with its heart" else NEVER)
    hosts.reached("a", "4")
    hosts.running["a"].send_signal(signal.SIGSTOP)
    hosts.start("b")
    assert "taking over" in hosts.end("b")
    assert hosts.steps("b") == ["start 4", *map(str, range(5, 11))]
    before = hosts.artifact()
    assert not Manifest.read(hosts.folder).problems(hosts.folder, hashes=True)
    hosts.wake("a")
    hosts.go_on("a")
    assert "another process" in hosts.end("a")
    assert hosts.artifact() == before
    assert b"the last ones on b" in before["weights"][2]


def test_an_owner_that_returns_early_may_be_the_first(hosts: Hosts) -> None:
    hosts.stall("a", 4)
    hosts.hold("b", 7)
    hosts.start("b")
    hosts.reached("b", "7")
    hosts.wake("a")
    hosts.go_on("a")
    hosts.end("a")
    assert hosts.steps("a") == ["start 0", *map(str, range(1, 11))]
    before = hosts.artifact()
    assert b"the last ones on a" in before["weights"][2]
    hosts.go_on("b")
    assert "another process" in hosts.end("b")
    assert hosts.artifact() == before


def test_the_newest_checkpoint_of_all_tries_is_gone_on_from(hosts: Hosts) -> None:
    hosts.stall("a", 3)
    hosts.stall("b", 6)
    (newest,) = (hosts.store / "work").glob("*/b_*/run/checkpoint-6")
    (newest / "weights").write_text("torn")
    hosts.start("c")
    hosts.end("c")
    assert hosts.steps("c")[0] == "start 5"
    assert not list((hosts.store / "work").iterdir())


def test_a_living_owner_is_waited_for(hosts: Hosts) -> None:
    hosts.hold("a", 2)
    hosts.start("a")
    hosts.reached("a", "2")
    hosts.start("b")
    (owner,) = (hosts.store / "work").glob("*/owner.json")
    for _ in range(40):  # more heartbeats than a silent owner would be given
        before = owner.read_text()
        while owner.read_text() == before:
            time.sleep(0.01)
    hosts.go_on("a")
    hosts.end("a")
    hosts.end("b")
    assert hosts.steps("b") == []


def test_processes_of_one_host_follow_each_other_without_flock(hosts: Hosts) -> None:
    hosts.hold("a", 2)
    hosts.start("a")
    hosts.reached("a", "2")
    hosts.running["a"].kill()
    hosts.running["a"].communicate()
    hosts.go_on("a")
    hosts.start("a")
    assert "taking over" not in hosts.end("a")
    assert hosts.steps("a")[-9:] == ["start 2", *map(str, range(3, 11))]


def made(store: Path, folder: Path) -> JobContext:
    """A context whose stage has written its files and is about to publish."""
    work = store / "work/id/token"
    (work / "out").mkdir(parents=True)
    (work / "out/text.txt").write_text("late")
    return JobContext(read_job("judge", folder), store, work, work / "out")


def test_publishing_onto_the_finished_artifact_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = freeze(tmp_path)
    publish(made(tmp_path, folder), {}, 0.0)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    shutil.rmtree(tmp_path / "work")
    publish(made(tmp_path, folder), {}, 1.0)
    assert "was finished by another process" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_publishing_onto_foreign_files_is_a_sentence(tmp_path: Path) -> None:
    folder = freeze(tmp_path)
    folder.mkdir(parents=True)
    (folder / "notes.txt").write_text("somebody's")
    with pytest.raises(DataError, match=rf"holds files but no manifest.json\. Remove {folder}"):
        publish(made(tmp_path, folder), {}, 0.0)
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]


def test_publishing_onto_an_empty_folder_works(tmp_path: Path) -> None:
    folder = freeze(tmp_path)
    folder.mkdir(parents=True)  # Snakemake makes the folders of its outputs
    publish(made(tmp_path, folder), {}, 0.0)
    assert sorted(path.name for path in folder.iterdir()) == ["manifest.json", "text.txt"]
