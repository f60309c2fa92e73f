"""``mirage show``: everything about one artifact, or how two differ."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from mirage.cli.find import default_store, find, placed, read_spec
from mirage.files import MANIFEST, flat
from mirage.plan.artifact import Manifest
from mirage.plan.diff import changes
from mirage.plan.job import STAGES, Job
from mirage.plan.state import check_store, damage, finished, published_before

TAIL = 20


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the command's options."""
    parser.add_argument(
        "artifact",
        help="a folder of any store, a stage and a name (respond/mirage-s0), a name (that of a "
        "model means tune/), or the first part of an id",
    )
    parser.add_argument("other", nargs="?", help="a second one: show how it differs")
    parser.add_argument(
        "--store",
        type=Path,
        help="root of all artifacts (default: that of the folder, else results)",
    )
    parser.add_argument("--verify", action="store_true", help="read every file and check its hash")


def run(options: argparse.Namespace) -> int:
    """Prints one artifact, or the differences of two.

    Raises:
        ConfigError: No such store, or none or several artifacts fit.
    """
    store, folder = _meant(options.artifact, options.store)
    job = read_spec(store, folder)
    if options.other:
        there, second = _meant(options.other, options.store or store)
        print(f"{folder} -> {second}")
        lines = changes(job, read_spec(there, second))
        print("\n".join(f"  {line}" for line in lines) or "  no difference")
        return 0
    problems = problems_of(store / folder, job, options.verify)
    lines = [*about(job, store), *state(store / folder, problems), *log_tail(store, folder)]
    print("\n".join(lines))
    return 1 if problems else 0


def _meant(text: str, named: Path | None) -> tuple[Path, str]:
    """Returns store and folder of the artifact that is meant; a path says its store itself."""
    store, name = placed(text) or (named or default_store(), text)
    check_store(store)
    return store, find(store, name, model=True)


def problems_of(path: Path, job: Job, verify: bool) -> list[str]:
    """Returns what is wrong with an artifact; with ``verify`` its hashes are checked too."""
    problems = damage(path, job)
    if verify and finished(path, job):
        problems = Manifest.read(path).problems(path, hashes=True)
    return problems


def about(job: Job, store: Path) -> list[str]:
    """Returns what a job is: kind, id, parents and whether they are finished, settings."""
    lines = [f"{job.folder}", f"  {job.stage}: {job.kind}, {job.threads} threads", f"  id {job.id}"]
    lines.append("parents")
    lines += [
        f"  {role}: {folder}  ({_is_finished(store, folder)})"
        for role, many in job.parents.items()
        for folder in many
    ]
    lines.append("settings")
    lines += [f"  {key} = {value!r}" for key, value in flat(job.settings).items()]
    return lines


def _is_finished(store: Path, folder: str) -> str:
    if (store / folder / MANIFEST).is_file():
        return "finished"
    return "not there any more" if published_before(store, folder) else "not finished"


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
    if manifest.spent:
        lines.append("  its weights are spent: removed by mirage gc --weights")
    if manifest.same_as:
        lines.append(f"  its files are those of {manifest.same_as}, which is equal work")
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
