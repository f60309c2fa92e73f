"""Classes of machines whose arithmetic gives equal bits, as far as this suite knows.

``cpu-x86_64-intel-avx512-amx`` names the architecture, the vendor (MKL takes other paths on other
vendors' processors) and the widest instructions that the kernels of torch and oneDNN choose. Two
machines of one class are expected, not guaranteed, to give equal weights: what a cache size or a
microcode changes, no class can tell. The number of threads stands in the settings of a job.

``ATEN_CPU_CAPABILITY``, ``ONEDNN_MAX_CPU_ISA`` and MKL's switches make kernels choose as on another
machine, so they are part of the class. Nothing here imports torch: a plan must be quick.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from collections.abc import Mapping, MutableMapping
from pathlib import Path

from mirage.final_error import FinalError
from mirage.plan.absent import AbsentError
from mirage.plan.devices import VISIBLE, allowed, installed

DETECT = "detect"
VENDORS = {"GenuineIntel": "intel", "AuthenticAMD": "amd"}
LEVELS = ("sse4", "avx2", "avx512", "avx512-bf16", "avx512-amx")
"""Instructions of x86 that decide bits in fp32 and bf16, each a superset of the one before."""

NEEDED = {
    "avx2": {"avx2", "fma"},
    "avx512": {"avx512f", "avx512bw", "avx512vl", "avx512dq"},
    "avx512-bf16": {"avx512_bf16"},
    "avx512-amx": {"amx_tile", "amx_bf16"},
}
ATEN = {"default": "sse4", "avx2": "avx2", "avx512": "avx512"}
"""ATEN_CPU_CAPABILITY, and what torch reports in lower case, -> level."""

MKL = ("MKL_ENABLE_INSTRUCTIONS", "MKL_CBWR")


def detect(
    *,
    gpus: bool = False,
    cpuinfo: str | None = None,
    environ: Mapping[str, str] = os.environ,
) -> str:
    """Returns the platform class of this machine.

    Args:
        gpus: Whether the job computes on GPUs.
        cpuinfo: Text of ``/proc/cpuinfo``, read if not given.
        environ: The environment.

    Raises:
        ConfigError: GPUs are asked for and this machine shows none.
    """
    if gpus:
        return _gpu(environ)
    machine = platform.machine()
    if cpuinfo is None:
        try:
            cpuinfo = Path("/proc/cpuinfo").read_text(encoding="utf-8")
        except OSError:
            return f"cpu-{machine}"
    first = _first_processor(cpuinfo)
    flags = set(first.get("flags", first.get("Features", "")).split())
    if not {"sse4_1", "sse4_2"} & flags:
        return f"cpu-{machine}-" + ("sve" if "sve" in flags else "neon")
    native = _level(flags)
    aten = min(native, LEVELS.index("avx512"), _cap(environ.get("ATEN_CPU_CAPABILITY"), ATEN))
    onednn = min(native, _onednn_cap(environ))
    vendor = VENDORS.get(first.get("vendor_id", ""), "other")
    parts = ["cpu", machine, vendor, LEVELS[onednn]]
    if aten != min(onednn, LEVELS.index("avx512")):
        parts.append(f"aten.{LEVELS[aten]}")
    parts += [f"mkl.{environ[name].lower()}" for name in MKL if environ.get(name)]
    return re.sub(r"[^A-Za-z0-9_.+-]", "_", "-".join(parts))


def kernels() -> str | None:
    """Returns what torch's kernels report, if this process imported torch: ``avx2``, ``avx512``.

    On a GPU its architecture, ``gpu-sm90``.
    """
    torch = sys.modules.get("torch")
    if torch is None:
        return None
    if torch.cuda.is_available():
        major, minor = torch.cuda.get_device_capability()
        return f"gpu-sm{major}{minor}"
    reported = str(torch.backends.cpu.get_cpu_capability()).lower()
    return ATEN.get(reported, reported)


def agrees(planned: str, reported: str | None) -> bool:
    """Tells whether what kernels report fits a class."""
    if reported is None or not planned.startswith("cpu-x86_64"):
        return reported is None or planned.startswith("cpu-") or planned == reported
    override = re.search(r"-aten\.([a-z0-9]+)", planned)
    level = override[1] if override else planned.split("-")[3]
    return level == reported


def hide_gpus(planned: str | None, environ: MutableMapping[str, str] = os.environ) -> None:
    """Hides GPUs from a job that was not planned for one; call it before torch is imported."""
    if not (planned or "").startswith("gpu-"):
        environ["CUDA_VISIBLE_DEVICES"] = ""


def check_machine(planned: str | None, folder: str) -> None:
    """Compares the platform that a job was planned for with the machine it runs on.

    Raises:
        FinalError: They differ.
    """
    if planned is not None:
        here = detect(gpus=planned.startswith("gpu-"))
        if planned != here:
            raise FinalError(_other(planned, folder, here))


def check_kernels(planned: str | None, folder: str) -> None:
    """Compares the platform that a job was planned for with what torch's kernels report.

    Raises:
        FinalError: They differ.
    """
    reported = kernels() if planned is not None else None
    if planned is not None and not agrees(planned, reported):
        raise FinalError(_other(planned, folder, f"one where torch reports {reported}"))


def _other(planned: str, folder: str, here: str) -> str:
    return (
        f"{folder} was planned for the platform {planned}, and this machine is {here}: its numbers "
        "would differ, and trying again cannot help. Name the platform of the machines that run "
        "the job, or a partition or constraint that has the planned one, in the site file "
        "(conf/site, MIRAGE_SITE), then: snakemake"
    )


def _first_processor(cpuinfo: str) -> dict[str, str]:
    lines = (line.partition(":") for line in cpuinfo.partition("\n\n")[0].splitlines())
    return {key.strip(): value.strip() for key, _, value in lines}


def _level(flags: set[str]) -> int:
    level = 0
    for number, name in enumerate(LEVELS[1:], 1):
        if name == "avx512-amx" and level == LEVELS.index("avx512"):
            pass  # AMX without AVX-512's bf16 does not exist
        elif not NEEDED[name] <= flags:
            break
        level = number
    return level


def _cap(value: str | None, known: Mapping[str, str]) -> int:
    return LEVELS.index(known[value.lower()]) if value and value.lower() in known else len(LEVELS)


def _onednn_cap(environ: Mapping[str, str]) -> int:
    """The level that oneDNN's own switch allows, e.g. AVX512_CORE_BF16."""
    value = (environ.get("ONEDNN_MAX_CPU_ISA") or environ.get("DNNL_MAX_CPU_ISA") or "").upper()
    if not value or value in ("ALL", "DEFAULT"):
        return len(LEVELS)
    if "AMX" in value:
        return LEVELS.index("avx512-amx")
    if value.startswith("AVX10") or value.endswith(("BF16", "FP16")):
        return LEVELS.index("avx512-bf16")
    if value.startswith("AVX512"):
        return LEVELS.index("avx512")
    return LEVELS.index("avx2") if value.startswith("AVX2") else 0


def _gpu(environ: Mapping[str, str]) -> str:
    command = ["nvidia-smi", "--query-gpu=compute_cap", "--format=csv,noheader"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20)
        each = done.stdout.split()
    except (OSError, subprocess.SubprocessError):
        each = []
    if len({*each}) > 1:  # the tool lists those too that the environment hides
        named = installed()
        left = allowed(named, environ)
        each = [kind for name, kind in zip(named, each, strict=False) if name in left] or each
    kinds = sorted({*each})
    if len(kinds) > 1:
        raise AbsentError(
            f"Jobs of this study ask for GPUs, and this machine shows several kinds "
            f"({', '.join(kinds)}), which give other numbers. Leave it those of one kind, e.g. "
            f"export {VISIBLE}=0,1,2,3"
        )
    if not kinds:
        raise AbsentError(
            "Jobs of this study ask for GPUs, and this machine shows no GPU. Name the platform of "
            "the machine that runs them in the site file (conf/site, MIRAGE_SITE), e.g. "
            "'platform: gpu-sm90'."
        )
    return "gpu-sm" + kinds[0].replace(".", "")
