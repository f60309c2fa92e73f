"""The tiny study through ``snakemake --profile slurm``, on a real Slurm with things going wrong.

One run meets all of it, because each job on Slurm takes seconds; what it shows is asserted apart.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import slurm_host
import yaml
from slurm_host import CPU_PARTITION, GPU_PARTITION, SlurmHost, SlurmJob
from toy_checkout import Checkout, leave_tracking_out, make_checkout, read_if_there

from mirage.plan.platform import detect

SETTINGS = "hydra=['study.helpers=[]','model.tiny.resources.base.gpus=2']"
STUDY = ["study=tiny", "recipe=mirage", SETTINGS]
POLLS = ["--slurm-init-seconds-before-status-checks", "2", "--seconds-between-status-checks", "1"]
"""Of a cluster that nobody shares."""

MINUTES, MEMORY = 5, 2000
"""What the site file and conf/model/tiny.yaml ask for at the first attempt."""

STARTER = """
import json, os, sys
told = {key: os.environ.get(key) for key in ("SLURM_JOB_ID", "CUDA_VISIBLE_DEVICES")}
with open(os.environ["STARTS"], "a") as file:
    file.write(json.dumps(told | {"pid": os.getpid(), "words": sys.argv[1:]}) + "\\n")
for line in filter(None, os.environ.get("IMITATE", "").split(",")):
    os.environ.update([line.split("=")])
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""
"""The interpreter of the nodes: notes what a job gets from Slurm, then is python itself."""


@dataclass(frozen=True)
class Start:
    """A start of a job's program on a node.

    Attributes:
        job: Slurm's number of the job.
        pid: Of the program.
        folder: The artifact that it makes, as ``tune/mirage-s0-...``.
        devices: CUDA_VISIBLE_DEVICES as Slurm sets it.
    """

    job: int
    pid: int
    folder: str
    devices: str | None


@dataclass
class Cluster(Checkout):
    """A checkout whose jobs go to a Slurm."""

    host: SlurmHost = field(default_factory=lambda: SlurmHost(Path()))
    imitate: str = ""

    @property
    def environ(self) -> dict[str, str]:
        """Of the login node."""
        own = {"MIRAGE_SITE": str(self.root / "site.yaml"), "STARTS": str(self.root / "starts")}
        return super().environ | self.host.environ | own | {"IMITATE": self.imitate}

    def starts_of(self, name: str) -> list[Start]:
        """Those of an artifact."""
        return [start for start in self.starts if start.folder.startswith(name)]

    @property
    def starts(self) -> list[Start]:
        """Every program that Slurm started, in order."""
        lines = (read_if_there(self.root / "starts") or "").splitlines()
        told = map(json.loads, lines)
        return [_start(each) for each in told if each["words"][:2] == ["-m", "mirage"]]

    def type_command(self, *more: str) -> str:
        """Starts the study and waits for its end."""
        return self.typed(*more).communicate()[0]

    def typed(self, *more: str) -> subprocess.Popen[str]:
        """Starts the study."""
        return self.start("snakemake", *more, "--profile", "slurm", *POLLS, "--config", *STUDY)

    def wait_for_job(self, name: str, there: str) -> Start:
        """Waits until a job runs and has files of a pattern in its work folder."""
        while True:
            assert self.started[-1].poll() is None, self.started[-1].communicate()[0]
            started = self.starts_of(name)
            if started and any((self.root / "results/work").glob(there)):
                return started[-1]
            time.sleep(0.001 if started else 0.05)

    def log(self, folder: str) -> str:
        """What a job's own log says."""
        return (self.root / "results/logs" / f"{folder}.log").read_text()


def _start(told: dict[str, str]) -> Start:
    *_, stage, folder = told["words"]
    name = f"{stage}/{Path(folder).name}"
    return Start(int(told["SLURM_JOB_ID"]), int(told["pid"]), name, told["CUDA_VISIBLE_DEVICES"])


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlurmHost]:
    """A running Slurm."""
    if missing := slurm_host.missing():
        pytest.skip(f"{', '.join(missing)} not installed: apt-get install slurm-wlm munge")
    host = SlurmHost(tmp_path_factory.mktemp("slurm"))
    try:
        host.start()
        yield host
    finally:
        host.stop()


