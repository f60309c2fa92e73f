"""GPUs without a scheduler: each job gets free ones of its own, and a CPU job none."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from toy_checkout import Checkout

from mirage.context import ConfigError
from mirage.plan import devices
from mirage.plan.devices import (
    LOCKS,
    ORDER,
    SCHEDULED,
    VISIBLE,
    allowed,
    note_start,
    take_devices,
)

EIGHT = {str(number): f"GPU-{letter}0" for number, letter in enumerate("abcdefgh")}

NVIDIA_SMI = """#!/bin/sh
case "$1" in
*compute_cap*) printf '9.0\\n9.0\\n' ;;
*) printf '0, GPU-a0\\n1, GPU-b0\\n' ;;
esac
"""

LOOKING = """
def run(ctx):
    import os, time
    from pathlib import Path
    root = Path(os.environ["TOY_HOLD"]).parent
    mine = root / f"seen-{ctx.job.name}"
    mine.write_text(os.environ["CUDA_VISIBLE_DEVICES"])
    # Two at once, or the devices that they see say nothing.
    while ctx.job.kind == "recipe" and len([*root.glob("seen-*-s0")]) < 3:
        time.sleep(0.05)
    (ctx.out / "text.txt").write_text("made")
"""
"""A toy stage that notes which devices it sees; the two recipes wait for each other."""


@pytest.fixture(autouse=True)
def nothing_handed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shows processes all devices: a job that another test ran here may have hidden them."""
    for name in (VISIBLE, SCHEDULED):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {LOCKS: str(tmp_path / "locks")}


def find() -> dict[str, str]:
    return EIGHT


def test_jobs_get_devices_of_their_own(environ: dict[str, str]) -> None:
    other, third = dict(environ), dict(environ)
    handles = take_devices(2, environ, find)
    assert (environ[VISIBLE], environ[ORDER]) == ("0,1", "PCI_BUS_ID")
    take_devices(3, other, find)
    assert other[VISIBLE] == "2,3,4"
    os.close(handles[0])
    take_devices(2, third, find)
    assert third[VISIBLE] == "0,5"


def test_a_job_waits_for_devices_and_is_not_overtaken(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "POLL_SECONDS", 0.01)
    large, small = dict(environ), dict(environ)
    handles = take_devices(8, environ, find)
    first = threading.Thread(target=take_devices, args=(8, large, find), daemon=True)
    first.start()
    locks = Path(environ[LOCKS])
    while not (locks / "queue.lock").exists() or free(locks / "queue.lock"):
        pass  # it has its turn now
    second = threading.Thread(target=take_devices, args=(1, small, find), daemon=True)
    second.start()
    for handle in handles[1:]:
        os.close(handle)
    while free(locks / "GPU-h0.lock"):
        pass  # seven are free, and the one that came first keeps them
    assert VISIBLE not in small and VISIBLE not in large
    os.close(handles[0])
    first.join()
    assert large[VISIBLE].split(",")[-1] == "0", "the last that became free"
    assert second.is_alive() and VISIBLE not in small


def free(lock: Path) -> bool:
    """Whether nobody has a lock, as another process would see it."""
    code = "import fcntl, sys; fcntl.flock(open(sys.argv[1]), fcntl.LOCK_EX | fcntl.LOCK_NB)"
    command = [sys.executable, "-c", code, str(lock)]
    return subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode == 0


def test_a_killed_owner_holds_nothing(environ: dict[str, str]) -> None:
    code = (
        "import sys, os; from mirage.plan.devices import take_devices\n"
        f"take_devices(8, find=lambda: {EIGHT})\nprint('held', flush=True)\nsys.stdin.read()"
    )
    command = [sys.executable, "-c", code]
    pipe = subprocess.PIPE
    owner = subprocess.Popen(command, env=os.environ | environ, stdin=pipe, stdout=pipe)
    assert owner.stdout and owner.stdout.readline() == b"held\n"
    owner.kill()
    owner.communicate()
    take_devices(8, environ, find)
    assert environ[VISIBLE] == "0,1,2,3,4,5,6,7"


@pytest.mark.parametrize(
    ("outer", "numbers"),
    [("2,5", "25"), (" 7 ", "7"), ("GPU-c0,0", "20"), ("", ""), ("9", ""), (None, "01234567")],
)
def test_an_outer_choice_is_respected(outer: str | None, numbers: str) -> None:
    environ = {} if outer is None else {VISIBLE: outer}
    assert list(allowed(EIGHT, environ)) == list(numbers)


def test_too_few_is_a_sentence(environ: dict[str, str]) -> None:
    environ[VISIBLE] = "3"
    with pytest.raises(ConfigError, match=r"asks for 2 GPUs .* has 8, of which .* leaves 1"):
        take_devices(2, environ, find)
    with pytest.raises(ConfigError, match="this machine has 0"):
        take_devices(1, {}, dict)


def test_slurm_hands_out_devices_itself(environ: dict[str, str]) -> None:
    environ |= {SCHEDULED: "1", VISIBLE: "0,1"}
    assert take_devices(2, environ, find) == []
    assert environ[VISIBLE] == "0,1"
    assert not Path(environ[LOCKS]).exists()


def test_jobs_of_a_run_in_one_allocation_share_its_devices(environ: dict[str, str]) -> None:
    """A shell of ``salloc`` on a node of eight: Slurm gave them to the shell, not to a job."""
    environ |= {SCHEDULED: "1", VISIBLE: "0,1,2"}
    note_start(environ)
    other, submitted = dict(environ), environ | {SCHEDULED: "2"}
    take_devices(2, environ, find)
    take_devices(1, other, find)
    assert (environ[VISIBLE], other[VISIBLE]) == ("0,1", "2")
    assert take_devices(1, submitted, find) == []


def test_a_folder_that_cannot_be_used_names_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=f"export {LOCKS}="):
        take_devices(1, {LOCKS: str(tmp_path / "file" / "locks")}, find)


def test_a_study_on_a_machine_with_two(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    """Recipes ask for one GPU each and run beside each other; the base asks for none."""
    tool = checkout.root / "bin" / "nvidia-smi"
    tool.parent.mkdir()
    tool.write_text(NVIDIA_SMI)
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv(LOCKS, str(checkout.root / "locks"))
    (checkout.root / "workflow/mirage/tune/__init__.py").write_text(LOOKING)
    ask = "hydra=model.nano_internvl.resources.recipe.gpus=1"
    options = ["--profile", "profiles/gpu", "--resources", "gpu=2", "--cores", "2"]
    checkout.run("snakemake", *options, "--config", "study=toy", ask)
    seen = {path.name: path.read_text() for path in checkout.root.glob("seen-*")}
    assert seen.pop("seen-base-s0") == ""
    assert sorted(seen.values()) == ["0", "1"]
