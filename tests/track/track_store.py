"""A finished store without any model: a made-up study as the stages would have left it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from PIL import Image

from mirage import report, score
from mirage.build.dataset import DataSet
from mirage.context import JobContext
from mirage.contracts import TrainSample, write_rows
from mirage.files import sha256
from mirage.pictures import pack
from mirage.plan.artifact import Manifest, inventory
from mirage.plan.code_version import code_of
from mirage.plan.job import Job
from mirage.plan.plan_files import PLANS
from mirage.plan.schema.track import Track
from mirage.track.family import ModelRun, families
from mirage.track.settings import CONF, Where
from report_exhibits import GATES, plain
from synthetic_study import study

TIMING = {"started": 1.7e9, "startup": 1.0, "work": 2.0, "wall": 3.5, "threads": 1.0}
TABLES = [
    "example", "fig4", "table2", "table11", "contrasts", "skills", "gates", "data", "gallery"
]  # fmt: skip


def where(root: Path, **more: Any) -> Where:
    """Returns the tracking settings of a store in ``root/results``."""
    uri = f"sqlite:///{root / 'results' / 'mlflow.db'}"
    return Where(root / "results", Track(uri=uri, **more))


@dataclass(frozen=True)
class Made:
    """A store and the folder of its report."""

    root: Path
    report: Path


class Maker:
    """Makes finished artifacts."""

    def __init__(self, store: Path) -> None:
        """Starts an empty store."""
        self.store = store

    def job(
        self,
        stage: str,
        name: str,
        settings: Mapping[str, Any],
        parents: Mapping[str, list[str]],
        kind: str | None = None,
    ) -> JobContext:
        """Returns the context of a job whose output is the artifact folder itself."""
        key = sha256(f"{stage} {name} {json.dumps(settings, sort_keys=True)}".encode())
        made = Job(stage, kind or stage, name, key, dict(settings), dict(parents))
        ctx = JobContext(made, self.store, self.store / "work" / key, self.store / made.folder)
        ctx.out.mkdir(parents=True)
        return ctx

    def publish(self, ctx: JobContext) -> str:
        """Writes the manifest and returns the folder."""
        job, made = ctx.job, {"commit": "c0ffee", "dirty": False}
        Manifest(
            job.stage, job.kind, job.name, job.id, job.settings, job.parents,
            code_of(job.stage, job.entries).version,
            inventory(ctx.out), TIMING, made,
        ).write(ctx.out)  # fmt: skip
        return job.folder


def make_store(
    store: Path,
    recipes: Sequence[str] = ("base", "mirage", "textual_sft"),
    harmful: Sequence[str] = (),
    asked: Sequence[str] = (),
) -> str:
    """Makes a finished study; returns the folder of its report.

    Args:
        store: Where.
        recipes: Its models, of seed 0.
        harmful: Suites that are marked so.
        asked: Recipes without training: the base, asked in another way.
    """
    (store / PLANS).mkdir(parents=True)
    made = Maker(store)
    data = study(pairs=6, items=1)
    names = [f"{recipe}-s0" for recipe in recipes]
    images = _images(made)
    suites = {}
    for suite in dict.fromkeys(s.suite for s in data.samples):
        about = {"name": suite} | ({"harmful": True} if suite in harmful else {})
        ctx = made.job("build", suite, {"suite": about}, {"images": [images]}, "suite")
        write_rows(ctx.out / "samples.jsonl", [s for s in data.samples if s.suite == suite])
        suites[suite] = made.publish(ctx)
    models = {name: _model(made, name, images) for name in names if name[:-3] not in asked}
    models |= {f"{recipe}-s0": models["base-s0"] for recipe in asked}
    answers = {}
    for name in names:
        parents = {"model": [models[name]], "suites": [*suites.values()], "images": [images]}
        how: dict[str, Any] = {"suites": [*suites], "threads": 1}
        if name[:-3] in asked:
            mode = {"mode": "suffix", "options": {"text": "?"}}
            how |= {"respond": {"backend": "transformers"}, "mode": mode}
        ctx = made.job("respond", name, how, parents)
        write_rows(ctx.out / "responses.jsonl", data.responses[name])
        answers[name] = made.publish(ctx)
    verdicts = {}
    for name in names:
        parents = {"responses": [answers[name]], "suites": [*suites.values()]}
        settings = {"judge": {"name": "oracle", "options": {}, "model": name}}
        ctx = made.job("judge", f"oracle-{name}", settings, parents)
        write_rows(ctx.out / "verdicts.jsonl", data.verdicts[name])
        verdicts[name] = made.publish(ctx)
    about = {
        "study": {"name": "toy", "title": "a toy", "tables": TABLES, "mode": "as_published"},
        "models": [_card(name) for name in names],
        "suites": [*suites],
    }
    chosen = _settings("score") | {"n_resamples": 100}
    scored = []
    for name in names:
        own = {"score": chosen, "judge": "oracle", "card": _card(name), "unseen": []}
        parents = {"verdicts": [verdicts[name]], "responses": [answers[name]]}
        parents["suites"] = [*suites.values()]
        ctx = made.job("score", f"oracle-{name}", own, parents, "model")
        score.run(ctx)
        scored.append(made.publish(ctx))
    ctx = made.job(
        "score",
        "toy-oracle",
        {"score": chosen, "judge": "oracle", **about},
        {"scores": scored, "suites": [*suites.values()]},
        "study",
    )
    score.run(ctx)
    scores = made.publish(ctx)
    ctx = made.job(
        "report",
        "toy",
        {"report": _settings("report"), **about, "exhibits": plain(*TABLES), "gates": GATES},
        {
            "score": [scores],
            "verdicts": [*verdicts.values()],
            "responses": [*answers.values()],
            "suites": [*suites.values()],
            "images": [images],
            "models": [models[name] for name in names],
        },
    )
    report.run(ctx)
    return made.publish(ctx)


def _settings(group: str) -> dict[str, Any]:
    return dict(yaml.safe_load((CONF / group / "default.yaml").read_text(encoding="utf-8")))


def _images(made: Maker) -> str:
    ctx = made.job("build", "images", {"world": {"name": "household"}}, {}, "images")
    squares = (Image.fromarray(np.full((32, 32, 3), 25 * n, dtype=np.uint8)) for n in range(8))
    pack(ctx.out, ((f"images/pictogram/thing{n}.png", made) for n, made in enumerate(squares)))
    return made.publish(ctx)


def _model(made: Maker, name: str, images: str) -> str:
    settings = {"recipe": {"name": name[:-3]}, "seed": 0, "tune": {"steps": 3, "parts": ["a"]}}
    parents = {"images": [images], "data": [_data(made, name, images)]}
    ctx = made.job("tune", name, settings, parents, "recipe")
    (ctx.out / "config.json").write_text('{"model_type": "internvl"}')
    (ctx.out / "model.safetensors").write_bytes(name.encode() * 9)
    record = {
        "params": {"parameters": 1300000},
        "metrics": {"final loss": 0.25},
        "curves": {"loss/mirage": [[step, 3.0 / step] for step in range(1, 41)]},
    }
    (ctx.out / "record.json").write_text(json.dumps(record))
    return made.publish(ctx)


def _data(made: Maker, name: str, images: str) -> str:
    plain = {"source": "mis", "labels": "cot", "images": "two", "wording": ["explicit"]}
    planned = plain | dict.fromkeys(("unsafe", "benign", "twins", "general"), 1)
    about = {"recipe": {"name": name[:-3], "data": planned}}
    ctx = made.job("build", name, about, {"images": [images]}, "train")
    item = TrainSample(f"{name[:-3]}/general-0", "x", "", "", "what ?", (), {}, "a fan .", "naming")
    DataSet([item]).write(ctx.out)
    return made.publish(ctx)


def _card(name: str) -> dict[str, Any]:
    recipe = name[:-3]
    return {
        "name": name,
        "recipe": recipe,
        "title": recipe,
        "parent": None,
        "factor": None,
        "marked_ours": False,
        "mode": None if recipe == "base" else "as_published",
        "helper": False,
        "config": "nano",
        "seed": 0,
    }


def ignore(_: str) -> None:
    pass


def model_of(made: Made, name: str) -> ModelRun:
    (family,) = families(made.root / "results", None)
    (model,) = (m for m in family.models.values() if m.card["name"] == name)
    return model


def names(runs: Iterable[Any]) -> list[str]:
    return [run.info.run_name for run in runs]
