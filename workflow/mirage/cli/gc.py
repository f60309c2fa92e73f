"""``mirage gc``: artifacts and work folders that no kept plan needs; removed only when told to."""

from __future__ import annotations

import argparse
import re
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from mirage.cli import leftovers
from mirage.cli.find import find, read_spec
from mirage.cli.spendable import spendable
from mirage.context import ConfigError
from mirage.plan.artifact import Manifest
from mirage.plan.chain import descendants
from mirage.plan.frozen_plan import Frozen, load
from mirage.plan.job import STAGES
from mirage.plan.lock import in_use
from mirage.plan.plan_files import PLANS, plans
from mirage.plan.snakemake_pages import PAGES
from mirage.plan.spent import spend
from mirage.plan.state import artifacts, check_store, manifests, published_before

ARTIFACT = re.compile(r".+-[0-9a-f]{8}")
"""Name of an artifact's folder: a readable part and eight digits of the id."""


@dataclass(frozen=True)
class Waste:
    """A folder or file that is not needed, and why."""

    path: Path
    why: str

    @property
    def size(self) -> int:
        """Bytes of all files below."""
        below = [self.path, *self.path.rglob("*")]
        return sum(path.lstat().st_size for path in below if not path.is_dir())

    def remove(self) -> None:
        """Removes it; of a link only the link.

        Raises:
            OSError: It cannot be removed; the error names the whole path.
        """
        try:
            if self.path.is_dir() and not self.path.is_symlink():
                shutil.rmtree(self.path)
            else:
                self.path.unlink()
        except OSError as wrong:  # rmtree names the file alone, without its folder
            raise OSError(wrong.errno, wrong.strerror, str(self.path)) from wrong


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the command's options."""
    parser.add_argument("--store", type=Path, default=Path("results"), help="root of all artifacts")
    parser.add_argument(
        "--days",
        type=float,
        default=30,
        metavar="N",
        help="keep what plans of the last N days need, and each study's last plan (default 30)",
    )
    parser.add_argument(
        "--with-children",
        metavar="FOLDER",
        help="remove this artifact (a folder of the store, a name or the first part of an id) "
        "and all that was made from it instead",
    )
    parser.add_argument(
        "--weights",
        action="store_true",
        help="remove the weights of tuned models whose answers are finished instead; what was made "
        "from them stays, and a run that needs them again says so",
    )
    whether = parser.add_mutually_exclusive_group()
    whether.add_argument("--apply", action="store_true", help="remove; without it only list")
    whether.add_argument(
        "-n", "--dry-run", action="store_true", help="only list, as without --apply"
    )


def run(options: argparse.Namespace) -> int:
    """Lists or removes what is not needed.

    Raises:
        ConfigError: There is no such store, or what it needs is not known.
    """
    check_store(options.store)
    if options.weights:
        if options.with_children is not None:
            raise ConfigError("--weights and --with-children are two things; type one of them.")
        return drop_weights(options.store, options.days, apply=options.apply)
    if options.with_children is not None:
        dropped: list[Path] = []
        wastes = family(options.store, options.with_children)
    else:
        kept, dropped = choose(options.store, options.days)
        for plan in kept:
            there = sum((options.store / folder).is_dir() for folder in plan.jobs)
            s = "s" * (len(plan.jobs) != 1)
            many = f"{len(plan.jobs)} artifact{s} planned, {there} there"
            print(f"kept: plan {plan.id} of study {plan.study}, {many}")
        wastes = find_waste(options.store, kept)
    total = 0
    root = options.store.resolve()
    for waste in wastes:
        if not waste.path.parent.resolve().is_relative_to(root):
            print(f"kept: {waste.path}, a link leads from the store to it")
            continue
        size = waste.size
        total += size
        print(f"  {size / 1e6:9.1f} MB  {waste.path}  ({waste.why})")
        if options.apply:
            waste.remove()
    if options.apply:
        for path in dropped:
            path.unlink()
    done = (
        "removed" if options.apply else "would be removed; remove with the same command and --apply"
    )
    print(f"{total / 1e6:.1f} MB {done}")
    return 0


def drop_weights(store: Path, days: float, *, apply: bool) -> int:
    """Lists or removes the weights that no kept plan needs any more.

    Raises:
        ConfigError: Plans that cannot be read.
    """
    kept, _ = choose(store, days)
    total = 0
    for group in spendable(store, kept, running(store)):
        total += group.size
        print(f"  {group.size / 1e6:9.1f} MB  {store / group.folder}  ({group.why})")
        for folder in group.folders if apply else ():
            spend(store, folder)
    done = "freed" if apply else "would be freed; remove with the same command and --apply"
    print(f"{total / 1e6:.1f} MB {done}")
    return 0


