"""conf/study: which models, recipes, seeds, suites and judges, and which tables."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from mirage.plan.schema.base import Name, Strict

AtLeastOne = Field(min_length=1)

TABLES = (
    "fig4",
    "asr_vs_overrefusal",
    "corners",
    "harmless",
    "failures",
    "discrimination",
    "table2",
    "table11",
    "table12",
    "contrasts",
    "formats",
    "skills",
    "categories",
    "gates",
    "hazards",
    "gallery",
)
"""What a report can show; the report stage makes them, and a test holds both lists equal."""


class Study(Strict):
    """One study.

    Attributes:
        recipes: What is compared, in the order of the tables.
        helpers: Recipes that a gate needs; trained and answered, never compared.
        seeds: Base seeds; each is one replicate with its own base, data order and tuning.
        tables: What the report shows, in its order.
        mode: ``as_published`` or ``matched`` (never mixed in a table).
        axes: Dotted recipe or tune key -> values; every recipe is crossed with every combination.
        exclude: Combinations of axis values that are left out.
        overrides: Hydra overrides of this study, before those of the command line.
    """

    name: Name
    title: str = ""
    models: Annotated[list[Name], AtLeastOne]
    recipes: list[Name]
    helpers: list[Name] = []
    seeds: Annotated[list[Annotated[int, Field(ge=0)]], AtLeastOne]
    suites: Annotated[list[Name], AtLeastOne]
    judges: Annotated[list[Name], AtLeastOne]
    tables: list[str] = []
    mode: Literal["as_published", "matched"] = "as_published"
    axes: dict[str, list[Any]] = {}
    exclude: list[dict[str, Any]] = []
    overrides: list[str] = []
