"""Which part of a data set is read: what suites and the parts of a recipe's data have in common."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, model_validator

from mirage.plan.schema.entry_names import entry
from mirage.plan.schema.types import Count, Positive, Strict, later

HARMLESS: Final = (None, "sharegpt", "mossbench", "mis_benign")
"""Formats without harmful content; None is a user's own JSON lines."""

Format = Annotated[str, AfterValidator(partial(entry, "format"))]


class LeftOut(Strict):
    """What is left out.

    Attributes:
        categories: Categories by name.
    """

    categories: list[str] = later([])


class Wanted(Strict):
    """Which items of a data set are wanted.

    Attributes:
        format: The form that the data are published in: a row ``format`` of
            ``mirage.plan.entries``, or your own reader as ``package.module:function``; none for
            JSON lines of your own. ``path`` is then the folder of the download.
        file: Its file, where the format has several or yours is called otherwise.
        pick: Parts of the data that the format knows (docs/published_data.md); all or its usual
            ones where none is named.
        categories: These categories alone.
        count: So many items, drawn with ``seed``; all where it is not given.
        seed: Of the draw.
        limit: For a trial: at most so many items, whatever ``count`` says.
        expect: How many items the publication has; ``mirage data check`` says where it differs.
    """

    format: Format | None = later(None)
    file: str | None = later(None)
    pick: list[str] = later([])
    categories: list[str] = later([])
    count: Positive | None = later(None)
    seed: Count = later(0)
    limit: Positive | None = later(None)
    expect: Positive | None = later(None)

    @model_validator(mode="after")
    def _belongs_to_a_format(self) -> Self:
        given = [
            key for key in ("file", "pick", "categories", "count", "seed") if getattr(self, key)
        ]
        if self.format is None and given:
            raise ValueError(f"{given[0]} needs a format; JSON lines of your own are read whole")
        return self


class Part(Wanted):
    """One part of a recipe's data.

    Attributes:
        path: The folder of the download; without a format a ``.jsonl`` file, or a folder with
            ``samples.jsonl``.
        images: Each item's own pictures, one ``black`` picture instead, or ``none``.
        hold_out: What no item may belong to.
    """

    path: str
    images: Literal["own", "black", "none"] = later("own")
    hold_out: LeftOut = later(LeftOut())

    @model_validator(mode="after")
    def _own_lines_as_they_are(self) -> Self:
        if self.format is None and (self.images != "own" or self.hold_out.categories):
            raise ValueError("images and hold_out need a format; write your own lines as you mean")
        return self


def default_harmful(plain: Any, formats: list[Any]) -> Any:
    """Fills in ``harmful`` where a block does not say: all but a few formats are."""
    if any(each not in HARMLESS for each in formats):
        return {"harmful": True, **plain}
    return plain
