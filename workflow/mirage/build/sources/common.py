"""What all sources share: rows of requests, and the general data that every recipe carries."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from random import Random
from typing import Any, Final

from mirage.build.hold_out import HoldOut, respects
from mirage.build.reasoning import DraftRow, thinking
from mirage.build.requests import Request, ask_pair, choose
from mirage.build.skills import FAMILIES, GENERAL, Sampler
from mirage.contracts import DataError, TrainSample
from mirage.own_items import GENERAL_ID
from mirage.world.templates import HARMLESS

Settings = dict[str, Any]

HELP: Final = "help"
"""Multi-image help, in general data beside the GENERAL families."""

TRIES: Final = 1000
"""How often a draft is drawn again before too much is left out."""


def draft_row(
    local: str,
    question: str,
    images: tuple[str, ...],
    answer: str,
    label: str,
    truth: dict[str, Any] | None = None,
    category: str = "",
    sub_category: str = "",
) -> TrainSample:
    """Returns a row whose id and suite the recipe completes."""
    return TrainSample(
        local, "", category, sub_category, question, images, truth or {}, answer, label
    )


def request_draft(
    local: str,
    asked: Request,
    answer: str,
    label: str,
    truth: dict[str, Any] | None = None,
    category: str = "",
    sub_category: str = "",
) -> DraftRow:
    """Returns a request's row, with what would be thought about it."""
    row = draft_row(
        local, asked.question, asked.images, answer, label, truth, category, sub_category
    )
    return DraftRow(row, thinking(asked))


def general(
    world: Settings, data: Settings, seed: int, families: Sequence[str] = (*GENERAL, HELP)
) -> Iterator[DraftRow]:
    """General data: the four GENERAL families and multi-image help with harmless actions, in turn.

    It holds no triggering action, so that it adds no benign twins by the back door. A larger share
    begins with the samples of a smaller one.
    """
    draw = Sampler(Random(f"general/{seed}"), world)
    for number in range(int(data["general"])):
        make = partial(_general, families[number % len(families)])
        yield held_out(make, number, draw, f"general/{seed}", data["hold_out"])


def _general(family: str, number: int, draw: Sampler) -> DraftRow:
    local = f"{GENERAL_ID}{number:05d}"
    if family == HELP:
        rng = draw.rng
        template = choose(rng, rng.choice(HARMLESS), "neutral", "train")
        asked = ask_pair(draw, template, draw.pair(), rng.choice(("two", "two", "three")))
        return request_draft(local, asked, asked.answer, "comply")
    drawn = FAMILIES[family].ask(draw)
    return DraftRow(draft_row(local, drawn.question, drawn.paths, drawn.answer, family))


def held_out(
    make: Callable[[int, Sampler], DraftRow],
    number: int,
    draw: Sampler,
    name: str,
    hold_out: HoldOut,
) -> DraftRow:
    """Returns a draft that holds nothing a recipe leaves out.

    One that does is drawn again from a stream of its own, so that all others stay as they are in
    the recipe that leaves nothing out.

    Args:
        make: Makes the draft of a number.
        number: Which one.
        draw: The common stream.
        name: Names the stream of further tries.
        hold_out: What is left out.

    Raises:
        DataError: No draft without it was found.
    """
    draft = make(number, draw)
    for turn in range(TRIES):
        if respects(draft.row, hold_out):
            return draft
        again = Random(f"{name}/{number}/again-{turn}")
        draft = make(number, dataclasses.replace(draw, rng=again))
    raise DataError(
        f"{name}: nothing is left to ask about when data.hold_out leaves out so much "
        f"({TRIES} tries). Leave out less."
    )
