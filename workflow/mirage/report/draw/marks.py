"""One shape and one colour per recipe, the same in every figure of every study.

The map is committed and only grows: a recipe that joins takes a pair that is free, and no other
changes. Colours are Okabe and Ito's, told apart with every common colour vision, and no two recipes
share both shape and colour. Colour says the family: green is the parent with twins and its
ablations, blue are the ablations of MIRage.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from typing import Any

from mirage.model_card import MATCHED, ModelCard, in_any_order

BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
BLUE, RED, PINK, GREY = "#0072B2", "#D55E00", "#CC79A7", "#8C8C8C"


@dataclass(frozen=True)
class Mark:
    """How something looks wherever it is drawn.

    Attributes:
        shape: Marker of matplotlib.
        dash: Line style, of what is drawn as a line.
    """

    shape: str
    colour: str
    dash: Any = "-"


RECIPES = {
    "base": Mark("s", BLACK),
    "textual_sft": Mark("o", ORANGE),
    "textual_sft_plus": Mark("h", ORANGE),
    "vlguard_m": Mark("<", PINK),
    "vlguard_p": Mark("v", PINK),
    "vlguard_r": Mark("^", PINK),
    "vlguard_r_plus": Mark(">", PINK),
    "vlguard_r_75": Mark("d", PINK),
    "mirage": Mark("D", RED),
    "mirage_no_cot_rewrite": Mark("X", SKY),
    "mirage_no_cot_short": Mark("P", BLUE),
    "mirage_text_only": Mark("o", BLUE),
    "mirage_single_image": Mark("<", BLUE),
    "mirage_composite": Mark(">", BLUE),
    "mirage_unseen": Mark("d", BLUE),
    "mirage_general_0": Mark("v", BLUE),
    "mirage_twins": Mark("*", GREEN),
    "twins_no_cot_rewrite": Mark("X", GREEN),
    "twins_no_cot_short": Mark("P", GREEN),
    "twins_text_only": Mark("o", GREEN),
    "twins_single_image": Mark("<", GREEN),
    "twins_composite": Mark(">", GREEN),
    "twins_unseen": Mark("d", GREEN),
    "matched_cot": Mark("p", ORANGE),
    "matched_cot_equal_steps": Mark("8", ORANGE),
    "matched_short": Mark("p", BLUE),
    "matched_short_equal_steps": Mark("8", BLUE),
    "matched_filler": Mark("p", GREEN),
    "matched_filler_equal_steps": Mark("8", GREEN),
    "matched_single": Mark("p", GREY),
    "matched_composite": Mark("8", GREY),
    "placebo": Mark("H", GREY),
    "placebo_text": Mark("H", SKY),
    "placebo_composite": Mark("H", PINK),
    "cot_prompt": Mark("o", SKY),
    "cot_prompt_custom": Mark("d", SKY),
    "cot_prompt_safety": Mark("<", SKY),
    "ecso": Mark(">", SKY),
}

PUBLISHED = {
    "mis_textual_sft": "textual_sft",
    "mis_textual_sft_plus": "textual_sft_plus",
    "mis_vlguard_p": "vlguard_p",
    "mis_vlguard_p_plus": "vlguard_m",  # there is no nano recipe of that name
    "mis_vlguard_r": "vlguard_r",
    "mis_vlguard_r_plus": "vlguard_r_plus",
    "mis_vlguard_r_75": "vlguard_r_75",
    "mis_mirage": "mirage",
    "mis_mirage_general_0": "mirage_general_0",
    "mis_no_cot": "mirage_no_cot_rewrite",
    "mis_text_only": "mirage_text_only",
    "mis_unseen": "mirage_unseen",
}
"""Recipe on published data -> the nano recipe that it looks as: no figure shows both."""

LABELS = {
    "cot": Mark("o", ORANGE, (0, (4, 2))),
    "describe_refuse": Mark("^", RED, (0, (1, 1.5))),
    "sorry_reasons": Mark("v", PINK, (0, (5, 1.5, 1, 1.5))),
    "filler": Mark("D", GREEN, (0, (8, 2))),
    "short_refusal": Mark("P", BLUE),
}
"""Label styles; cells of a factorial have the mark of theirs."""

PLAIN = (
    Mark("s", BLACK),
    Mark("o", ORANGE, (0, (4, 2))),
    Mark("^", RED, (0, (1, 1.5))),
    Mark("D", GREEN, (0, (5, 1.5, 1, 1.5))),
    Mark("P", BLUE, (0, (8, 2))),
)
"""For what is neither a recipe nor a label style: model sizes, parts of a suite."""

_TAKEN = {(mark.shape, mark.colour) for mark in RECIPES.values()}
FREE = tuple(
    Mark(shape, colour)
    for shape, colour in product("sD^vPX*od<>", (GREY, SKY, RED, PINK, BLUE, ORANGE, GREEN))
    if (shape, colour) not in _TAKEN
)
"""For recipes of a user's own, in the order of their names."""


def recipe_marks(models: Iterable[ModelCard]) -> dict[str, Mark]:
    """Returns the mark of each recipe of a study.

    A recipe's other tuning orders look as it does, a cell of the factorial as its label style.
    Recipes that the map lacks take the free marks by the order of their names.

    Args:
        models: All models of the study, whichever of them a figure shows.
    """
    known: dict[str, Mark] = {}
    own: set[str] = set()
    for model in models:
        name = in_any_order(model.recipe)
        name = PUBLISHED.get(name, name)
        style = str(model.factors.get("labels")) if model.mode == MATCHED else ""
        if name in RECIPES:
            known[model.recipe] = RECIPES[name]
        elif style in LABELS:
            known[model.recipe] = LABELS[style]
        else:
            own.add(model.recipe)
    return known | {name: FREE[at % len(FREE)] for at, name in enumerate(sorted(own))}
