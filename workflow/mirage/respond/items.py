"""What is asked: the items of a suite with the pictures they point at, checked and hashed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mirage.contracts import DataError, Sample, read_rows
from mirage.pictures import PictureFile, Pictures, SamplePictures

SAMPLES = "samples.jsonl"


@dataclass(frozen=True)
class Question:
    """One item as a model sees it.

    Attributes:
        id: The sample's id.
        suite: Name of its suite.
        text: The question.
        pictures: Files of the pictures, in the order the model sees them.
        digests: sha256 of each picture's bytes.
        where: File and line of the sample, for error sentences.
        max_new_tokens: Longest answer that is let through, in tokens.
    """

    id: str
    suite: str
    text: str
    pictures: tuple[PictureFile, ...]
    digests: tuple[str, ...]
    where: str
    max_new_tokens: int


def token_limit(limits: Mapping[str, int], suite: str) -> int:
    """Returns the longest answer in tokens for a suite, ``default`` where it is not named."""
    return limits.get(suite, limits["default"])


def read_suite(folder: Path, images: Path | None, limits: Mapping[str, int]) -> list[Question]:
    """Reads the items of one suite and hashes their pictures.

    Args:
        folder: The suite's artifact folder.
        images: The shared pictures, if there are any; ``SamplePictures`` says where others lie.
        limits: Suite name -> longest answer in tokens.

    Raises:
        DataError: A broken line or a missing picture; the text names the file and the line.
    """
    path = folder / SAMPLES
    place = SamplePictures(folder, Pictures(images) if images else None)
    digests: dict[PictureFile, str] = {}
    questions = []
    for number, sample in enumerate(read_rows(path, Sample), 1):
        where = f"{path}, line {number}"
        files = tuple(place.file(name) for name in sample.images)
        for file in files:
            if file not in digests:
                digests[file] = file.digest(where)
        questions.append(
            Question(
                id=sample.id,
                suite=sample.suite,
                text=sample.question,
                pictures=files,
                digests=tuple(digests[file] for file in files),
                where=where,
                max_new_tokens=token_limit(limits, sample.suite),
            )
        )
    return questions


def read_suites(
    folders: list[Path], images: Path | None, settings: Mapping[str, Any]
) -> list[list[Question]]:
    """Reads all suites of a job, in the plan's order.

    Raises:
        DataError: As ``read_suite``, or an id that stands in two suites.
    """
    suites = [read_suite(folder, images, settings["max_new_tokens"]) for folder in folders]
    seen: dict[str, str] = {}
    for question in (q for suite in suites for q in suite):
        if question.id in seen:
            raise DataError(
                f"{question.where}: id {question.id!r} stands in {seen[question.id]} already; "
                "ids must be unique over all suites of a study."
            )
        seen[question.id] = question.where
    return suites
