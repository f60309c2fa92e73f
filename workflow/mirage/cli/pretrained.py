"""What a plan says of pretrained models: how they are tuned, and how they are shown pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mirage.plan.job import Job
from mirage.plan.minutes import seedless

Jobs = Mapping[str, Job]

NAMED = 3
"""Models that a line names before it counts the rest."""


def pretrained_lines(jobs: Jobs) -> list[str]:
    """Returns how recipes are tuned on imported bases, and where pictures are set.

    A difference between how pictures are cut in training and in the test stands here, since it
    changes results.
    """
    said: dict[str, list[str]] = {}
    for name, text in [*_tuned(jobs), *_shown(jobs)]:
        names = said.setdefault(text, [])
        names += [name] if name not in names else []
    return [f"{_first(names)}: {text}" for text, names in said.items()]


def _tuned(jobs: Jobs) -> Iterator[tuple[str, str]]:
    for job in _of_kind(jobs, "recipe"):
        base = jobs[job.parents["base"][0]]
        how = job.settings["recipe"]["tune"]
        if base.settings["model"].get("made") == "import" and how["epochs"]:
            text = f"{how['epochs']} epochs, peak rate {how['learning_rate']:g}"
            yield str(seedless(job.name)), text


def _shown(jobs: Jobs) -> Iterator[tuple[str, str]]:
    trained = {job.folder: job.settings.get("images", {}) for job in _of_kind(jobs, "recipe")}
    for job in _of_kind(jobs, "respond"):
        test = job.settings.get("images", {})
        train = trained.get(job.parents["model"][0], test)
        text = f"pictures in the test: {_words(test)}"
        if train != test:
            text = f"pictures in training: {_words(train)}; otherwise in the test: {_words(test)}"
        if train or test:
            yield str(seedless(job.name)), text


def _first(names: list[str]) -> str:
    """Returns the first names, and how many more there are."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _of_kind(jobs: Jobs, kind: str) -> Iterator[Job]:
    return (job for job in jobs.values() if job.kind == kind)


def _words(cut: Mapping[str, Any]) -> str:
    """Returns settings for pictures as ``tiles 6, share``; "its folder's" for none."""
    said = [key if value is True else f"{key} {value!r}" for key, value in cut.items()]
    return ", ".join(said) or "its folder's settings"
