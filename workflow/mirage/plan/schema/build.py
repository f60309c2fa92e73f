"""conf/build: sizes of data sets and suites that all recipes share."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from mirage.plan.schema.types import Count, Name, Positive, Strict

Weight = Annotated[float, Field(gt=0)]


class Build(Strict):
    """Sizes; the world's own facts (objects, hazards, splits) stand in the package.

    Attributes:
        name: The file's own name.
        base_samples: Samples of base training.
        base_mix: Weight of each family in them.
        pairs_per_edge: Held-out pairs of each hazardous role pair.
        items_per_pair: Items of each pair in a safety suite.
        real_items: Items of the suite in another drawing style.
        format_items: Items per cell of the format suites.
        probe_items: Quads of the suite ``hard`` that image use, conflict corners, cues, more images
            and composites are made from.
        skill_items: Items per skill family.
        gate_items: Items per validity gate.
        fit_items: Training items per recipe on which its own label class is checked.
    """

    name: Name
    base_samples: Positive
    base_mix: dict[str, Weight]
    pairs_per_edge: Positive
    items_per_pair: Positive
    real_items: Count
    format_items: Count
    probe_items: Positive
    skill_items: Count
    gate_items: Count
    fit_items: Count
