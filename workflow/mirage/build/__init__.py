"""Stage build: the picture pool, the data sets that models are trained on, and the suites."""

from __future__ import annotations

import dataclasses
import json
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mirage.build.shortcuts import Shortcut
    from mirage.context import JobContext
    from mirage.contracts import Sample, TrainSample

ABOUT_SHORTCUTS = {
    "none": "one-class by design: no benign items to tell hazards from",
    "image_twins": "no shortcut may tell hazards from their twins",
    "text_twins": "the question tells by design; both sides show the same pictures",
    "unmatched": "measured only: the benign items are not matched by design",
    "held_out": "measured only: without some categories the ring no longer balances the roles",
}
"""Kind of a recipe's benign items -> what the image shortcuts may score on it, and why."""


def run(ctx: JobContext) -> None:
    """Builds what the job's kind says: ``images``, ``train`` or ``suite``.

    Raises:
        DataError: A shortcut solves a suite, training and test overlap, or a word is unknown.
    """
    {"images": _images, "train": _train, "suite": _suite}[ctx.job.kind](ctx)


def _images(ctx: JobContext) -> None:
    from mirage.build.pictures import draw_pool
    from mirage.pictures import pack

    with ctx.work_clock():
        count = pack(ctx.out, draw_pool(ctx.settings["world"]))
        _report(ctx.out, {"pictures": count})
    ctx.log(f"drew {count} pictures")


def _train(ctx: JobContext) -> None:
    from mirage.build.base import base_samples
    from mirage.build.composite import draw_composites
    from mirage.build.recipes import recipe_samples
    from mirage.build.splits import check_disjoint
    from mirage.contracts import write_rows
    from mirage.pictures import Pictures, pack
    from mirage.world.language import check_words, vocabulary

    settings = ctx.settings
    with ctx.work_clock():
        recipe, seed, world = settings["recipe"], int(settings["seed"]), settings["world"]
        answers = settings.get("answers", "plain")  # only models that think say how they answer
        if recipe["name"] == "base":
            rows = base_samples(world, settings["build"], seed, answers)
        else:
            rows = recipe_samples(world, recipe["data"], recipe["name"], seed, answers)
        check_disjoint(rows, world)
        check_words(rows)
        write_rows(ctx.out / "samples.jsonl", rows)
        pack(ctx.out, draw_composites(rows, Pictures(ctx.parent("images"))))
        (ctx.out / "vocabulary.txt").write_text("\n".join(vocabulary()) + "\n", encoding="utf-8")
        _report(ctx.out, {**_counts(rows), **_shortcuts_of(rows, recipe)})
    ctx.log(f"built {len(rows)} training samples")


def _suite(ctx: JobContext) -> None:
    from mirage.build.composite import draw_composites
    from mirage.build.masked import draw_masked
    from mirage.build.probes import fit
    from mirage.build.suites import CHECKED, suite_samples
    from mirage.contracts import TrainSample, read_rows, write_rows
    from mirage.pictures import Pictures, pack
    from mirage.world.language import check_words

    settings, name = ctx.settings, ctx.settings["suite"]["name"]
    with ctx.work_clock():
        rows: list[Sample]
        if name.startswith("fit_"):
            trained = read_rows(ctx.parent("data") / "samples.jsonl", TrainSample)
            rows = list(fit(trained, settings["build"], name))
        else:
            rows = suite_samples(name, settings["world"], settings["build"])
        found = _checked(rows, name) if name in CHECKED else []
        check_words(rows)
        write_rows(ctx.out / "samples.jsonl", rows)
        pool = Pictures(ctx.parent("images"))
        pack(ctx.out, chain(draw_composites(rows, pool), draw_masked(rows, pool)))
        facts = {"items": len(rows), "shortcuts": [dataclasses.asdict(each) for each in found]}
        _report(ctx.out, facts)
    ctx.log(f"built suite {name}: {len(rows)} items")


def _checked(rows: list[Sample], name: str) -> list[Shortcut]:
    """The classifiers need scipy, which costs the many suites without quads their start-up."""
    from mirage.build.shortcuts import check
    from mirage.build.suites import checked_part

    return check(checked_part(name, rows), name)


def _shortcuts_of(rows: list[TrainSample], recipe: dict[str, Any]) -> dict[str, Any]:
    """Recipes with benign items of their own are checked as suites are, by their kind."""
    data = recipe["data"]
    kind = data["benign_kind"] if recipe["name"] != "base" and data["twins"] else "none"
    if kind == "none":
        return {"shortcuts": [], "about_shortcuts": ABOUT_SHORTCUTS[kind]}
    if kind == "image_twins" and any(data["hold_out"].values()):
        kind = "held_out"
    from mirage.build.shortcuts import check_training

    found = [dataclasses.asdict(each) for each in check_training(rows, recipe["name"], kind)]
    return {"shortcuts": found, "about_shortcuts": ABOUT_SHORTCUTS[kind]}


def _counts(rows: list[TrainSample]) -> dict[str, Any]:
    labels: dict[str, int] = {}
    for row in rows:
        labels[row.label] = labels.get(row.label, 0) + 1
    return {"items": len(rows), "labels": dict(sorted(labels.items()))}


def _report(out: Path, facts: dict[str, Any]) -> None:
    text = json.dumps(facts, indent=1, sort_keys=True)
    (out / "report.json").write_text(text + "\n", encoding="utf-8")
