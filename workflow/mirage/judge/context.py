"""What a judge may ask for beside rows and options: by an argument called ``context``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mirage.contracts import Sample
from mirage.pictures import PictureFile, Pictures, SamplePictures

PAID = "paid"
"""Below the work folder: what judges were told for money. No command removes it."""


@dataclass(frozen=True)
class JudgeContext:
    """What surrounds a judge. It is given all rows at once and keeps what it hears itself.

    Attributes:
        name: The judge's name.
        paid: Folder of its own that outlives jobs, for what must not be asked twice.
        pictures: Returns the pictures of a sample, in the order the model saw them.
        log: Takes a line of progress.
    """

    name: str
    paid: Path
    pictures: Callable[[Sample], Sequence[PictureFile]]
    log: Callable[[str], None]


def pictures_of(
    suites: Mapping[str, Path], images: Path | None
) -> Callable[[Sample], Sequence[PictureFile]]:
    """Returns what finds the pictures of a sample.

    Args:
        suites: Suite -> folder of its ``samples.jsonl``.
        images: Folder of the shared pictures; None where there are none.
    """
    shared = Pictures(images) if images else None
    places = {name: SamplePictures(folder, shared) for name, folder in suites.items()}

    def find(sample: Sample) -> list[PictureFile]:
        return [places[sample.suite].file(name) for name in sample.images]

    return find
