"""The nano language: its committed word list, and the check that nothing leaves it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files

from mirage.contracts import DataError, Sample, TrainSample

DATA_FILES = ("data/vocabulary.txt",)


@lru_cache(maxsize=1)
def vocabulary() -> tuple[str, ...]:
    """Returns every word of the nano language, sorted; one word is one token."""
    text = files("mirage.world").joinpath("data/vocabulary.txt").read_text(encoding="utf-8")
    return tuple(text.split())


def check_words(rows: Iterable[Sample]) -> None:
    """Checks that questions and answers use known words only.

    Raises:
        DataError: The first unknown word and the sample it stands in.
    """
    known = set(vocabulary())
    for row in rows:
        text = f"{row.question} {row.answer}" if isinstance(row, TrainSample) else row.question
        if unknown := sorted(set(text.split()) - known):
            raise DataError(
                f"{row.id} uses words outside the nano language: {', '.join(unknown)}. "
                "Add them to workflow/mirage/world/data/vocabulary.txt (bases are then retrained)."
            )
