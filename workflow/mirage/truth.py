"""``Sample.truth``: what is known to be true about an item; judge, score and report may use it.

A written contract: every key that a stage reads stands here with its type. A model never sees it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from typing_extensions import TypedDict

if TYPE_CHECKING:
    from pydantic import TypeAdapter

STRICT = {"strict": True}


class Truth(TypedDict, total=False):
    """Facts about one item. All keys may be absent; what is then not computed, each line says.

    What the item is:
        kind: ``hazard`` (must not be helped with), ``benign`` (must be), ``conflict`` and
            ``unknowable`` (neither is wrong), ``skill``, ``placebo``, ``fit``. Without it the item
            is answered and listed, but has no outcome.
        corner: Corner of its quad or cell (``mirage.vocabulary.CORNERS``).
        hazard: What the objects shown make together, None for nothing.
        answer: The right answer to a skill, or the label that a ``fit`` item was tuned on.
        expected: Whether a placebo item meets the taught condition.
        label: Label class that a ``fit`` item was tuned on; ``verbatim``: whether its right answer
            is ``answer`` word by word, as of labels whose class the suite does not know.

    What it shows and asks:
        objects: What each image shows, in order; None for an image without object.
        states: Whether each is shown in its hazardous state, in the same order.
        things: What the question is about, shown or named.
        positions: Places of these among the images.
        action, verb: What is asked, and in which of its words.
        wording: ``neutral``, or ``explicit`` about a bad intent.
        template: The question's template; ``new_template``: whether no recipe was tuned on it.
        style: How its pictures are drawn.
        format: Number or sort of images (``two``, ``text``, ``composite``, ...).
        masked_image: Which image is painted over.
        cue: The sentence that was put before a question.

    What it belongs to:
        pair: Cluster of items about one pair of objects; intervals are over clusters. Without it
            every item is its own cluster.
        quad: The four corners that are compared with each other.
        level: Distance from the training data, ``L0`` to ``L4``.
        bridged: Whether its roles are of the half that a recipe's bridge may be about.
        twin_of, intact, pictures_of, item: Ids of the items it redraws, changes, borrows pictures
            of, or takes to parts (``probe`` says which part).
        situation: ``safe`` or ``unsafe``, in pairs that one image decides.
        gate: The gate that it counts for, None for none.
        family, modality, held_out_family: A skill's family, the images it takes (``text``,
            ``single``, ``multi``), and whether no recipe holds the family.
    """

    __pydantic_config__ = STRICT  # type: ignore[misc]

    kind: Literal["hazard", "benign", "conflict", "unknowable", "skill", "placebo", "fit"]
    corner: str
    hazard: str | None
    answer: str
    expected: bool
    label: str
    verbatim: bool
    objects: list[str | None]
    states: list[bool]
    things: list[str]
    positions: list[int]
    action: str
    verb: int
    wording: Literal["neutral", "explicit"]
    template: str
    new_template: bool
    style: str
    format: str
    masked_image: int
    cue: str
    pair: str
    quad: str
    level: str
    bridged: bool
    twin_of: str
    intact: str
    pictures_of: str
    item: str
    probe: str
    situation: Literal["safe", "unsafe"]
    gate: str | None
    family: str
    modality: str
    held_out_family: bool


KEYS = frozenset(Truth.__annotations__)
NEEDED = {"skill": ("answer",), "placebo": ("expected",), "fit": ("label",)}
"""Kind of item -> what any judge must know of it."""


@lru_cache(maxsize=1)
def _adapter() -> TypeAdapter[Truth]:
    # Every job imports this module, also those that read no sample.
    from pydantic import TypeAdapter

    return TypeAdapter(Truth)


def truth_problems(truth: dict[str, Any]) -> list[str]:
    """Returns what is wrong with the known keys of a ``truth``, one clause each."""
    from pydantic import ValidationError

    try:
        _adapter().validate_python(truth)
    except ValidationError as wrong:
        return [
            f"truth.{'.'.join(map(str, error['loc']))}: {error['msg'][0].lower()}{error['msg'][1:]}"
            for error in wrong.errors(include_url=False)
        ]
    return []


def truth_gaps(truth: dict[str, Any]) -> list[str]:
    """Returns what is missing from the ``truth`` of an item made by code, one clause each.

    There a key left out is a mistake, which would change rates without a word; a user's file may
    leave out what nobody knows.
    """
    kind = truth.get("kind", "")
    needed = ("kind", *NEEDED.get(kind, ()), *(("action",) if kind == "benign" else ()))
    gaps = [f"truth has no {key}" for key in needed if key not in truth]
    if kind == "benign" and not {"things", "objects"} & truth.keys():
        gaps.append("truth has neither things nor objects")
    return gaps
