"""The build stage on suites that bring pictures of their own, as respond will read them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from build_settings import CHECKED, load
from mirage import build
from mirage.context import JobContext
from mirage.pictures import Pictures
from mirage.plan.entries import resolve
from mirage.plan.job import Job
from mirage.respond.items import read_suite

Settings = dict[str, Any]


@pytest.fixture(scope="module")
def small(world: Settings) -> Settings:
    """A world with few pictures: two test renderings of each object, none to train on."""
    return {**world, "renders": {style: {"train": 0, "test": 2} for style in world["renders"]}}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, small: Settings) -> Path:
    folder = tmp_path_factory.mktemp("store")
    stage(folder, "images", "images", {"world": small})
    return folder


def stage(store: Path, kind: str, name: str, settings: Settings) -> Path:
    parents = {} if kind == "images" else {"images": ["build/images"]}
    entries = {"suite": resolve("suite", name)} if kind == "suite" else {}
    entries = entries or {"source": resolve("source", "household")}
    job = Job("build", kind, name, "0" * 64, {"kind": kind, **settings}, parents, entries=entries)
    out = store / "build" / name
    out.mkdir(parents=True)
    build.run(JobContext(job, store, store / "work", out))
    return out


@pytest.mark.parametrize(
    ("name", "own"),
    [("image_use", "masked"), ("composite", "composite"), ("gates", "composite"), ("cues", None)],
)
def test_a_suite_s_own_pictures_lie_beside_it(
    name: str, own: str | None, store: Path, small: Settings
) -> None:
    settings = {"world": small, "build": load("build/tiny.yaml"), "suite": {"name": name}}
    out = stage(store, "suite", name, settings)
    questions = read_suite(out, store / "build" / "images", {"default": 8})
    shown = {file for question in questions for file in question.pictures}
    beside = {file.name for file in shown if file.pictures.root == out}
    assert sorted(beside) == (Pictures(out).names() if own else [])
    assert all(name.startswith(f"own/{own}/") for name in beside)
    assert bool(beside) is (own is not None)
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert report["items"] == len(questions)
    assert len(report["shortcuts"]) == (6 if name in CHECKED else 0)
