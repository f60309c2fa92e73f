"""Curves in MLflow while models still train, read from their checkpoints in the work folders."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from mirage.files import MANIFEST
from mirage.track.client import Tracker
from mirage.track.curves import SHOWN, one_chart
from mirage.track.family import Family, ModelRun
from mirage.track.records import Curves
from mirage.track.replay import known_families, only_writer, open_model, open_study, replay
from mirage.track.settings import Where

STATE: Final = "trainer_state.json"
"""What transformers' Trainer writes into each checkpoint; it holds the curve so far."""


@dataclass
class Tail:
    """The growing curves of a training, and how much of them was sent.

    Attributes:
        settings: Those of the training job.
        work: Folder of the job's tries, ``<try>/<phase>/checkpoint-<step>``.
        sent: Phase -> last step that was returned.
    """

    settings: Mapping[str, Any]
    work: Path
    sent: dict[str, int] = field(default_factory=dict)

    def fresh(self) -> Curves:
        """Returns the points that were not returned yet, under the names of the record's.

        A training that was killed goes on from its last checkpoint, so what was read once stays.
        """
        curves: Curves = {}
        for phase, history in self._histories().items():
            rows = [row for row in history if row["step"] > self.sent.get(phase, 0)]
            for row in rows:
                for value in (value for value in SHOWN if value in row):
                    curves.setdefault(f"{value}/{phase}", []).append((row["step"], row[value]))
            self.sent[phase] = max([row["step"] for row in rows], default=self.sent.get(phase, 0))
        return one_chart(curves, self.settings)

    def _histories(self) -> dict[str, list[dict[str, Any]]]:
        """Returns phase -> rows of the curve up to its newest checkpoint, over all tries."""
        histories: dict[str, list[dict[str, Any]]] = {}
        for path in self.work.glob(f"*/*/checkpoint-*/{STATE}"):
            try:
                history = json.loads(path.read_text(encoding="utf-8"))["log_history"]
                rows = [row for row in history if {"step", "loss"} <= row.keys()]
            except (OSError, ValueError, KeyError, TypeError, AttributeError):
                continue  # it is being written, or was just replaced by a newer one
            phase = path.parent.parent.name
            histories[phase] = max(histories.get(phase, []), rows, key=len)
        return histories


@dataclass
class Followed:
    """A model that trains.

    Attributes:
        family: The study that trains it.
        tail: Its curves.
        run: Its run, from its first point on.
    """

    family: Family
    model: ModelRun
    tail: Tail
    run: str | None = None


def follow(
    where: Where,
    study: str | None,
    every: float,
    say: Callable[[str], None],
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Shows curves until all models of the last plan are finished, then replays everything.

    Args:
        where: Store and tracking store.
        study: Follow this study only.
        every: Seconds between two looks.
        say: Told what is followed.
        pause: Waits some seconds; ctrl-C ends the waiting.

    Raises:
        ConnectionError: The tracking store cannot be reached.
    """
    with only_writer(where):  # it makes the experiment where there is none
        tracker = Tracker(where)
    tracker.check_place()
    training = [
        Followed(family, model, Tail(model.tune.settings, where.store / "work" / model.tune.id))
        for family in known_families(where, study)
        for model in family.models.values()
        if not model.asked and not _is_finished(model)
    ]
    say(f"track: following {len(training)} models; ctrl-C stops")
    try:
        while any(not _is_finished(each.model) for each in training):
            with tracker.reachable():
                for each in training:
                    send(tracker, each, say)
            pause(every)
    except KeyboardInterrupt:
        say("track: stopped following")
    replay(where, study, say)


def send(tracker: Tracker, one: Followed, say: Callable[[str], None]) -> None:
    """Sends what is new in one curve; the run stays open for the replay to complete."""
    curves = one.tail.fresh()
    if not curves:
        return
    if one.run is None:
        with only_writer(tracker.where):
            parent = str(open_study(tracker, one.family).info.run_id)
            there = tracker.models(parent).get(one.model.id)
            run = there or open_model(tracker, parent, one.model)
            one.run = str(run.info.run_id)
        say(f"track: {one.model.card['name']} has a curve")
    tracker.log_curves(one.run, curves)


def _is_finished(model: ModelRun) -> bool:
    return (model.store / model.folder / MANIFEST).is_file()
