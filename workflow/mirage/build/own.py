"""A user's own samples as a data set or a suite; their pictures stay where they are."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mirage.build.dataset import DataSet, parts_of
from mirage.contracts import DataError, Sample, TrainSample
from mirage.own_data import OwnData, read_own
from mirage.pictures import BESIDE, Elsewhere
from mirage.published.read import read_published

if TYPE_CHECKING:
    from PIL.Image import Image

    from mirage.context import JobContext

BLACK: Final = f"{BESIDE}black.png"
BLACK_SIDE: Final = 448
"""Pixels; no paper says a size. One tile of InternVL."""


def own_source(ctx: JobContext) -> DataSet:
    """Builds a recipe's data from a user's samples (an entry of the group ``source``).

    Raises:
        DataError: The data broke their contract, or changed since they were planned with.
    """
    recipe = ctx.settings["recipe"]
    data, name = recipe["data"], recipe["name"]
    made = _joined(ctx, data) if "parts" in data else _read(ctx, data, data["resize"])
    rows = [
        replace(row, id=f"{name}/{row.id}", suite=name, label=row.label or "own")
        for row in made.rows
    ]
    parts = parts_of(rows, rest="general")
    black = [(BLACK, _black())] if any(BLACK in row.images for row in rows) else []
    return DataSet(rows, black, elsewhere=made.pictures, report={"parts": parts})


def own_suite(ctx: JobContext) -> DataSet:
    """Builds a suite from a user's samples (an entry of the group ``suite``).

    Raises:
        DataError: The data broke their contract, or changed since they were planned with.
    """
    suite = ctx.settings["suite"]
    made = _read(ctx, suite, suite["resize"])
    rows = [
        Sample(
            id=f"{suite['name']}/{row.id}",
            suite=suite["name"],
            category=row.category,
            sub_category=row.sub_category,
            question=row.question,
            images=row.images,
            truth=row.truth,
        )
        for row in made.rows
    ]
    without = sum("kind" not in row.truth for row in rows)
    if without:
        ctx.log(f"{without} of {len(rows)} items have no truth.kind: they count in no rate")
    facts = {"items_without_kind": without}
    return DataSet(rows, elsewhere=made.pictures, report=facts, complete=False)


def _joined(ctx: JobContext, data: Mapping[str, Any]) -> OwnData:
    """Reads the parts of a recipe's data, one after the other.

    Ids that two parts have get the number of their part. Pictures are named from the lowest folder
    that all parts lie in.
    """
    parts = [_read(ctx, about, data["resize"]) for about in data["parts"]]
    root = Path(os.path.commonpath([part.pictures.root.resolve() for part in parts]))
    rows: list[TrainSample] = []
    digests: dict[str, str] = {}
    seen: set[str] = set()
    for number, (part, about) in enumerate(zip(parts, data["parts"], strict=True), 1):
        place = part.pictures.root.resolve().relative_to(root)
        digests |= {
            (place / name).as_posix(): digest for name, digest in part.pictures.sha256.items()
        }
        black = about.get("images") == "black"
        for row in part.rows:
            images = tuple((place / name).as_posix() for name in row.images)
            name = f"{row.id}:part{number}" if row.id in seen else row.id
            rows.append(replace(row, id=name, images=(BLACK,) if black else images))
        seen |= {row.id for row in part.rows}
    return OwnData(rows, Elsewhere(root, digests, data["resize"]))


def _read(ctx: JobContext, about: Mapping[str, Any], resize: str) -> OwnData:
    digest, kind = about["digest"], "suite" if "suite" in ctx.settings else "recipe"
    path, answers, checked = ctx.external(digest), kind == "recipe", ""
    if named := about.get("format"):
        reader = ctx.entry("format", named)
        made = read_published(path, reader, about, answers=answers, say=ctx.log).checked()
        checked = f"{kind}={ctx.settings[kind]['name']}"
    else:
        made = read_own(path, answers=answers, say=ctx.log).checked()
    if made.digest != digest:
        raise DataError(
            f"{path} changed since it was checked. Check it again, then plan again: "
            f"mirage data check {checked or path}"
        )
    made.pictures = replace(made.pictures, resize=resize)
    return made


def _black() -> Image:
    from PIL import Image

    return Image.new("RGB", (BLACK_SIDE, BLACK_SIDE), "black")
