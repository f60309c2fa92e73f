"""What the store holds that MLflow should show: one record per finished artifact."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mirage.context import DAMAGED
from mirage.contracts import DataError
from mirage.files import MANIFEST, canonical, flat, sha256
from mirage.plan.artifact import Manifest, lineage

SHOWN = ("tune", "respond", "judge", "score", "report")
"""Stages whose artifacts become runs, parents first; a report's run is the run of its study."""

RECORD = "record.json"
CURVE = "curve.jsonl"
LONGEST = 500
"""Characters of a parameter; longer settings stand in ``manifest.json``."""


@dataclass(frozen=True)
class Record:
    """A finished artifact.

    Attributes:
        folder: Relative to the store.
        params: Settings, flattened.
        metrics: What the stage measured.
        curves: Name -> (step, value) pairs.
    """

    store: Path
    folder: str
    manifest: Manifest
    params: dict[str, str]
    metrics: dict[str, float]
    curves: dict[str, list[tuple[int, float]]]

    @property
    def id(self) -> str:
        """The artifact's id."""
        return self.manifest.id

    @property
    def path(self) -> Path:
        """The artifact's folder."""
        return self.store / self.folder

    def parents(self, role: str) -> list[str]:
        """Returns parent folders of one role, relative to the store."""
        return self.manifest.parents.get(role, [])

    def tags(self) -> dict[str, str]:
        """Returns what runs are searched by."""
        settings, made = self.manifest.settings, self.manifest.provenance
        facts = {
            "artifact": self.id,
            "folder": self.folder,
            "stage": self.manifest.stage,
            "kind": self.manifest.kind,
            "name": self.manifest.name,
            "code": self.manifest.code,
            "commit": made.get("commit"),
            "dirty": made.get("dirty"),
            "seed": settings.get("seed"),
            "recipe": _name_of(settings.get("recipe")),
            "suites": ",".join(settings.get("suites", [])),
            "study": _name_of(settings.get("study")),
        }
        return {
            f"mirage.{key}": str(value) for key, value in facts.items() if value not in (None, "")
        }


def finished(store: Path) -> dict[str, str]:
    """Returns artifact folder -> artifact id of all that may be shown, parents first.

    Raises:
        DataError: A manifest that cannot be read.
    """
    return {
        folder: Manifest.read(store / folder).id
        for stage in SHOWN
        for folder in sorted(
            path.parent.relative_to(store).as_posix()
            for path in (store / stage).glob(f"*/{MANIFEST}")
            if not path.parent.is_symlink()
        )
    }


def read_record(store: Path, folder: str) -> Record:
    """Reads what an artifact has to show.

    Raises:
        DataError: A broken manifest or ``record.json``.
    """
    manifest = Manifest.read(store / folder)
    path = store / folder / RECORD
    try:
        text = path.read_text(encoding="utf-8") if path.is_file() else "{}"
        plain: dict[str, Any] = json.loads(text)
        curves = {
            str(name): [(int(step), float(value)) for step, value in pairs]
            for name, pairs in plain.get("curves", {}).items()
        }
        params = flatten(plain.get("params", {}))
        metrics = {str(k): float(v) for k, v in plain.get("metrics", {}).items()}
    except DAMAGED as broken:
        raise DataError(
            f"{path} cannot be read ({broken}). Remove {path.parent} and run snakemake again."
        ) from None
    if not curves and (path := store / folder / CURVE).is_file():
        curves = points(path.read_text(encoding="utf-8"))
    timing = {f"time/{key}": value for key, value in manifest.timing.items() if key != "started"}
    return Record(
        store=store,
        folder=folder,
        manifest=manifest,
        params=flatten(manifest.settings) | params,
        metrics={k: float(v) for k, v in timing.items()} | metrics,
        curves=curves,
    )


def points(text: str) -> dict[str, list[tuple[int, float]]]:
    """Returns the curves in some lines of a curve file: every number of a line but its step.

    A line's phase of training becomes part of the name, ``loss/vision``, as in the record.

    Lines that are not whole JSON objects with a step are left out: what counts is the record that
    is replayed when the artifact is finished.
    """
    curves: dict[str, list[tuple[int, float]]] = {}
    for line in text.splitlines():
        try:
            row = json.loads(line)
            step, phase = int(row.pop("step")), row.pop("phase", None)
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
        for name, value in row.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                curve = f"{name}/{phase}" if phase else str(name)
                curves.setdefault(curve, []).append((step, float(value)))
    return curves


def manifests_text(manifests: Mapping[str, Manifest]) -> str:
    """Returns manifests as one JSON text."""
    return json.dumps({name: asdict(m) for name, m in manifests.items()}, indent=1) + "\n"


def content_digest(manifest: Manifest) -> str:
    """Returns a hash over an artifact's files, short enough for MLflow (36 characters)."""
    return sha256(canonical(manifest.files).encode())[:36]


def flatten(settings: Mapping[str, Any]) -> dict[str, str]:
    """Returns nested settings as ``a.b.c`` -> text; lists are JSON, long ones are cut."""
    return {
        key: (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))[:LONGEST]
        for key, value in flat(settings).items()
    }


def of_study(store: Path, folders: Iterable[str], study: str) -> set[str]:
    """Returns the folders that the reports of a study are made of, themselves included."""
    needed: set[str] = set()
    for folder in folders:
        if folder.startswith("report/"):
            made = lineage(store, [folder])
            if _name_of(made[folder].settings.get("study")) == study:
                needed |= set(made)
    return needed


def _name_of(block: object) -> str | None:
    return str(block["name"]) if isinstance(block, Mapping) and "name" in block else None
