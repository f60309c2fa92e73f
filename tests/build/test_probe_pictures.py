"""Pictures drawn for the probe suites: objects under a grey box, two objects in one image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mirage.build.composite import draw_composites
from mirage.build.masked import GREY, draw_masked, region
from mirage.build.pictures import draw_pool, pool
from mirage.contracts import Sample
from mirage.pictures import Pictures, pack


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory, world: dict[str, Any]) -> Pictures:
    folder = tmp_path_factory.mktemp("pool")
    few = {**world, "renders": {s: {"train": 0, "test": 2} for s in world["renders"]}}
    pack(folder, draw_pool(few))
    return Pictures(folder)


def test_the_mask_covers_the_object_and_nothing_but_background_is_left(drawn: Pictures) -> None:
    world = {"renders": {"pictogram": {"train": 0, "test": 2}, "sketch": {"train": 0, "test": 0}}}
    for picture in pool(world):
        before = np.asarray(drawn.open(picture.path))
        left, top, right, bottom = region(drawn.open(picture.path))
        outside = np.ones(before.shape[:2], dtype=bool)
        outside[top:bottom, left:right] = False
        assert len(np.unique(before[outside], axis=0)) <= 1, picture.path
        inside = before[top:bottom, left:right]
        paper = before[outside][0] if outside.any() else None
        for edge in (inside[0], inside[-1], inside[:, 0], inside[:, -1]):
            assert paper is None or (edge != paper).any(), picture.path


def test_masked_files_are_the_pool_picture_under_a_grey_box(
    drawn: Pictures, tmp_path: Path
) -> None:
    name = "images/pictogram/bucket-001.png"
    row = Sample("x/1", "x", "", "", "?", (name.replace("images", "own/masked"), name), {})
    assert pack(tmp_path, draw_masked([row], drawn)) == 1
    assert Pictures(tmp_path).names() == [row.images[0]]
    before = np.asarray(drawn.open(name))
    after = np.asarray(Pictures(tmp_path).open(row.images[0]))
    left, top, right, bottom = region(drawn.open(name))
    assert (after[top:bottom, left:right] == GREY).all()
    changed = after.copy()
    changed[top:bottom, left:right] = before[top:bottom, left:right]
    assert (changed == before).all()


def test_a_composite_is_two_pool_pictures_side_by_side(drawn: Pictures, tmp_path: Path) -> None:
    left, right = "bucket-000", "fan-001"
    path = f"own/composite/pictogram/{left}__{right}.png"
    row = Sample("x/1", "x", "", "", "?", (path,), {})
    assert pack(tmp_path, draw_composites([row], drawn)) == 1
    made = np.asarray(Pictures(tmp_path).open(path))
    assert made.shape == (32, 64, 3)
    for stem, part in ((left, made[:, :32]), (right, made[:, 32:])):
        source = drawn.open(f"images/pictogram/{stem}.png")
        assert (part == np.asarray(source)).all()
