"""What tables, claims and figures may know of a model without opening it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache, cached_property
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError

from mirage.contracts import DataError

BASE = "base"
"""The recipe of a model that is not tuned."""

PUBLISHED_MODE: Literal["as_published"] = "as_published"
MATCHED: Literal["matched"] = "matched"
"""The two modes of a recipe, which no table mixes."""

ORDER = re.compile(r"_order_\d+$")
"""What a variant of a recipe is called that differs in the order of its tuning alone."""

Level = str | float | bool


@dataclass(frozen=True, order=True)
class ModelCard:
    """One model of a study: written by the plan, carried by job settings, read by score and report.

    A base that is asked in another way (a recipe without training) is one too: it has a base, but
    no training data, so no share, no hazardous items and no factors.

    Cards are equal, and sorted, by the first four attributes.

    Attributes:
        recipe: What it was tuned with or is asked by, or ``base``.
        config: Option of conf/model: which architecture and size.
        seed: The replicate.
        name: Name of its files, e.g. ``mirage-s0`` or ``mirage-tiny-s0``; empty for the mean of the
            models of all seeds.
        title: The recipe as tables name it.
        parent: Recipe that its own recipe is an ablation of.
        factor: The one factor in which the two differ.
        marked_ours: The paper has no such recipe.
        helper: Trained for gates alone; no table shows it.
        mode: None for a base, which belongs to both modes.
        answers: How its base answers requests for help: ``plain``, or ``thought`` first.
        held_out: Categories that its tuning data lack.
        general_share: Percentage of the training items that are general; None without training.
        unsafe: Hazardous training items.
        factors: The factorial's factors with their levels; empty without training.
        platform: Platform class that computed its weights and answers; None where unknown.
        base: Name of the base that it was tuned from, or is; None for a base.
        world_answers: Whether it was taught to answer as the nano world does, so that the world's
            grammar can read it: no model from elsewhere, no labels of a user's own.
    """

    recipe: str
    config: str
    seed: int
    name: str
    title: str = field(default="", compare=False)
    parent: str | None = field(default=None, compare=False)
    factor: str | None = field(default=None, compare=False)
    marked_ours: bool = field(default=False, compare=False)
    helper: bool = field(default=False, compare=False)
    mode: Literal["as_published", "matched"] | None = field(default=None, compare=False)
    answers: str = field(default="plain", compare=False)
    held_out: tuple[str, ...] = field(default=(), compare=False)
    general_share: float | None = field(default=None, compare=False)
    unsafe: int = field(default=0, compare=False)
    factors: Mapping[str, Level] = field(default_factory=dict, compare=False)
    platform: str | None = field(default=None, compare=False)
    base: str | None = field(default=None, compare=False)
    world_answers: bool = field(default=True, compare=False)

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> ModelCard:
        """Reads a card of a job's settings.

        Raises:
            DataError: A key is missing, unknown or of another type.
        """
        try:
            return _adapter().validate_python(dict(plain))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise DataError(
                f"card of model {plain.get('name', '(without a name)')!r}, {where}: "
                f"{first['msg']}. Make the plan again with: mirage plan"
            ) from None

    def to_json(self) -> dict[str, Any]:
        """Returns the card as JSON values, all keys in the order of the attributes."""
        return {**asdict(self), "held_out": list(self.held_out), "factors": dict(self.factors)}

    def __str__(self) -> str:
        return self.name

    @property
    def is_base(self) -> bool:
        """Whether the model is not tuned."""
        return self.recipe == BASE

    @property
    def is_mean(self) -> bool:
        """Whether the card stands for the mean over all seeds; its seed then says nothing."""
        return not self.name

    @property
    def thinks(self) -> bool:
        """Whether its base answers every request for help with a thought first."""
        return self.answers == "thought"

    @property
    def label(self) -> str:
        """The recipe's title, with a mark if the paper has no such recipe."""
        if self.is_base:
            return "Base"
        title = self.title or self.recipe
        return f"{title} (ours)" if self.marked_ours and "(ours)" not in title else title

    @cached_property
    def levels(self) -> frozenset[tuple[str, str]]:
        """The factors' levels as text, whole numbers without a point; empty unless matched."""
        if self.mode != MATCHED:
            return frozenset()
        return frozenset(
            (key, f"{level:g}" if isinstance(level, float) else str(level))
            for key, level in self.factors.items()
        )


def in_any_order(recipe: str) -> str:
    """Returns the recipe that a variant is, but for the order of its tuning."""
    return ORDER.sub("", recipe)


def unseen_categories(cards: Iterable[ModelCard]) -> dict[str, tuple[str, ...]]:
    """Returns the categories that count as held out for each model, by its name.

    Those that its own data lack, or else those that the other recipes of its seed lack, where all
    of these lack the same.
    """
    cards = list(cards)
    lacking: dict[tuple[str, int], set[tuple[str, ...]]] = {}
    for card in cards:
        if card.held_out:
            lacking.setdefault((card.config, card.seed), set()).add(card.held_out)
    unseen = {}
    for card in cards:
        of_seed = lacking.get((card.config, card.seed), set())
        unseen[card.name] = card.held_out or (next(iter(of_seed)) if len(of_seed) == 1 else ())
    return unseen


@cache
def _adapter() -> TypeAdapter[ModelCard]:
    return TypeAdapter(ModelCard)
