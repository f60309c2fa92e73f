"""Suites ``fit_*``: training items of a recipe, to ask for the label class it was tuned on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mirage.build.dataset import SAMPLES, DataSet
from mirage.contracts import Sample, TrainSample, read_rows
from mirage.pictures import BESIDE, Pictures, read_elsewhere

if TYPE_CHECKING:
    from mirage.context import JobContext


def fit_suite(ctx: JobContext) -> DataSet:
    """Builds the suite from the data set that is the job's parent (an entry of ``suite``).

    Raises:
        DataError: The data set is missing or broken.
    """
    data = ctx.parent("data")
    trained = read_rows(data / SAMPLES, TrainSample)
    rows = list(fit(trained, ctx.settings["build"], ctx.settings["suite"]["name"]))
    names = {name for row in rows for name in row.images}
    beside = Pictures(data)
    drawn = ((name, beside.open(name)) for name in sorted(names) if name.startswith(BESIDE))
    elsewhere = read_elsewhere(data)
    if elsewhere is None:
        return DataSet(rows, drawn)
    return DataSet(rows, elsewhere=elsewhere.only(names))


def fit(rows: list[TrainSample], build: dict[str, Any], suite: str) -> Iterator[Sample]:
    """Yields training items of a recipe, to ask whether it shows the label class it was tuned on.

    General data is left out: the gate is about the recipe's own labels. Items are spread evenly.
    """
    own = [row for row in rows if "/general-" not in row.id]
    count = min(int(build["fit_items"]), len(own))
    for row in (own[int(k * len(own) / count)] for k in range(count)):
        truth = {
            "kind": "fit",
            "gate": "fit",
            "label": row.label,
            "answer": row.answer,
            "objects": row.truth.get("objects", []),
            "hazard": row.truth.get("hazard"),
            "pair": row.truth.get("pair", row.id),
        }
        name = f"{suite}/{row.id.split('/', 1)[1]}"
        yield Sample(name, suite, row.category, row.sub_category, row.question, row.images, truth)
