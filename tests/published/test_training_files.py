"""Readers of training files: dialogues in ShareGPT's form, drawn, held out, without images."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from published_files import N, changed, read


def turns(*texts: str) -> list[dict[str, str]]:
    return [{"from": ("human", "gpt")[k % 2], "value": text} for k, text in enumerate(texts)]


TRAIN: dict[str, tuple[dict[str, Any], str]] = {
    "one image": ({"image": ["images/0/object1.png"]}, "1 images; every item of MIS has two"),
    "image as number": ({"image": 3}, "no list of images"),
    "three marks": ({"conversations": turns("<image>" * 3 + "a?", "b")}, "other than 2 marks"),
    "no answer": ({"conversations": turns("a?", " ")}, "its answer is empty"),
    "two turns": ({"conversations": turns("a?", "b", "c?", "d")}, "one turn of human and one"),
    "answer first": ({"conversations": turns("a?", "b")[::-1]}, "one turn of human and one"),
}


@pytest.mark.parametrize("name", sorted(TRAIN))
def test_training_items_of_another_form_are_refused(
    name: str, write: Callable[[str], Path]
) -> None:
    root, (more, text) = write("mis_train"), TRAIN[name]
    changed(root / "mis_train.json", lambda rows: rows[0].update(more))
    (problem,) = read(root, "mis_train").problems
    assert text in problem and "item 1: " in problem


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ("<image>\n<image>\nWhich one?", "Which one?"),
        ("Which one?", "Which one?"),
        ("Which one?\n<image><image>", "Which one?"),
        ("Image-1: <image>\nImage-2: <image>\nWhich one?", "Which one?"),
        ("Is <image> left of <image>?", "Is image 1 left of image 2?"),
        ("<image> Is it left of <image>?", "Is it left of image 2?"),
    ],
)
def test_marks_become_nothing_or_names_of_images(
    asked: str, wanted: str, write: Callable[[str], Path]
) -> None:
    root = write("mis_train")
    said = {"conversations": turns(asked, "the left one")}
    changed(root / "mis_train.json", lambda rows: rows[0].update(said))
    assert read(root, "mis_train").rows[0].question == wanted


def test_general_data_of_another_form_is_left_out_and_counted(write: Callable[[str], Path]) -> None:
    root = write("sharegpt")

    def change(rows: list[dict[str, Any]]) -> None:
        rows[0]["conversations"] = turns("a?", "b")[::-1]
        rows[1] |= {"video": "a.mp4"}
        rows[2]["conversations"] = turns("<image>" * 9 + "a?", "b")

    changed(root / "m4_instruct_annotations.json", change)
    made = read(root, "sharegpt")
    assert made.problems == [] and len(made.rows) == N - 3
    assert sum(made.notes.values()) == 4  # one of several turns stands there anyway
    assert {row.id for row in made.rows} == {"general-3", "general-4", "general-5"}


def test_a_draw_is_the_same_again_and_needs_its_pictures_alone(
    write: Callable[[str], Path],
) -> None:
    root = write("sharegpt")
    one, two = (read(root, "sharegpt", count=3, seed=seed) for seed in (0, 1))
    assert len(one.rows) == len(two.rows) == 3 and one.read == N
    assert {r.id for r in one.rows} != {r.id for r in two.rows}
    shown = {name for row in one.rows for name in row.images}
    for picture in (root / "set").iterdir():
        if f"set/{picture.name}" not in shown:
            picture.unlink()
    again = read(root, "sharegpt", count=3, seed=0)
    assert again.problems == [] and again.digest == one.digest
    (problem,) = (p for p in read(root, "sharegpt", count=9).problems if "drawn" in p)
    assert "9 items are to be drawn, but there are 6" in problem
    assert len(read(root, "sharegpt", count=3, limit=2).rows) == 2
    assert {r.id for r in read(root, "sharegpt", limit=2).rows} <= {r.id for r in one.rows}


def test_categories_are_held_out_and_unknown_ones_told(write: Callable[[str], Path]) -> None:
    root = write("mis_train")
    out = {"categories": ["Privacy", "Self-Harm"]}
    made = read(root, "mis_train", hold_out=out)
    assert made.problems == [] and len(made.rows) == 4
    assert not {row.category for row in made.rows} & {"Privacy", "Self-Harm"}
    assert {r.category for r in read(root, "mis_train", categories=["Privacy"]).rows} == {"Privacy"}
    wrong = read(root, "mis_train", hold_out={"categories": ["Gardening"]}).problems
    assert "no category 'Gardening'; there are Erotic, Hate" in wrong[0]

    def without(rows: list[dict[str, Any]]) -> None:
        for row in rows:
            del row["category"]

    changed(root / "mis_train.json", without)
    wrong = read(root, "mis_train", hold_out={"categories": ["Privacy"]}).problems
    assert "none: its items have no category" in wrong[0]


def test_items_without_pictures_need_none(write: Callable[[str], Path]) -> None:
    root = write("mis_train")
    changed(root / "mis_train.json", lambda rows: [row.pop("image") for row in rows])
    assert len(read(root, "mis_train").problems) == N
    for images in ("none", "black"):
        changed(
            root / "mis_train.json",
            lambda rows: [row.update(conversations=turns("a?", f"b {row['id']}")) for row in rows],
        )
        made = read(root, "mis_train", images=images)
        assert made.problems == [] and {row.images for row in made.rows} == {()}
