"""A model folder that this suite wrote, named on the command line: planned, tuned and asked."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import squares
import torch
from safetensors.torch import load_file

from mirage import respond, tune
from mirage.context import JobContext
from mirage.contracts import Response, Sample, TrainSample, read_rows, write_rows
from mirage.plan.artifact import Manifest, inventory, payload_digest
from mirage.plan.jobs import plan_jobs
from mirage.plan.site import read_site
from mirage.plan.study.resolve import resolve


def finish(ctx: JobContext) -> Path:
    files = inventory(ctx.out)
    payload = payload_digest(files)
    Manifest("tune", ctx.job.kind, "m", "0" * 64, {}, {}, "", files, payload=payload).write(ctx.out)
    return ctx.out


def test_a_folder_of_this_suites_is_imported_tuned_and_answers(
    world: squares.World, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    config = {"study": "tiny", "model": [str(base)], "recipe": ["mirage"]}
    built = plan_jobs(resolve(config), lambda stage, _: stage, read_site())
    tuned = [job for job in built.jobs.values() if job.stage == "tune"]
    (start,) = [job for job in tuned if job.kind == "base"]
    recipe = next(job for job in tuned if job.kind == "recipe")
    asked = next(
        job for job in built.jobs.values() if recipe.folder in job.parents.get("model", [])
    )
    (place,) = start.external.values()
    assert start.parents == {} and place == str(base.resolve())
    assert place not in str(start.settings)
    assert start.entries["encoding"].startswith("mirage.tune.nano.")

    imported = squares.context(world, "base", "imported", start.settings, {}, start.entries)
    job = dataclasses.replace(imported.job, parents={}, external=start.external)
    imported = dataclasses.replace(imported, job=job)
    tune.run(imported)
    finish(imported)
    weights = imported.out / "model.safetensors"
    assert weights.resolve() == (base / "model.safetensors").resolve()

    parents = {"base": [str(imported.out)]}
    job = squares.context(world, "recipe", "tuned", recipe.settings, parents, recipe.entries)
    tune.run(job)
    losses = [json.loads(line)["loss"] for line in (job.out / "curve.jsonl").open()]
    assert len(losses) > 1 and losses[-1] < losses[0]
    before, after = load_file(weights), load_file(job.out / "model.safetensors")
    assert before.keys() == after.keys()
    assert any(not torch.equal(before[name], after[name]) for name in before)

    suite = tmp_path / "suite"
    made = read_rows(world.data / "samples.jsonl", TrainSample)[:6]
    rows = [Sample(row.id, "s", "", "", row.question, row.images) for row in made]
    write_rows(suite / "samples.jsonl", rows)
    about = {"model": [str(finish(job))], "suites": [str(suite)], "images": [str(world.images)]}
    ctx = dataclasses.replace(job, job=dataclasses.replace(asked, parents=about), out=tmp_path)
    respond.run(ctx)
    answers = read_rows(tmp_path / "responses.jsonl", Response)
    assert [answer.id for answer in answers] == [row.id for row in rows]
    assert all(answer.n_tokens > 0 for answer in answers) and any(a.text for a in answers)
