"""``mirage show``: everything about one artifact, or how two differ."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mirage.context import DAMAGED, ConfigError
from mirage.files import MANIFEST, flat
from mirage.plan.artifact import Manifest
from mirage.plan.diff import changes
from mirage.plan.frozen_plan import PLANS, job_file, load, plans
from mirage.plan.job import STAGES, Job
from mirage.plan.state import damage, finished

TAIL = 20


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the command's options."""
    parser.add_argument(
        "artifact", help="a folder, a stage and a name (tune/mirage-s0) or the first part of an id"
    )
    parser.add_argument("other", nargs="?", help="a second one: show how it differs")
    parser.add_argument("--store", type=Path, default=Path("results"), help="root of all artifacts")
    parser.add_argument("--verify", action="store_true", help="read every file and check its hash")


def run(options: argparse.Namespace) -> int:
    """Prints one artifact, or the differences of two."""
    store = options.store
    folder = find(store, options.artifact)
    job = read_spec(store, folder)
    if options.other:
        second = find(store, options.other)
        other = read_spec(store, second)
        print(f"{folder} -> {second}")
        lines = changes(job, other)
        print("\n".join(f"  {line}" for line in lines) or "  no difference")
        return 0
    problems = problems_of(store / folder, job, options.verify)
    lines = [*about(job), *state(store / folder, problems), *log_tail(store, folder)]
    print("\n".join(lines))
    return 1 if problems else 0


def problems_of(path: Path, job: Job, verify: bool) -> list[str]:
    """Returns what is wrong with an artifact; with ``verify`` its hashes are checked too."""
    problems = damage(path, job)
    if verify and finished(path, job):
        problems = Manifest.read(path).problems(path, hashes=True)
    return problems


def find(store: Path, text: str) -> str:
    """Returns the artifact folder that a path, a name or the beginning of an id means.

    Raises:
        ConfigError: None or several fit.
    """
    frozen = sorted((store / PLANS / "jobs").glob("*/*.json"))
    folders = [f"{path.parent.name}/{path.stem}" for path in frozen]
    path = Path(text)
    exact = [f for f in folders if Path(f).parts == path.parts[-2:]]
    named = [f for f in folders if text in (f.rpartition("-")[0], f.split("/")[1], _name(f))]
    newest = [f for f in named if f in last_plan(store)]
    by_id = [f for f in folders if text and f.rpartition("-")[2].startswith(text[:8])]
    found = exact or newest or named or by_id
    if len(found) == 1:
        return found[0]
    if not found:
        raise ConfigError(f"Nothing in {store} is called {text!r}. See: mirage plan --jobs")
    raise ConfigError(f"{text!r} may be any of: {', '.join(found)}. Give one of these.")


def last_plan(store: Path) -> list[str]:
    """Returns the artifact folders of the plan used last."""
    found = plans(store)
    return [*load(found[-1]).jobs] if found else []


def _name(folder: str) -> str:
    return folder.split("/")[1].rpartition("-")[0]


def read_spec(store: Path, folder: str) -> Job:
    """Reads the frozen job of an artifact.

    Raises:
        ConfigError: Its file cannot be read.
    """
    path = job_file(store, folder)
    try:
        plain: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return Job.from_json(plain["job"])
    except (OSError, *DAMAGED) as broken:
        raise ConfigError(
            f"{path} cannot be read ({broken}). Write it again with: snakemake -n"
        ) from None


def about(job: Job) -> list[str]:
    """Returns what a job is: kind, id, parents, settings."""
    lines = [f"{job.folder}", f"  {job.stage}: {job.kind}, {job.threads} threads", f"  id {job.id}"]
    lines.append("parents")
    lines += [f"  {role}: {folder}" for role, many in job.parents.items() for folder in many]
    lines.append("settings")
    lines += [f"  {key} = {value!r}" for key, value in flat(job.settings).items()]
    return lines


def state(path: Path, problems: Sequence[str]) -> list[str]:
    """Returns whether the artifact is finished, what is in it, and where its time went."""
    if problems:
        return [*(f"DAMAGED: {problem}" for problem in problems), f"  remove it: rm -r {path}"]
    if not (path / MANIFEST).is_file():
        stage = path.parent.name if path.parent.name in STAGES else "<stage>"
        return ["not finished", f"  make it alone: python -m mirage {stage} {path}"]
    manifest = Manifest.read(path)
    size = sum(entry["size"] for entry in manifest.files.values())
    time = manifest.timing
    lines = [f"finished: {len(manifest.files)} files, {size / 1e6:.1f} MB"]
    lines += [f"  {name} ({entry['size']} bytes)" for name, entry in [*manifest.files.items()][:12]]
    if len(manifest.files) > 12:
        lines.append(f"  and {len(manifest.files) - 12} more")
    lines.append(
        f"  {time['wall']:.1f} s, of which start-up {time['startup']:.1f}, work {time['work']:.1f}"
    )
    source = manifest.provenance
    dirty = " with changes" if source.get("dirty") else ""
    return [*lines, f"  on {source.get('host')}, commit {source.get('commit')}{dirty}"]


def log_tail(store: Path, folder: str) -> list[str]:
    """Returns the last lines of the job's log."""
    path = store / "logs" / f"{folder}.log"
    if not path.is_file():
        return ["no log"]
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return [f"log {path}", *(f"  {line}" for line in lines[-TAIL:])]