def family(store: Path, text: str) -> list[Waste]:
    """Returns an artifact and everything that was made from it, children first.

    What other artifacts take their files from (``same_as``) is kept, and what it descends from too.

    Args:
        store: Root of all artifacts.
        text: The artifact, as ``artifact_of`` takes it.

    Raises:
        ConfigError: No artifact of this store, or neither it nor anything made from it is there.
    """
    folder = artifact_of(store, text)
    read = {name: m for name, m in manifests(store) if isinstance(m, Manifest)}
    parents = {name: [f for many in m.parents.values() for f in many] for name, m in read.items()}
    busy = running(store)
    parents |= {f: [p for many in read_spec(store, f).parents.values() for p in many] for f in busy}
    members = descendants(folder, parents)
    if members == [folder] and not (store / folder).is_dir():
        raise ConfigError(f"Neither {store / folder} nor anything made from it is there.")
    users = {m.same_as: name for name, m in read.items() if name not in members and m.same_as}
    kept: set[str] = set()
    for name in reversed(members):
        if name in busy:
            print(f"kept: {store / name}, whose job is running; remove it when that has ended")
            kept.add(name)
        elif name in users:
            print(f"kept: {store / name}, from which {store / users[name]} takes its files")
            kept.add(name)
        elif any(name in parents.get(child, ()) for child in kept):
            print(f"kept: {store / name}, a parent of what is kept")
            kept.add(name)
    return [
        Waste(store / name, "asked for" if name == folder else f"made from {folder}")
        for name in reversed(members)
        if name not in kept and (store / name).is_dir()
    ]


def artifact_of(store: Path, text: str) -> str:
    """Returns the artifact folder, relative to the store, that a person means.

    Args:
        store: Root of all artifacts.
        text: A path, a path inside the store, or a name as ``mirage show`` takes it.

    Raises:
        ConfigError: No artifact of this store, or several.
    """
    root = store.resolve()
    for path in (Path(text), store / text):
        # Of the last part no link is followed: results/report/quick is no artifact.
        place = path.parent.resolve() / path.name
        stage = place.parent.name
        if place.parent.parent == root and stage in STAGES and ARTIFACT.fullmatch(place.name):
            if place.is_symlink():
                raise ConfigError(f"{path} is a link, not an artifact. Name the folder itself.")
            return f"{stage}/{place.name}"
    parts = Path(text).parts
    if len(parts) == 1 or (len(parts) == 2 and parts[0] in STAGES):
        return find(store, text)
    raise ConfigError(
        f"{text!r} is no artifact of {store}: {store}/<stage>/<name>-<8 digits>. "
        "See: mirage plan --jobs"
    )


def running(store: Path) -> set[str]:
    """Returns the artifact folders whose jobs a living process may own."""
    ids = [path.name[:8] for path in (store / "work").glob("?" * 64) if in_use(path)]
    jobs = store / PLANS / "jobs"
    return {f"{p.parent.name}/{p.stem}" for each in ids for p in jobs.glob(f"*/*-{each}.json")}


def choose(store: Path, days: float) -> tuple[list[Frozen], list[Path]]:
    """Returns each study's last plan and all young ones, and the files of the others.

    Raises:
        ConfigError: Plans that cannot be read; what they need is not known.
    """
    kept: list[Frozen] = []
    dropped, unreadable = [], []
    oldest = time.time() - days * 86400
    for path in reversed(plans(store)):
        try:
            plan = load(path)
        except ConfigError as broken:
            unreadable.append(str(broken))
            continue
        if path.stat().st_mtime >= oldest or plan.study not in {each.study for each in kept}:
            kept.append(plan)
        else:
            dropped.append(path)
    if unreadable:
        raise ConfigError("Nothing was removed. " + "\n  ".join(unreadable))
    return kept, dropped


def find_waste(store: Path, kept: list[Frozen]) -> list[Waste]:
    """Returns what no kept plan needs and nobody works in: artifacts, work folders, leftovers."""
    needed = {folder for plan in kept for folder in plan.jobs}
    read = {name: m for name, m in manifests(store) if isinstance(m, Manifest)}
    needed |= {str(read[folder].same_as) for folder in needed & read.keys()}
    planned = {job.id for plan in kept for job in plan.jobs.values()}
    waste = []
    busy = running(store)
    busy |= {p for f in busy for many in read_spec(store, f).parents.values() for p in many}
    for path in artifacts(store):
        if f"{path.parent.name}/{path.name}" not in needed | busy:
            waste.append(Waste(path, "no kept plan needs it"))
    for path in sorted((store / PAGES).glob("*-????????")):
        if f"report/{path.name}" not in needed:
            waste.append(Waste(path, "copy of a report that no kept plan needs"))
    for path in sorted((store / "work").glob("?" * 64)):
        done = any((store / s).glob(f"*-{path.name[:8]}/manifest.json") for s in STAGES)
        if (done or path.name not in planned) and not in_use(path):
            waste.append(Waste(path, "work of a finished or dropped job"))
    # A model that was removed may be made again with the same weights: its answers still count.
    before = {folder: published_before(store, folder) for folder in needed - read.keys()}
    weights = {m.payload[:16] for f, m in (read | before).items() if m is not None and f in needed}
    for path in sorted((store / "work" / "answers").glob("?" * 16)):
        if path.name not in weights:
            waste.append(Waste(path, "answers of a model that no kept plan needs"))
    parents = {p for f in needed & read.keys() for many in read[f].parents.values() for p in many}
    left = [*leftovers.notes(store, needed, parents)]
    left += leftovers.verdicts(store, (job for plan in kept for job in plan.jobs.values()))
    waste += [Waste(*each) for each in left]
    return waste
