"""What all benchmarks share: repeats, the machine, and their section of reports/benchmarks.md."""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import shlex
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "reports/benchmarks.md"


@dataclass(frozen=True)
class Result:
    """One row of a table.

    Attributes:
        what: What was measured, and how it was set.
        values: Its number in each repeat.
        unit: Their unit.
        note: What else is to be said of it.
    """

    what: str
    values: Sequence[float]
    unit: str
    note: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def row(self) -> str:
        low, high = min(self.values), max(self.values)
        measured = f"{self.median:,.3g} ({low:,.3g}-{high:,.3g}, n={len(self.values)})"
        return f"| {self.what} | {measured} | {self.unit} | {self.note} |"


def parser(about: str) -> argparse.ArgumentParser:
    """Returns a command line with what all benchmarks take."""
    made = argparse.ArgumentParser(
        description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--repeats", type=int, default=3, help="how often each side is measured")
    made.add_argument("--threads", type=int, default=1, help="torch threads of each side")
    made.add_argument(
        "--print", action="store_true", help="print the section and leave reports/benchmarks.md"
    )
    return made


def built_store(store: Path) -> Path:
    """Returns a store with the data of the default study, seed 0, built there if need be."""
    command = ["snakemake", "--cores", "1", "--until", "build"]
    command += ["--config", "study=quick", "seeds=[0]", f"store={store}"]
    subprocess.run(command, cwd=ROOT, check=True, stdout=sys.stderr)
    return store


def folder(store: Path, name: str) -> Path:
    """Returns the one artifact of the build stage with a name."""
    (found,) = (
        path for path in (store / "build").iterdir() if path.name.rpartition("-")[0] == name
    )
    return found


def in_process(python: str, script: str, arguments: Sequence[str], threads: int) -> dict[str, Any]:
    """Runs one side in a process of its own and returns the object that it prints last."""
    environment = os.environ | {
        "OMP_NUM_THREADS": str(threads),
        "HF_HUB_OFFLINE": "1",
        "PYTHONPATH": os.pathsep.join([str(ROOT / "workflow"), os.environ.get("PYTHONPATH", "")]),
    }
    ended = subprocess.run(
        [python, str(Path(__file__).with_name(script)), *arguments],
        env=environment, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    # Engines that end with the process have words of their own to say behind it.
    said = [line for line in ended.stdout.splitlines() if line.startswith("{")]
    plain: dict[str, Any] = json.loads(said[-1])
    return plain


def versions(python: str, packages: Sequence[str]) -> dict[str, str]:
    """Returns the versions that another interpreter sees; what it lacks is left out."""
    code = (
        "import importlib.metadata as m, json, sys\n"
        "found = {}\n"
        "for name in sys.argv[1:]:\n"
        "    try: found[name] = m.version(name)\n"
        "    except m.PackageNotFoundError: pass\n"
        "print(json.dumps(found))"
    )
    told = subprocess.run(
        [python, "-c", code, *packages], check=True, capture_output=True, text=True
    )
    return dict(json.loads(told.stdout))


def machine() -> str:
    """Returns processor, cores, memory and, where there is one, the GPU."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    name = names[0] if names else platform.processor()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    text = f"{name}, {len(os.sched_getaffinity(0))} cores, {memory:.0f} GiB"
    import torch

    if torch.cuda.is_available():
        gpu = torch.cuda.get_device_properties(0)
        text += f"; {gpu.name}, {gpu.total_memory / 2**30:.0f} GiB"
    return text


def commit() -> str:
    """Returns the commit, and whether the files differ from it."""

    def git(*arguments: str) -> str:
        told = subprocess.run(
            ["git", *arguments], cwd=ROOT, check=False, capture_output=True, text=True
        )
        return told.stdout.strip()

    changed = git(
        "status", "--porcelain", "--untracked-files=no", "--", "workflow", "conf", "tests"
    )
    return (git("rev-parse", "--short=12", "HEAD") or "unknown") + (", changed" if changed else "")


def section(
    name: str,
    results: Sequence[Result],
    packages: Mapping[str, str],
    load: Sequence[float],
    notes: Sequence[str],
) -> str:
    """Returns a benchmark's section of the page.

    Args:
        name: Its heading.
        results: Its rows.
        packages: Package -> version.
        load: Load average of the machine over a minute, now and then while it was measured.
        notes: Sentences below the table: what the numbers do not say.
    """
    listed = ", ".join(f"{package} {version}" for package, version in packages.items())
    command = shlex.join(["python", *[_relative(word) for word in sys.argv]])
    return "\n".join(
        [
            f"## {name}",
            "",
            f"- machine: {machine()}",
            f"- load (of a minute, with this command): {min(load):.1f}-{max(load):.1f}",
            f"- versions: python {platform.python_version()}, {listed}",
            f"- commit: {commit()}, measured on {datetime.now(UTC):%Y-%m-%d}",
            f"- command: `{command}`",
            "",
            "| what | median (range) | unit | |",
            "|---|---|---|---|",
            *(result.row() for result in results),
            "",
            *notes,
            "",
        ]
    )


def write(name: str, text: str) -> None:
    """Puts a section into the page, in the place of an earlier one."""
    page = PAGE.read_text(encoding="utf-8")
    before, found, rest = page.partition(f"## {name}\n")
    if found:
        _, heading, after = rest.partition("\n## ")
        page = before + text + (f"\n## {after}" if heading else "")
    else:
        page = page.rstrip("\n") + "\n\n" + text
    PAGE.write_text(page, encoding="utf-8")


def report(asked: argparse.Namespace, name: str, text: str) -> None:
    """Prints a section, and writes it unless the command line says otherwise."""
    print(text)
    if not asked.print:
        write(name, text)


def load() -> float:
    """Returns the machine's load average of the last minute."""
    return os.getloadavg()[0]


def installed(package: str) -> str:
    """Returns the version of a package of this environment."""
    return importlib.metadata.version(package)


def _relative(word: str) -> str:
    """Returns a word of the command line without the folders of this machine."""
    inner = word.removeprefix(f"{ROOT}/")
    return f"/path/to/{Path(inner).name}" if inner.startswith("/") else inner
