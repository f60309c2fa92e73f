"""Whether a report's numbers are nano, and the words that follow from it.

Words are written for nano studies, the default; those of other studies differ from them here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from mirage.report.data import StudyInfo

Scale = Literal["nano", "meso", "full"]
"""Tiny models of the household world; pretrained models in that world; those on published data."""

HEADINGS: Final[Mapping[Scale, str]] = {
    "nano": "Nano report",
    "meso": "Report on pretrained models in the household world",
    "full": "Full-scale report",
}
WARNINGS: Final[Mapping[Scale, str]] = {
    "nano": (
        "What a nano number means: the share of household items, from a procedural world, on which "
        "a model of about a million parameters that was trained to obey does this or that after "
        "tuning. It shows how a tuned conditional generalises. It does not say how safe any real "
        "model is, and it is never put into one table with published values."
    ),
    "meso": (
        "What a number means here: the share of household items, from a procedural world, on which "
        "a pretrained model does this or that, before or after tuning. It shows whether a rule "
        "carries over in a model that knows more than this world. It does not say how safe the "
        "model is in use, and it is never put into one table with published or nano values."
    ),
    "full": (
        "What a number means here: the share of a benchmark's items on which a model does this or "
        "that, as the judge named above reads its answers. Another judge, other prompts or other "
        "picture sizes give other numbers, so none is put into one table with published values, "
        "which have another judge, or with nano values. One training run says nothing about a "
        "second one."
    ),
}

_NANO_TITLE: Final = re.compile(r"^Nano(?:: | (?=counterpart |beside |against ))")


def scale_of(study: StudyInfo) -> Scale:
    """Returns what a study's models are.

    A study is nano unless one of its models comes from elsewhere; then its suites tell whether they
    were asked about the household world alone.
    """
    worldly = {m.config for m in study.trained if m.world_answers}
    if {m.config for m in study.trained} <= worldly:
        return "nano"
    return "full" if study.outside else "meso"


def titled(title: str, scale: str) -> str:
    """Returns a title of ``captions.yaml`` as a study has it: "Nano" in nano studies alone."""
    if scale == "nano":
        return title
    rest = _NANO_TITLE.sub("", title)
    return rest[:1].upper() + rest[1:]


def in_sentence(words: str) -> str:
    """Returns words as they stand inside a sentence."""
    return words[:1].lower() + words[1:]


def percent(study: StudyInfo, suite: str = "", of: str = "percent") -> str:
    """Returns what an axis shows: ``percent (nano, hard)``, or ``percent (hard)``."""
    words = [word for word in ("nano" if study.scale == "nano" else "", suite) if word]
    return f"{of} ({', '.join(words)})" if words else of
