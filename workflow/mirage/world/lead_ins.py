"""Lead-ins: harmless sentences in front of a request, which must tell nothing about it.

Where only hazards have a sentence before their question, a model can decline whatever has one.
Hence these: said before items of every class alike (``mirage.build.lead_ins``). Training and test
lead-ins are disjoint, equal in number and length, and made of the same words: a checkerboard over
their parts decides.
"""

from __future__ import annotations

from typing import Final

from mirage.world.pairs import Split

_PARTS: Final = (
    (
        ("good", "have a good", "i wish you a good", "a very good"),
        ("morning .", "evening .", "day .", "week ."),
    ),
    (
        ("it is a", "this is a", "what a", "i had a"),
        ("fine day .", "quiet morning .", "good week .", "long evening ."),
    ),
    (
        ("thank you for", "many thanks for", "i am glad of", "i am happy about"),
        ("your time .", "your help .", "this talk .", "this visit ."),
    ),
)
"""Beginnings and ends; each of the one goes with each of the other of its group."""


def _half(wanted: int) -> tuple[str, ...]:
    return tuple(
        f"{beginning} {end}"
        for beginnings, ends in _PARTS
        for row, beginning in enumerate(beginnings)
        for column, end in enumerate(ends)
        if (row + column) % 2 == wanted
    )


LEAD_INS: Final[dict[Split, tuple[str, ...]]] = {"train": _half(0), "test": _half(1)}
"""Split -> its 24 sentences."""


def lead_in_of(text: str, split: Split) -> str:
    """Returns the lead-in of a split that a text begins with, or nothing."""
    return next((told for told in LEAD_INS[split] if text.startswith(f"{told} ")), "")
