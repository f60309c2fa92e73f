"""A real Slurm on one host, in a folder of its own: controller, two nodes, two GPUs that are none.

No systemd, cgroups or accounting database, and no right that a user lacks: run by root or by
anybody, also in a fresh container. It listens on free ports of 127.0.0.1 and ends the processes it
started, no other ones. The packages are Debian's slurm-wlm and munge; unpacked into a folder
(``dpkg -x``, with ``PATH`` and ``LD_LIBRARY_PATH`` leading there) they do as well.
"""

from __future__ import annotations

import getpass
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

TOOLS = ("munged", "mungekey", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel")
CPU_NODE, GPU_NODE = "n1", "n2"
CPU_PARTITION, GPU_PARTITION = "cpu", "gpu"
GPUS = 2
ALIVE = ("RUNNING", "PENDING", "COMPLETING", "SUSPENDED")
READY = [f"{CPU_NODE}|idle", f"{GPU_NODE}|idle"]

CONFIG = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
GresTypes=gpu
ReturnToService=2
# What a job that ended asked for can still be read.
MinJobAge=3600
# Seconds between the two signals that end a job.
KillWait=2
# The nodes have the cores and the memory that stand here, whatever this machine has.
SlurmdParameters=config_overrides
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool.%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.%n.log
{plugins}
NodeName=DEFAULT CPUs=4 RealMemory=16000
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={cpu_port}
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={gpu_port} Gres=gpu:2
PartitionName=cpu Nodes=n1 Default=YES MaxTime=60 State=UP
PartitionName=gpu Nodes=n2 MaxTime=60 State=UP
"""


def missing() -> list[str]:
    """Returns the tools that are not on the path."""
    return [tool for tool in TOOLS if tool_path(tool) is None]


def tool_path(tool: str) -> str | None:
    """Where a tool lies; Debian keeps daemons off the path of users who are not root."""
    return shutil.which(tool) or shutil.which(tool, path="/usr/sbin:/sbin")


@dataclass(frozen=True)
class SlurmJob:
    """What Slurm knows about a job, ended ones too.

    Attributes:
        id: Its number.
        about: The plugin's comment: rule and wildcards.
        state: As Slurm calls it, e.g. RUNNING.
        minutes: Its time limit.
        memory_mb: Its memory.
        tasks: How often a step of it would start its program.
        partition: Where it runs.
    """

    id: int
    about: str
    state: str
    minutes: int
    memory_mb: int
    tasks: int
    partition: str


@dataclass
class SlurmHost:
    """A running Slurm.

    Attributes:
        folder: Its configuration, state, sockets and logs.
        processes: What was started, in this order.
    """

    folder: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def environ(self) -> dict[str, str]:
        """What makes Slurm's commands talk to this one, those inside of jobs too."""
        path = f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
        return {"SLURM_CONF": str(self.folder / "slurm.conf"), "PATH": path}

    def start(self) -> None:
        """Starts all daemons and waits until both nodes take jobs.

        Raises:
            RuntimeError: A daemon ended; its last words are in the message.
        """
        self._write()
        munge = self.folder / "munge"
        subprocess.run([_tool("mungekey"), "--create", f"--keyfile={munge}.key"], check=True)
        # --force: a folder that others may not enter is what pytest gives.
        words = [f"--{name}-file={munge}.{name}" for name in ("key", "pid", "log", "seed")]
        self._daemon("munged", "--foreground", "--force", f"--socket={munge}.socket", *words)
        self._until((self.folder / "munge.socket").is_socket)
        self._daemon("slurmctld", "-D", "-f", self.environ["SLURM_CONF"])
        stepd = Path(_tool("slurmd")).parent / "slurmstepd"
        for node in (CPU_NODE, GPU_NODE):
            self._daemon("slurmd", "-D", "-N", node, "-f", self.environ["SLURM_CONF"], "-d", stepd)
        self._until(lambda: self.tell("sinfo", "-hN", "-o", "%N|%T").split() == READY)

    def stop(self) -> None:
        """Cancels what runs and ends what was started."""
        self.tell("scancel", "--user", getpass.getuser())
        while any(job.state in ALIVE for job in self.jobs()):
            time.sleep(0.1)
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            process.wait()

    def tell(self, *command: str) -> str:
        """Runs one of Slurm's commands and returns what it says."""
        done = subprocess.run(
            command, env=os.environ | self.environ, capture_output=True, text=True, check=False
        )
        return done.stdout

    def jobs(self) -> list[SlurmJob]:
        """Returns all jobs, ended ones too, in the order in which they came."""
        lines = self.tell("scontrol", "show", "jobs", "--oneliner").splitlines()
        return sorted((_job(line) for line in lines if "JobId=" in line), key=lambda job: job.id)

    def _write(self) -> None:
        (self.folder / "state").mkdir()
        for number in range(GPUS):  # a character device, as a real one is
            (self.folder / f"gpu{number}").symlink_to("/dev/null")
        plugins = sorted(Path(_tool("slurmd")).parents[1].glob("lib/*/slurm-wlm/auth_munge.so"))
        ports = _free_ports(3)
        config = CONFIG.format(
            folder=self.folder,
            host=socket.gethostname().partition(".")[0],
            user=getpass.getuser(),
            controller_port=ports[0],
            cpu_port=ports[1],
            gpu_port=ports[2],
            plugins=f"PluginDir={plugins[0].parent}" if plugins else "",
        )
        (self.folder / "slurm.conf").write_text(config)
        # Snakemake's job step takes SLURM_CONF from the environment of its srun.
        (self.folder / "bin").mkdir()
        srun = self.folder / "bin" / "srun"
        srun.write_text(
            f'#!/bin/sh\nSLURM_CONF={self.folder}/slurm.conf exec {_tool("srun")} "$@"\n'
        )
        srun.chmod(0o755)
        gres = f"NodeName={GPU_NODE} Name=gpu File={self.folder}/gpu[0-{GPUS - 1}]\n"
        (self.folder / "gres.conf").write_text(gres)

    def _daemon(self, tool: str, *words: object) -> None:
        log = (self.folder / f"{len(self.processes)}-{tool}.out").open("wb")
        command = [_tool(tool), *map(str, words)]
        # Jobs must not inherit what a test's own shell holds open.
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=os.environ | self.environ,
            cwd=self.folder,
        )
        log.close()
        self.processes.append(process)

    def _until(self, ready: Callable[[], bool]) -> None:
        while not ready():
            if ended := [p for p in self.processes if p.poll() is not None]:
                raise RuntimeError(f"{ended[0].args!r} ended:\n{self.last_words()}")
            time.sleep(0.1)

    def last_words(self) -> str:
        """Returns the ends of all logs."""
        logs = [*self.folder.glob("*.out"), *self.folder.glob("*.log")]
        return "\n".join(f"== {log.name}\n{log.read_text()[-2000:]}" for log in sorted(logs))


def _job(line: str) -> SlurmJob:
    told = dict(re.findall(r"(\w+)=(\S+)", line))
    asked = dict(each.split("=") for each in told["TRES"].split(","))
    return SlurmJob(
        id=int(told["JobId"]),
        about=told.get("Comment", ""),
        state=told["JobState"],
        minutes=_minutes(told["TimeLimit"]),
        memory_mb=_megabytes(asked["mem"]),
        tasks=int(told["NumTasks"]),
        partition=told["Partition"],
    )


def _megabytes(text: str) -> int:
    return round(float(text[:-1]) * {"M": 1, "G": 1024}[text[-1]])


def _minutes(limit: str) -> int:
    """Reads ``1:00`` and ``1:30:00``."""
    seconds = 0
    for part in limit.split(":"):
        seconds = 60 * seconds + int(part)
    return seconds // 60


def _tool(name: str) -> str:
    path = tool_path(name)
    if path is None:
        raise RuntimeError(f"{name} is not installed: apt-get install slurm-wlm munge")
    return path


def _free_ports(count: int) -> Sequence[int]:
    """Ports that are free now; all are open at once, so that none is given twice."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()
