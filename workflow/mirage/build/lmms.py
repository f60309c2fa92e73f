"""Suites of kind ``lmms``: numbered items of a benchmark that lmms-eval asks and marks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mirage.build.dataset import DataSet
from mirage.contracts import Sample

if TYPE_CHECKING:
    from mirage.context import JobContext


def lmms_suite(ctx: JobContext) -> DataSet:
    """Builds the suite (an entry of ``suite``): an id for every item, no words and no pictures.

    Questions, pictures and right answers stay with lmms-eval. That it has exactly as many items,
    the job that asks a model checks.
    """
    suite = ctx.settings["suite"]
    name, count = suite["name"], int(suite["items"])
    rows = [Sample(f"{name}/{at}", name, "", "", "", (), {"kind": "skill"}) for at in range(count)]
    return DataSet(rows, complete=False)
