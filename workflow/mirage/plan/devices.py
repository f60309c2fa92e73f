"""GPUs of a machine without a scheduler: a job takes free ones and tells CUDA to see no others.

What is free, locks say that all users of the machine share: a file per device, locked for as long
as its owner lives (``flock``: the kernel frees it, however that died). In a job that Slurm started
nothing is locked, for Slurm has handed out its devices and counts them anew in each job.
"""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, MutableMapping
from contextlib import suppress
from pathlib import Path

from mirage.context import ConfigError

VISIBLE, ORDER = "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER"
SCHEDULED = "SLURM_JOB_ID"
STARTED_IN = "MIRAGE_STARTED_IN"
"""Environment variable: the Slurm job in which a person typed ``snakemake``, if in any."""
LOCKS = "MIRAGE_GPU_LOCKS"
"""Environment variable: another folder for the locks, the same for all users of the machine."""
FOLDER = Path("/tmp/mirage-gpus")
QUEUE = "queue"
POLL_SECONDS = 0.5
TELL_SECONDS = 30.0

Devices = dict[str, str]
"""Number of a device, as CUDA_VISIBLE_DEVICES takes it -> a name that no other device has."""


def installed() -> Devices:
    """Returns the devices of this machine, as NVIDIA's tool lists them; none without it."""
    command = ["nvidia-smi", "--query-gpu=index,uuid", "--format=csv,noheader"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    except (OSError, subprocess.SubprocessError):
        return {}
    rows = (line.partition(",") for line in done.stdout.splitlines() if "," in line)
    return {number.strip(): name.strip() for number, _, name in rows}


def allowed(devices: Devices, environ: Mapping[str, str]) -> Devices:
    """Returns those of a machine's devices that the environment leaves to a job.

    Args:
        devices: All of the machine.
        environ: ``CUDA_VISIBLE_DEVICES`` names some, by number or name; unset leaves all.
    """
    if VISIBLE not in environ:
        return devices
    words = [word.strip() for word in environ[VISIBLE].split(",") if word.strip()]
    return {
        number: name
        for word in words
        for number, name in devices.items()
        if word == number or (not word.isdigit() and name.startswith(word))
    }


def note_start(environ: MutableMapping[str, str] = os.environ) -> None:
    """Tells all jobs of a run in which Slurm job it was started: they share that one's devices."""
    environ[STARTED_IN] = environ.get(SCHEDULED, "")


def handed_out(environ: Mapping[str, str]) -> bool:
    """Tells whether Slurm gave devices to this very job, not to a shell that starts several."""
    return SCHEDULED in environ and environ[SCHEDULED] != environ.get(STARTED_IN)


def take_devices(
    count: int,
    environ: MutableMapping[str, str] = os.environ,
    find: Callable[[], Devices] = installed,
) -> list[int]:
    """Waits until as many GPUs are free, and takes them until this process ends.

    Call it before torch is imported. One process at a time collects devices and keeps what it has
    got, so that a job which asks for many is not overtaken for ever by those that ask for one.

    Args:
        count: How many GPUs; nothing happens for 0, or where Slurm has handed them out.
        environ: Where ``CUDA_VISIBLE_DEVICES`` is set.
        find: Gives the machine's devices.

    Returns:
        Handles of the locks, a GPU each: to close one gives it back.

    Raises:
        ConfigError: The machine has, or the environment leaves, fewer.
    """
    if not count or handed_out(environ):
        return []
    known = find()
    devices = allowed(known, environ)
    if len(devices) < count:
        raise ConfigError(_too_few(count, known, devices))
    folder = Path(environ.get(LOCKS) or FOLDER)
    (turn,) = _collect(folder, 1, {QUEUE: QUEUE}).values()
    try:
        held = _collect(folder, count, devices)
    finally:
        os.close(turn)
    environ.update({VISIBLE: ",".join(held), ORDER: "PCI_BUS_ID"})
    return [*held.values()]


def _too_few(count: int, known: Devices, left: Devices) -> str:
    limited = "" if len(left) == len(known) else f", of which {VISIBLE} leaves {len(left)}"
    return (
        f"this job asks for {count} GPUs and this machine has {len(known)}{limited}. Ask for fewer "
        "(resources in conf/model), or run it where there are more: mirage doctor"
    )


def _collect(folder: Path, count: int, names: Mapping[str, str]) -> dict[str, int]:
    """Locks so many of the files, in their order, as they become free."""
    held: dict[str, int] = {}
    said = time.monotonic()
    while True:
        for key, name in names.items():
            if key not in held and (handle := _lock(folder, name)) is not None:
                held[key] = handle
            if len(held) == count:
                return held
        if time.monotonic() - said > TELL_SECONDS:
            said = time.monotonic()
            print("waiting: other jobs have this machine's GPUs.", file=sys.stderr, flush=True)
        time.sleep(POLL_SECONDS)


def _lock(folder: Path, name: str) -> int | None:
    """Returns the handle of a locked file; None while another process has it.

    A file of another user is opened to read, which is enough to lock it: in a folder like /tmp the
    kernel lets nobody else open it to write.
    """
    path = folder / f"{name}.lock"
    try:
        if not folder.is_dir():
            with suppress(FileExistsError):
                folder.mkdir(parents=True)
                folder.chmod(0o1777)  # what the umask took away: other users make files here too
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDONLY, 0o644))
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError as wrong:
        raise ConfigError(
            f"GPUs cannot be locked in {folder} ({wrong.strerror}). Name a folder that all "
            f"users of this machine may write: export {LOCKS}=/path/to/folder"
        ) from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as taken:
        os.close(handle)
        if taken.errno not in (errno.EAGAIN, errno.EACCES):
            raise
        return None
    return handle
