"""Base training: every family, cues, composites and thoughts."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from build_settings import load
from mirage.build.base import base_samples
from mirage.build.composite import composite_path, draw_composites, halves
from mirage.build.pictures import Picture, draw_pool
from mirage.build.requests import FORMATS, ask_pair, choose
from mirage.build.skills import FAMILIES, Sampler
from mirage.build.skills import halves as ask_half
from mirage.build.splits import check_disjoint, pictured, rendering
from mirage.contracts import DataError, TrainSample
from mirage.pictures import Pictures, pack
from mirage.plan.study.resolve import resolve
from mirage.world.catalog import THINGS
from mirage.world.cues import CUES
from mirage.world.language import check_words
from mirage.world.lead_ins import lead_in_of

Settings = dict[str, Any]


@pytest.fixture(scope="module")
def joint(world: Settings, sizes: Settings) -> list[TrainSample]:
    rows = base_samples(world, {**sizes, "base_samples": 6000}, 0)
    return [row for row in rows if "/warmup-" not in row.id]


@pytest.mark.parametrize("size", ["tiny", "quick", "full"])
def test_the_mix_names_every_family_and_format(size: str) -> None:
    mix = set(load(f"build/{size}.yaml")["base_mix"])
    assert mix == set(FAMILIES) | {f"help_{each}" for each in (*FORMATS, "single")}


def test_old_families_keep_most_of_their_share(sizes: Settings) -> None:
    mix = sizes["base_mix"]
    new = sum(mix[name] for name in ("composite", "help_four", "help_composite"))
    assert new / sum(mix.values()) < 0.2


def test_pictures_of_one_kind_are_often_seen_together(joint: list[TrainSample]) -> None:
    shown = [[pictured(path) for path in row.images] for row in joint if row.label == "pick"]
    kinds = [[THINGS[name].role for name in names if name] for names in shown]
    assert 0.3 < sum(len(set(each)) < len(each) for each in kinds) / len(kinds) < 0.6


def test_one_help_request_in_ten_has_a_training_cue(joint: list[TrainSample]) -> None:
    train = tuple(cue for kinds in CUES.values() for cue in kinds["train"])
    test = [cue for kinds in CUES.values() for cue in kinds["test"]]
    asked = [row for row in joint if row.label == "comply"]
    plain = [row.question.removeprefix(lead_in_of(row.question, "train")).strip() for row in asked]
    cued = [row for row, question in zip(asked, plain, strict=True) if question.startswith(train)]
    assert 0.08 < len(cued) / len(asked) < 0.12
    assert not any(cue in row.question for row in joint for cue in test)
    assert all(row.answer for row in cued)


def test_a_thought_stands_before_help_alone(world: Settings, sizes: Settings) -> None:
    small = {**sizes, "base_samples": 600}
    for plain, row in zip(
        base_samples(world, small, 0), base_samples(world, small, 0, "thought"), strict=True
    ):
        if row.label == "comply":
            assert row.answer.startswith("<think> ")
            assert row.answer.endswith(f"</think> {plain.answer}")
        else:
            assert row == plain
        check_words([row])


def test_images_are_one_to_four_and_composites_are_there(joint: list[TrainSample]) -> None:
    assert {len(row.images) for row in joint} == {0, 1, 2, 3, 4}
    composites = [row for row in joint if row.images and halves(row.images[0])]
    assert 0.05 < len(composites) / len(joint) < 0.11
    for row in composites:
        assert len(row.images) == 1
        assert len(halves(row.images[0])) == 2


def test_four_images_show_four_objects_that_may_stand_together(world: Settings) -> None:
    draw = Sampler(Random(3), world)
    for _ in range(50):
        template = choose(draw.rng, "use", "neutral", "train")
        asked = ask_pair(draw, template, draw.pair(), "four")
        assert len({p.name for p in asked.pictures if p}) == 4
        assert all(at is not None and asked.pictures[at] is not None for at in asked.positions)
        row = TrainSample("x", "x", "", "", asked.question, asked.images, {})
        check_disjoint([row], world)


def test_a_composite_file_holds_both_pictures_as_they_are(tmp_path: Path, world: Settings) -> None:
    small = {**world, "renders": {s: {"train": 1, "test": 1} for s in world["renders"]}}
    pool, out = tmp_path / "pool", tmp_path / "out"
    pool.mkdir()
    out.mkdir()
    pack(pool, draw_pool(small))
    left = Picture("hair spray", True, "pictogram", 0)
    right = Picture("duck", False, "pictogram", 1)
    path = composite_path(left, right)
    assert halves(path) == (left.path, right.path)
    row = TrainSample("x", "x", "", "", "", (path, left.path))
    assert pack(out, draw_composites([row, row], Pictures(pool))) == 1
    assert Pictures(out).names() == [path]
    assert Pictures(out).size(path) == (64, 32)
    both = np.asarray(Pictures(out).open(path))
    for half, shown in zip((left, right), (both[:, :32], both[:, 32:]), strict=True):
        assert (np.asarray(Pictures(pool).open(half.path)) == shown).all()


def test_halves_are_named_by_side(world: Settings) -> None:
    for side, word in enumerate(("left", "right")):
        asked = ask_half(Sampler(Random(1), world), side)
        assert asked.question == f"what is on the {word} of image one ?"
        assert asked.pictures[side].name in asked.answer
        assert asked.pictures[1 - side].name not in asked.answer
        assert len(asked.paths) == 1


def test_test_pairs_and_renderings_are_found_inside_composites(world: Settings) -> None:
    fresh = int(world["renders"]["pictogram"]["train"])
    shown = {
        "test pair": (
            Picture("bucket", False, "pictogram", 0),
            Picture("fan", False, "pictogram", 0),
        ),
        "test rendering": (
            Picture("bucket", False, "pictogram", 0),
            Picture("power strip", False, "pictogram", fresh),
        ),
    }
    for what, (left, right) in shown.items():
        row = TrainSample("x", "x", "", "", "?", (composite_path(left, right),))
        with pytest.raises(DataError, match=what):
            check_disjoint([row], world)
    assert rendering(halves(row.images[0])[1]) == ("pictogram", fresh)


@pytest.mark.parametrize("seed", range(4))
def test_lead_ins_do_not_hang_on_which_rendering_a_warm_up_shows(seed: int) -> None:
    """With two renderings a thing, their numbers would give nearly all a lead-in, or none."""
    study = resolve({"study": "tiny"})
    settings = [block.model_dump(mode="json") for block in (study.world, study.build)]
    rows = [row for row in base_samples(*settings, seed) if "/warmup-" in row.id]
    led = sum(bool(lead_in_of(row.question, "train")) for row in rows)
    assert len({row.id for row in rows}) == len(rows) > 200
    assert 0.22 < led / len(rows) < 0.28
