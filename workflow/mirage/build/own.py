"""A user's own samples as a data set or a suite; their pictures stay where they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mirage.build.dataset import DataSet, parts_of
from mirage.contracts import DataError, Sample
from mirage.own_data import OwnData, read_own

if TYPE_CHECKING:
    from mirage.context import JobContext


def own_source(ctx: JobContext) -> DataSet:
    """Builds a recipe's data from a user's samples (an entry of the group ``source``).

    Raises:
        DataError: The data broke their contract, or changed since they were planned with.
    """
    recipe = ctx.settings["recipe"]
    made = _read(ctx, recipe["data"], answers=True)
    name = recipe["name"]
    rows = [
        replace(row, id=f"{name}/{row.id}", suite=name, label=row.label or "own")
        for row in made.rows
    ]
    parts = parts_of(rows, rest="general")
    return DataSet(rows, elsewhere=made.pictures, report={"parts": parts})


def own_suite(ctx: JobContext) -> DataSet:
    """Builds a suite from a user's samples (an entry of the group ``suite``).

    Raises:
        DataError: The data broke their contract, or changed since they were planned with.
    """
    suite = ctx.settings["suite"]
    made = _read(ctx, suite, answers=False)
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


def _read(ctx: JobContext, about: Mapping[str, Any], *, answers: bool) -> OwnData:
    digest = about["digest"]
    path = ctx.external(digest)
    made = read_own(path, answers=answers, say=ctx.log).checked()
    if made.digest != digest:
        raise DataError(
            f"{path} changed since it was checked. Check it again, then plan again: "
            f"mirage data check {path}"
        )
    made.pictures = replace(made.pictures, resize=about["resize"])
    return made
