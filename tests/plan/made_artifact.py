"""Finished artifacts that no job made."""

from __future__ import annotations

from pathlib import Path

from mirage.cli.find import SHARED
from mirage.files import MANIFEST
from mirage.plan.adoption import adoption_key
from mirage.plan.artifact import Manifest, inventory, payload_digest
from mirage.plan.job import Job
from mirage.plan.state import copy_path


def finish(store: Path, job: Job, same_as: str | None = None) -> Path:
    """Gives the files that lie in a job's folder their manifest, as publishing would."""
    folder = store / job.folder
    files = inventory(folder)
    payloads = {p: Manifest.read(store / p).payload for p in job.parent_ids}
    Manifest(
        **{name: getattr(job, name) for name in SHARED},
        files=files,
        timing={"started": 0.0, "startup": 0.0, "work": 0.0, "wall": 0.0, "threads": 1},
        payload=payload_digest(files),
        same_as=same_as,
        key=adoption_key(job, payloads),
        parent_payloads=payloads,
    ).write(folder)
    copy_path(store, job.folder).parent.mkdir(parents=True, exist_ok=True)
    copy_path(store, job.folder).write_text((folder / MANIFEST).read_text())
    return folder
