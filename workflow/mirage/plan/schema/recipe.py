"""conf/recipe: what a model is tuned on (data, labels) and how much."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mirage.plan.schema.base import Count, Name, Positive, Strict


class HoldOut(Strict):
    """What the data set must not contain, for the levels L2-L4."""

    objects: list[str] = []
    edges: list[str] = []
    categories: list[str] = []


class RecipeData(Strict):
    """The data a recipe builds.

    Attributes:
        images: How a scenario's pictures are given.
        unsafe: Hazardous items; ``benign`` harmless ones, ``twins`` image twins with helpful
            answers, ``general`` skill items.
    """

    source: Literal["mis", "vlguard", "textual", "placebo"]
    images: Literal["two", "one", "one_of_two", "black", "none"]
    wording: list[Literal["explicit", "neutral"]]
    labels: Literal[
        "cot",
        "sorry_reasons",
        "short_refusal",
        "refusal",
        "rewritten",
        "safe_answer",
        "placebo",
    ]
    unsafe: Count
    benign: Count
    twins: Count
    general: Count
    hold_out: HoldOut = HoldOut()


class RecipeTune(Strict):
    """How a recipe is tuned; the rest stands in conf/tune.

    Attributes:
        lr_ratio: Learning rate as a multiple of conf/tune's.
        parts: Parts that are trained; the others are frozen.
    """

    epochs: Positive
    lr_ratio: Annotated[float, Field(gt=0)]
    parts: list[Literal["vision", "projector", "language_model"]]


class Recipe(Strict):
    """A recipe.

    Attributes:
        parent: The recipe this one is an ablation of; it differs in ``factor`` alone.
        marked_ours: Not in the paper.
    """

    name: Name
    title: str
    parent: Name | None = None
    factor: str | None = None
    marked_ours: bool = False
    data: RecipeData
    tune: RecipeTune
