"""``mirage verify``: reads a whole store and names all that is not what its manifests say."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from mirage.cli.find import as_job
from mirage.context import ConfigError
from mirage.contracts import DataError
from mirage.files import MANIFEST
from mirage.plan.adoption import adoption_key
from mirage.plan.artifact import Manifest, payload_digest
from mirage.plan.job import STAGES, job_id
from mirage.plan.state import artifacts, check_store

SAY_EVERY = 2.0
"""Seconds between two lines of progress."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the command's options."""
    parser.add_argument("folder", nargs="?", help="the same as --store")
    parser.add_argument("--store", type=Path, default=Path("results"), help="root of all artifacts")
    parser.add_argument("--quick", action="store_true", help="sizes only; no file is read")


def run(options: argparse.Namespace) -> int:
    """Prints one line per problem; status 1 if there is any.

    Raises:
        ConfigError: There is no such store, or nothing in it.
    """
    # As behind ``snakemake --config``.
    store: Path = Path((options.folder or str(options.store)).removeprefix("store="))
    check_store(store)
    problems, said, size = 0, time.monotonic(), 0
    folders = [*artifacts(store)]
    read: dict[str, Manifest] = {}
    for number, path in enumerate(folders, 1):
        folder = f"{path.parent.name}/{path.name}"
        if not (path / MANIFEST).is_file():
            lines = [f"{path} holds files but no {MANIFEST}."] if any(path.iterdir()) else []
        else:
            try:
                read[folder] = Manifest.read(path)
                lines = check(path, read[folder], hashes=not options.quick)
            except DataError as broken:
                lines = [str(broken)]
        size += _size(read[folder]) if folder in read else 0
        problems += _print(lines)
        if folder in read and read[folder].spent:
            print(f"{path}: its weights are spent (removed by mirage gc --weights).")
        if time.monotonic() - said > SAY_EVERY:
            said = time.monotonic()
            text = f"{number}/{len(folders)} artifacts, {size / 1e9:.2f} GB"
            print(text, file=sys.stderr, flush=True)
    for folder, manifest in read.items():
        problems += _print(relations(store, folder, manifest, read))
    problems += _print(dangling(store))
    if not read and not problems:
        raise ConfigError(f"nothing in {store}; name another with --store <folder>")
    verdict = f"{problems} problems" if problems else "all is well"
    print(f"{len(read)} artifacts, {size / 1e9:.2f} GB: {verdict}")
    return 1 if problems else 0


def check(path: Path, manifest: Manifest, hashes: bool) -> list[str]:
    """Returns what is wrong with one artifact by itself.

    Args:
        path: The artifact folder.
        manifest: Its manifest.
        hashes: Whether to read every file.
    """
    lines = manifest.problems(path, hashes=hashes)
    try:
        job = as_job(manifest)
        made_from, key = adoption_key(job, manifest.parent_payloads), job_id(job)
    except (KeyError, TypeError, ValueError) as wrong:
        lines.append(f"{path}: its settings and parents give no id ({wrong!r}).")
    else:
        if key != manifest.id:
            lines.append(f"{path}: its settings give the id {key}, not {manifest.id}.")
        if made_from != manifest.key:
            lines.append(f"{path}: its adoption key is not that of what it was made from.")
    if path.parts[-2:] != (manifest.stage, f"{manifest.name}-{manifest.id[:8]}"):
        lines.append(f"{path} holds {manifest.stage}/{manifest.name}-{manifest.id[:8]}.")
    if payload_digest(manifest.files) != manifest.payload:
        lines.append(f"{path}: the digest of its payload is not that of its files.")
    listed = {path / name for name in manifest.files} | {path / MANIFEST}
    extra = (p for p in sorted(path.rglob("*")) if not p.is_dir() and p not in listed)
    return lines + [f"{p} is not in the manifest." for p in extra]


def relations(
    store: Path, folder: str, manifest: Manifest, read: Mapping[str, Manifest]
) -> Iterator[str]:
    """Yields what is wrong between an artifact and those that it came from.

    Args:
        store: Root of all artifacts.
        folder: The artifact, relative to the store.
        manifest: Its manifest.
        read: Folder -> manifest of all finished artifacts.
    """
    path = store / folder
    for parent, key in manifest.parent_ids.items():
        if parent not in read:
            yield f"{path}: its parent {store / parent} is not finished."
        elif read[parent].id != key:
            yield f"{path}: its parent {store / parent} has another id than it was made from."
        elif manifest.parent_payloads.get(parent, read[parent].payload) != read[parent].payload:
            yield f"{path} was made from other bytes than its parent {store / parent} holds now."
    if manifest.same_as is not None and manifest.same_as not in read:
        yield f"{path} takes its files from {store / manifest.same_as}, which is not finished."


def dangling(store: Path) -> list[str]:
    """Returns the links of the store's stages that lead nowhere."""
    links = [path for stage in STAGES for path in sorted((store / stage).glob("*"))]
    return [
        f"{p} leads nowhere ({p.readlink()})." for p in links if p.is_symlink() and not p.exists()
    ]


def _size(manifest: Manifest) -> int:
    """Bytes of an artifact's files, without those that are spent."""
    return sum(about["size"] for n, about in manifest.files.items() if n not in manifest.spent)


def _print(lines: list[str] | Iterator[str]) -> int:
    """Prints problems and returns how many there were."""
    count = 0
    for count, line in enumerate(lines, 1):  # noqa: B007 (the last number is the count)
        print(line)
    return count