def make_cluster(root: Path, host: SlurmHost) -> Cluster:
    """A checkout, and a site file for the Slurm of the test."""
    made = make_checkout(root, "tiny")
    leave_tracking_out(root)
    (root / "starter.py").write_text(STARTER)
    site = yaml.safe_load((root / "conf/site/cluster.yaml").read_text())
    nodes = {"command": [sys.executable, str(root / "starter.py")], "packages": ["cpu"]}
    site["environments"]["nodes"] = nodes
    site |= {"runtime_factor": 1, "least_runtime": MINUTES}
    for stage, partition in (("tune", GPU_PARTITION), ("respond", CPU_PARTITION)):
        site[stage] |= {"platform": detect(), "partition": partition}
    (root / "site.yaml").write_text(yaml.safe_dump(site))
    return Cluster(made.root, made.study, host=host)


@dataclass
class Met:
    """A whole run in which much goes wrong.

    Attributes:
        cluster: Where it ran.
        first: What the first command said, which was stopped.
        second: What the same command said when it was typed again.
    """

    cluster: Cluster
    first: str
    second: str


@pytest.fixture(scope="module")
def met(slurm: SlurmHost, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Met]:
    """A job is cancelled, one meets its time limit, the run is stopped and typed again."""
    made = make_cluster(tmp_path_factory.mktemp("cluster"), slurm)
    with ended(made):
        run = made.typed()
        checkpoint = "*/*/**/checkpoint-*/manifest.json"
        base = made.wait_for_job("tune/base", checkpoint)
        os.kill(base.pid, signal.SIGSTOP)  # it must not come to its end meanwhile
        made.host.tell("scancel", str(base.job))
        until(run, lambda: len(of(made, "tune/base")) == 2)
        mirage = made.wait_for_job("tune/mirage", f"{job_id(made, 'tune/mirage')}/{checkpoint[2:]}")
        os.kill(mirage.pid, signal.SIGSTOP)
        made.host.tell("scontrol", "update", f"JobId={mirage.job}", "TimeLimit=1")
        until(run, lambda: len(of(made, "tune/mirage")) == 2)
        answering = made.wait_for_job("respond/mirage", "answers")
        os.kill(answering.pid, signal.SIGSTOP)
        run.send_signal(signal.SIGINT)
        first = run.communicate()[0]
        yield Met(made, first, made.type_command())


@contextmanager
def ended(made: Checkout) -> Iterator[None]:
    """Leaves nothing running, whatever happens inside."""
    try:
        yield
    finally:
        for process in made.started:
            process.kill()
            process.wait()


def job_id(made: Checkout, name: str) -> str:
    """The id of the one planned job whose folder begins like this."""
    (path,) = (made.root / "results/plan/jobs").glob(f"{name}*.json")
    return str(json.loads(path.read_text())["job"]["id"])


def until(run: subprocess.Popen[str], holds: Callable[[], bool]) -> None:
    """Waits for something while a command runs."""
    while not holds():
        assert run.poll() is None, run.communicate()[0]
        time.sleep(0.1)


def of(made: Cluster, name: str) -> list[SlurmJob]:
    """Slurm's jobs of an artifact that started its program, attempt by attempt."""
    numbers = {start.job for start in made.starts if start.folder.startswith(name)}
    return [job for job in made.host.jobs() if job.id in numbers]


def test_the_study_ends_with_the_bytes_of_a_run_without_slurm(met: Met, tmp_path: Path) -> None:
    assert "tables: results/report/tiny/tables/" in met.second, met.second
    alone = make_checkout(tmp_path, "tiny")
    leave_tracking_out(alone.root)
    with ended(alone):
        alone.run("snakemake", "--config", *STUDY[:2], "hydra=study.helpers=[]")
    assert alone.files() == met.cluster.files()


def test_a_job_sees_the_gpus_it_asked_for_and_no_others(met: Met) -> None:
    starts = met.cluster.starts
    devices = {start.folder.split("-")[0]: start.devices for start in starts}
    assert devices["tune/base"] == "0,1"
    assert not devices["tune/mirage"] and not devices["respond/mirage"]


