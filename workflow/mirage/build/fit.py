"""Suites ``fit_*``: training items of a recipe, to ask for the label class it was tuned on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mirage.build.dataset import SAMPLES, DataSet
from mirage.contracts import DataError, Sample, TrainSample, read_rows
from mirage.own_items import own_items
from mirage.pictures import BESIDE, Pictures, read_elsewhere
from mirage.vocabulary import LABELS

if TYPE_CHECKING:
    from mirage.context import JobContext


def fit_suite(ctx: JobContext) -> DataSet:
    """Builds the suite from the data set that is the job's parent (an entry of ``suite``).

    Raises:
        DataError: The data set is missing or broken, or has a label of no class.
    """
    data = ctx.parent("data")
    trained = read_rows(data / SAMPLES, TrainSample)
    suite = ctx.settings["suite"]
    rows = list(fit(trained, ctx.settings["build"], suite["name"], suite.get("verbatim", False)))
    names = {name for row in rows for name in row.images}
    beside = Pictures(data)
    elsewhere = read_elsewhere(data)
    lying = names & elsewhere.sha256.keys() if elsewhere else set()
    own = sorted(name for name in names - lying if name.startswith(BESIDE))
    drawn = ((name, beside.open(name)) for name in own)
    return DataSet(rows, drawn, elsewhere.only(names) if elsewhere else None)


def fit(
    rows: list[TrainSample], build: dict[str, Any], suite: str, verbatim: bool = False
) -> Iterator[Sample]:
    """Yields training items of a recipe, to ask whether it shows the label class it was tuned on.

    General data is left out: the gate is about the recipe's own labels. Classes have equally many.

    Args:
        rows: The recipe's data.
        build: Sizes.
        suite: Name of the suite.
        verbatim: Whether a user's own source wrote the labels; a user's own style names itself.

    Raises:
        DataError: A source of the suite's wrote a label of no class.
    """
    for row in own_items(rows, int(build["fit_items"])):
        exact = verbatim or ":" in row.label
        if not exact and row.label not in LABELS:
            known = ", ".join(LABELS)
            raise DataError(f"{row.id}: no class of labels is {row.label!r}. There are: {known}")
        truth = {
            "kind": "fit",
            "gate": "fit",
            "label": row.label,
            "answer": row.answer,
            "objects": row.truth.get("objects", []),
            "hazard": row.truth.get("hazard"),
            "pair": row.truth.get("pair", row.id),
        } | ({"verbatim": True} if exact else {})
        name = f"{suite}/{row.id.split('/', 1)[1]}"
        yield Sample(name, suite, row.category, row.sub_category, row.question, row.images, truth)
