"""A frozen job of a stage that a test replaces."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mirage.plan.artifact import Manifest
from mirage.plan.code_version import code_of
from mirage.plan.frozen_plan import job_file
from mirage.plan.job import Job, identified

STAGE = "judge"


def freeze(store: Path, parents: dict[str, list[str]] | None = None, **settings: Any) -> Path:
    """Writes a frozen job and returns its artifact folder."""
    code = code_of(STAGE, {})
    about: dict[str, Any] = {"stage": STAGE, "kind": STAGE, "name": "oracle"}
    about |= {"settings": {"text": "safe", **settings}, "parents": parents or {}}
    folders = [folder for many in about["parents"].values() for folder in many]
    about["parent_ids"] = {folder: Manifest.read(store / folder).id for folder in folders}
    job = identified(Job(**about, id="", code=code.version))
    path = job_file(store, job.folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    spec = {"job": job.to_json(), "sources": code.sources}
    path.write_text(json.dumps(spec))
    return store / job.folder