def test_each_job_starts_its_program_once_on_its_partition(met: Met) -> None:
    starts = [start.job for start in met.cluster.starts]
    assert sorted(starts) == sorted(set(starts)), "a job of two GPUs must not start two programs"
    partitions = {job.about.split("_")[1]: job.partition for job in met.cluster.host.jobs()}
    assert partitions["tune"] == GPU_PARTITION and partitions["respond"] == CPU_PARTITION


def test_memory_and_minutes_grow_by_attempt(met: Met) -> None:
    cancelled, again = of(met.cluster, "tune/base")
    assert (cancelled.minutes, cancelled.memory_mb) == (MINUTES, MEMORY)
    assert (again.minutes, again.memory_mb) == (2 * MINUTES, 2 * MEMORY)


@pytest.mark.parametrize(("name", "how"), [("base", "CANCELLED"), ("mirage", "TIMEOUT")])
def test_an_ended_job_goes_on_from_its_checkpoint(met: Met, name: str, how: str) -> None:
    ended_one, again = of(met.cluster, f"tune/{name}")
    assert (ended_one.state, again.state) == (how, "COMPLETED")
    folder = met.cluster.starts_of(f"tune/{name}")[-1].folder
    assert "goes on from step" in met.cluster.log(folder)


def test_logs_are_found(met: Met) -> None:
    """The failed one is shown at once, and each log lies where the run said."""
    base = met.cluster.starts_of("tune/base")[0].folder
    assert "FAILED" in met.first and "Stopped by SIGTERM" in met.first, met.first
    assert f"log: results/logs/{base}.log" in met.first
    told = re.findall(r"\(log: (\S+)\)", met.first + met.second)
    assert told and all(Path(path).read_text() for path in told)


def test_a_stopped_run_takes_its_jobs_with_it_and_the_same_command_goes_on(met: Met) -> None:
    stopped, again = of(met.cluster, "respond/mirage")
    assert (stopped.state, again.state) == ("CANCELLED", "COMPLETED")
    made = {start.folder.split("-")[0] for start in met.cluster.starts[-1:]}
    assert made == {"respond/mirage"}, "nothing that was finished is made again"


def test_doctor_finds_a_cluster_that_is_ready(met: Met) -> None:
    text = met.cluster.run("mirage", "doctor", *STUDY[:2])
    for line in (
        "ok      Slurm answers: snakemake --profile slurm",
        "ok      status of jobs: squeue keeps ended jobs for 3600 s",
        f"ok      tune: partition {GPU_PARTITION}",
        f"ok      respond: partition {CPU_PARTITION}",
        "packages as pinned",
        "tune placebo-tiny-s0: 0 GPUs, 1 cores, 2,000 MB of memory, 5 minutes; partition gpu",
    ):
        assert line in text, text
    assert "broken" not in text
    many = "hydra=model.tiny.resources.respond.memory_mb=64000"
    text = met.cluster.run("mirage", "doctor", *STUDY[:2], many, fails=True)
    assert "no node of partition cpu gives more than MB of memory: 16,000" in text


def test_a_final_error_ends_all_attempts_and_a_new_command_tries_again(
    slurm: SlurmHost, tmp_path: Path
) -> None:
    made = make_cluster(tmp_path, slurm)
    with ended(made):
        made.imitate = "ATEN_CPU_CAPABILITY=default,ONEDNN_MAX_CPU_ISA=SSE41"
        text = made.type_command("--until", "tune")
        attempts = made.starts_of("tune/base")
        assert len(attempts) == 3, text
        assert "trying again cannot help" in text
        (work,) = (tmp_path / "results/work").glob(job_id(made, attempts[0].folder))
        tries = [path for path in work.iterdir() if path.is_dir()]
        assert len(tries) == 1, "the second attempt ended before it did anything"
        made.imitate = ""
        made.type_command(f"results/{attempts[0].folder}/manifest.json")
        assert (tmp_path / "results" / attempts[0].folder / "manifest.json").is_file()
        assert len(made.starts_of("tune/base")) == 4
