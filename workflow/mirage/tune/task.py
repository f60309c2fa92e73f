"""A tune job as plain values, what it makes, and how that is written."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from mirage.context import JobContext, load_entry
from mirage.evidence import write_end
from mirage.tune.encoding import Encoding
from mirage.tune.model_folder import save_model
from mirage.tune.trainer import Course, Curve

Log = Callable[[str], None]


@dataclass(frozen=True)
class Task:
    """A tune job as plain values, so that it can be handed to other processes.

    Attributes:
        kind: ``base`` or ``recipe``.
        settings: The job's settings.
        entries: Group -> reference of what the plan chose.
        base: Folder of the base that a recipe starts from; empty for a base.
        data: Folders of the training samples, several where a base learns a recipe's samples too.
        images: Folder of the shared pictures; empty where there are none.
        work: Where checkpoints live.
        out: Where the model goes.
        external: Digest of content outside the store -> where it lies.
    """

    kind: str
    settings: dict[str, Any]
    entries: dict[str, str]
    base: str
    data: list[str]
    images: str
    work: str
    out: str
    external: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, ctx: JobContext) -> Task:
        """Returns the task of a job."""
        parents = ctx.job.parents
        return cls(
            kind=ctx.job.kind,
            settings=dict(ctx.settings),
            entries=dict(ctx.job.entries),
            base=str(ctx.parent("base")) if "base" in parents else "",
            data=[str(folder) for folder in ctx.parents("data")] if "data" in parents else [],
            images=str(ctx.images or ""),
            work=str(ctx.work),
            out=str(ctx.out),
            external=dict(ctx.job.external),
        )

    def entry(self, group: str) -> Callable[..., Any]:
        """Imports and returns what the plan chose for a group.

        Raises:
            ConfigError: It cannot be imported.
        """
        return load_entry(self.entries[group])


@dataclass(frozen=True)
class TrainedModel:
    """What training leaves.

    Attributes:
        encoding: What the model reads and writes with.
        model: The model.
        counts: Parameters of each part, and under ``trainable`` of those that learnt.
        curves: Run -> rows of step, loss, learning_rate, grad_norm.
        course: Of a recipe, how its one run went.
        save: Writes the model folder, where weights do not simply lie in ``model``.
        metrics: Further numbers for the record.
    """

    encoding: Encoding
    model: Any
    counts: dict[str, int]
    curves: dict[str, Curve]
    course: Course | None = None
    save: Callable[[Path], None] | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)


def write(out: Path, made: TrainedModel) -> None:
    """Writes the model folder, the curve and the record for the tracking store."""
    (made.save or partial(save_model, made.model))(out)
    made.encoding.save(out)
    rows = [{"phase": name, **row} for name, curve in made.curves.items() for row in curve]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (out / "curve.jsonl").write_text(text, encoding="utf-8")
    last = {name: curve[-1] for name, curve in made.curves.items() if curve}
    metrics: dict[str, float] = {f"parameters/{part}": count for part, count in made.counts.items()}
    unshown = {"step", "grad_norm"}
    curves = {
        f"{value}/{name}": [[row["step"], row[value]] for row in curve if value in row]
        for name, curve in made.curves.items()
        for value in {"loss", "learning_rate", *(key for row in curve for key in row)} - unshown
    }
    metrics |= {f"loss/{name}": row["loss"] for name, row in last.items()}
    metrics |= made.metrics
    course = made.course
    if course is not None and course.fits is not None:
        # No curve, but a result: tables read it, so it belongs to what the artifact holds.
        metrics |= {"capped": int(not course.fits), "steps_to_criterion": course.steps}
        write_end(out, metrics)
        for label in next(iter(course.checks.values()), {}):
            found = [[float(step), shares[label]] for step, shares in course.checks.items()]
            curves[f"fits/{label}"] = found
    write_record(out, metrics, curves)


def write_record(out: Path, metrics: Mapping[str, float], curves: Mapping[str, Any]) -> None:
    """Writes ``record.json``, which the tracking store takes over beside the job's settings."""
    record = {"metrics": dict(metrics), "curves": dict(curves)}
    text = json.dumps(record, indent=1, sort_keys=True)
    (out / "record.json").write_text(text + "\n", encoding="utf-8")
