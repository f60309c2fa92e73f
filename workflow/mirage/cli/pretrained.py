"""What a plan says of pretrained models: how they are tuned, and how they are shown pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mirage.plan.frozen_plan import Frozen
from mirage.plan.job import Job
from mirage.plan.minutes import seedless


def pretrained_lines(plan: Frozen) -> list[str]:
    """Returns a line for each recipe on an imported base, and one where pictures are set.

    A difference between how pictures are cut in training and in the test stands here, since it
    changes results.
    """
    return list(dict.fromkeys([*_tuned(plan), *_shown(plan)]))


def _tuned(plan: Frozen) -> Iterator[str]:
    for job in _of_kind(plan, "recipe"):
        base = plan.jobs[job.parents["base"][0]]
        how = job.settings["recipe"]["tune"]
        if base.settings["model"].get("made") == "import" and how["epochs"]:
            rate = f"{how['learning_rate']:g}"
            yield f"{seedless(job.name)} is tuned for {how['epochs']} epochs, peak rate {rate}"


def _shown(plan: Frozen) -> Iterator[str]:
    trained = {job.folder: job.settings.get("images", {}) for job in _of_kind(plan, "recipe")}
    for job in _of_kind(plan, "respond"):
        test = job.settings.get("images", {})
        train = trained.get(job.parents["model"][0], test)
        name = seedless(job.name)
        if train != test:
            yield (
                f"{name} sees pictures differently in training ({_words(train)}) and in the test "
                f"({_words(test)})"
            )
        elif test:
            yield f"{name} sees pictures with {_words(test)}"


def _of_kind(plan: Frozen, kind: str) -> Iterator[Job]:
    return (job for job in plan.jobs.values() if job.kind == kind)


def _words(cut: Mapping[str, Any]) -> str:
    """Returns settings for pictures as ``tiles 6, share``; "its folder's" for none."""
    said = [key if value is True else f"{key} {value!r}" for key, value in cut.items()]
    return ", ".join(said) or "its folder's settings"
