"""conf/study: which models, recipes, seeds, suites and judges, and which tables."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from mirage.plan.schema.recipe import Mode
from mirage.plan.schema.types import Name, Strict

AtLeastOne = Field(min_length=1)
_BLOCK = {"type": "object", "additionalProperties": {"type": "array"}}
Axes = Annotated[
    list[dict[str, list[Any]]],
    BeforeValidator(lambda axes: axes if isinstance(axes, list) else [axes]),
    WithJsonSchema({"anyOf": [_BLOCK, {"type": "array", "items": _BLOCK}]}),
]
"""Blocks of crossed keys; one mapping is one block."""


class Study(Strict):
    """One study.

    Attributes:
        recipes: What is compared, in the order of the tables.
        helpers: Recipes that a gate needs; trained and answered, never compared.
        recipes_by_model: Model -> the recipes it is tuned on, helpers among them; a model that is
            not listed is tuned on all. Variants go by the names that ``mirage plan`` prints.
        seeds_by_recipe: Recipe or helper -> the seeds it is tuned on; one that is not listed is
            tuned on all.
        answered_by: Suite -> the recipes (and ``base``) that answer it in this study, where no
            table reads the others; a suite that is not listed is answered by all its file names.
        seeds: Base seeds; each is one replicate with its own base, data order and tuning.
        bases: ``released`` imports the bases of the folder ``bases/``, and trains those of seeds
            that have none; ``required`` imports them, and refuses seeds that have none, so that
            gates are read before anything is tuned; ``scratch`` trains all.
        evidence: Whether answers that are committed in ``evidence/<study>`` are used instead of
            training and asking models again: those of a seed all of whose models are committed as
            this very experiment.
        confirmatory: Whether the study is made for the seeds of the claims ledger; another one
            trains on these only if the command line says ``confirmatory=yes``.
        tables: What the report shows, in its order.
        published: Whether pages show the paper's values beside ours.
        mode: ``as_published`` or ``matched`` (never mixed in a table).
        axes: Dotted recipe or tune key -> values; every recipe is crossed with every combination.
            A list of such mappings is their union: a combination in two of them is made once. A
            value that is itself a mapping sets several keys below the axis at a time.
        exclude: Combinations of axis values that are left out.
        overrides: Hydra overrides of this study, before those of the command line.
    """

    name: Name
    title: str = ""
    models: Annotated[list[Name], AtLeastOne]
    recipes: list[Name]
    helpers: list[Name] = []
    recipes_by_model: dict[Name, list[Name]] = {}
    seeds_by_recipe: dict[Name, list[int]] = {}
    answered_by: dict[Name, list[Name]] = {}
    seeds: Annotated[list[Annotated[int, Field(ge=0)]], AtLeastOne]
    bases: Literal["released", "required", "scratch"] = "released"
    evidence: bool = True
    confirmatory: bool = False
    suites: Annotated[list[Name], AtLeastOne]
    judges: Annotated[list[Name], AtLeastOne]
    tables: list[str] = []
    published: bool = False
    mode: Mode = "as_published"
    axes: Axes = []
    exclude: list[dict[str, Any]] = []
    overrides: list[str] = []
