"""Which artifact a person means: by a path, a stage and a name, a name, or the first of an id."""

from __future__ import annotations

import dataclasses
import difflib
import json
from pathlib import Path
from typing import Any

from mirage.context import DAMAGED, ConfigError
from mirage.files import MANIFEST
from mirage.plan.artifact import Manifest
from mirage.plan.code_version import PACKAGE
from mirage.plan.frozen_plan import job_file, load
from mirage.plan.job import STAGES, Job
from mirage.plan.plan_files import PLANS, plans
from mirage.plan.state import COPIES, artifacts, published_before

STORE = Path("results")
SHARED = {f.name for f in dataclasses.fields(Job)} & {f.name for f in dataclasses.fields(Manifest)}
"""What a job and the manifest of its artifact both say."""


def default_store() -> Path:
    """Returns the store of this folder, or of the checkout where this folder has none."""
    own = PACKAGE.parent.parent / STORE
    return own if not STORE.is_dir() and own.is_dir() else STORE


def placed(text: str) -> tuple[Path, str] | None:
    """Returns the store that a path lies in, and what it names there; None for what is no path.

    Files of an artifact lead to it, and so does the link ``results/report/quick``.
    """
    path = Path(text).expanduser().absolute()
    for each in (path, path.resolve()):
        for place in (each, *each.parents):
            store = place.parent.parent
            inside = place.parent.name in STAGES and (store / PLANS).is_dir()
            if inside and not place.is_symlink():  # the name of a link is no artifact's
                return store, f"{place.parent.name}/{place.name}"
    return None


def known(store: Path) -> list[str]:
    """Returns the artifact folders of a store: planned, there, or there before."""
    planned = (store / PLANS / "jobs").glob("*/*.json")
    removed = (store / COPIES).glob("*/*.json")
    found = {f"{path.parent.name}/{path.stem}" for path in (*planned, *removed)}
    # A stage that is a link leads to another store.
    there = [path for path in artifacts(store) if not path.parent.is_symlink()]
    return sorted(found | {f"{path.parent.name}/{path.name}" for path in there})


def find(store: Path, text: str, *, model: bool = False) -> str:
    """Returns the artifact folder that a path, a name or the beginning of an id means.

    Args:
        store: Root of all artifacts.
        text: What a person typed.
        model: Whether a name that a model shares with its data and answers means the model.

    Raises:
        ConfigError: None or several fit.
    """
    folders = known(store)
    exact = [f for f in folders if Path(f).parts == Path(text).parts[-2:]]
    named = [f for f in folders if text in (f.rpartition("-")[0], f.split("/")[1], _name(f))]
    newest = [f for f in named if f in last_plan(store)]
    by_id = [f for f in folders if text and f.rpartition("-")[2].startswith(text[:8])]
    found = exact or newest or named or by_id
    if model and named and not exact:
        found = [f for f in found if f.startswith("tune/")] or found
    if len(found) == 1:
        return found[0]
    if found:
        raise ConfigError(f"{text!r} may be any of: {', '.join(found)}. Give one of these.")
    names = [name for f in folders for name in (f.rpartition("-")[0], _name(f))]
    close = difflib.get_close_matches(text, dict.fromkeys(names), n=3)
    meant = f" Did you mean: {', '.join(close)}?" if close else ""
    raise ConfigError(
        f"Nothing in {store} is called {text!r}.{meant} See: mirage plan --jobs, or name another "
        "store with --store <folder>"
    )


def last_plan(store: Path) -> list[str]:
    """Returns the artifact folders of the plan used last."""
    found = plans(store)
    return [*load(found[-1]).jobs] if found else []


def read_spec(store: Path, folder: str) -> Job:
    """Reads the job of an artifact: frozen by a plan, or as the manifest tells it.

    Raises:
        ConfigError: Its file cannot be read.
    """
    path = job_file(store, folder)
    if not path.exists():
        there = (store / folder / MANIFEST).is_file()
        manifest = Manifest.read(store / folder) if there else published_before(store, folder)
        if manifest is not None:
            return as_job(manifest)
    try:
        plain: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return Job.from_json(plain["job"])
    except (OSError, *DAMAGED) as broken:
        raise ConfigError(
            f"{path} cannot be read ({broken}). Write it again with: snakemake -n"
        ) from None


def as_job(manifest: Manifest) -> Job:
    """Returns the job that a manifest tells of."""
    return Job(**{name: getattr(manifest, name) for name in SHARED})


def _name(folder: str) -> str:
    return folder.split("/")[1].rpartition("-")[0]
