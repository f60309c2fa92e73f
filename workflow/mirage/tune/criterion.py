"""Stopping where a recipe fits: when it answers training items of its own in their own class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from mirage.contracts import TrainSample
from mirage.own_items import own_items
from mirage.tune.data import Encoded
from mirage.tune.decode import MIN_ROWS, greedy
from mirage.tune.encoding import Encoding
from mirage.tune.objective import Objective

Shares = dict[str, float]
"""Label class -> percentage of its items that are answered in it."""

_TOGETHER, _LONGER = 128, 8
"""Items answered together; tokens that an answer may have beyond the longest label."""


@dataclass(frozen=True)
class Until:
    """When a run ends before its batches do.

    Attributes:
        check: Returns the shares of the model as it is now.
        every: Steps between two checks.
        at_least: Percentage that every class must reach.
        in_a_row: Checks, one after the other, at which they must.
    """

    check: Callable[[], Shares]
    every: int
    at_least: float
    in_a_row: int

    def met(self, checks: Sequence[Shares]) -> bool:
        """Tells whether the last checks of a run all say that it fits."""
        last = checks[-self.in_a_row :]
        return len(last) == self.in_a_row and all(
            share >= self.at_least for shares in last for share in shares.values()
        )


def until(
    settings: Mapping[str, float],
    shows: Callable[[TrainSample, str, bool], bool],
    rows: Sequence[TrainSample],
    objective: Objective,
    data: Encoded,
    encoding: Encoding,
) -> Until:
    """Returns the criterion of a run.

    Args:
        settings: The block ``until`` of the job's settings.
        shows: Whether an answer (item, text, whether it ended) is of its item's class.
        rows: The training set, in the order of ``data``.
        objective: The model that learns.
        data: The training set, encoded.
        encoding: What the model writes with.
    """
    places = {row.id: place for place, row in enumerate(rows)}
    asked = own_items(rows, int(settings["items"]))
    asked.sort(key=lambda row: (data.prompts[places[row.id]], row.id))
    limit = max(int(data.answers[places[row.id]]) for row in asked) + _LONGER

    def check() -> Shares:
        right: Counter[str] = Counter()
        for start in range(0, len(asked), _TOGETHER):
            some = asked[start : start + _TOGETHER]
            answers = _answers(objective, data, [places[row.id] for row in some], limit)
            ended = [answer[-1] in objective.ends for answer in answers]
            words = [a[:-1] if end else a for a, end in zip(answers, ended, strict=True)]
            for row, text, end in zip(some, encoding.decode(words), ended, strict=True):
                right[row.label] += shows(row, text, end)
        total = Counter(row.label for row in asked)
        return {label: 100 * right[label] / total[label] for label in sorted(total)}

    return Until(check, int(settings["every"]), settings["at_least"], int(settings["in_a_row"]))


@torch.no_grad()
def _answers(
    objective: Objective, data: Encoded, samples: Sequence[int], limit: int
) -> list[list[int]]:
    """Returns what the model answers to some samples, token ids with the end token."""
    rows = [*samples, *[samples[0]] * max(0, MIN_ROWS - len(samples))]
    width = max(int(data.prompts[row]) for row in rows)
    ids = np.full((len(rows), width), data.pad, dtype=np.int64)
    axes = np.zeros((data.axes - 1, len(rows), width), dtype=np.int64)
    for r, row in enumerate(rows):
        length = int(data.prompts[row])
        ids[r, width - length :] = data.ids[row][:length]
        axes[:, r, width - length :] = data.positions[row][1:, :length]
    model = objective.model.eval()
    shown = torch.tensor([tile for row in rows for tile in data.pictures[row]], dtype=torch.long)
    tiles = [count for row in rows for count in data.slots[row]]
    alone = [len(data.slots[row]) == 1 for row in rows for _ in data.slots[row]]
    tokens = torch.from_numpy(ids)
    embeddings = objective.embed(tokens, shown, tiles, alone)
    answers = greedy(
        model,
        tokens,
        embeddings,
        [limit] * len(rows),
        pad=data.pad,
        ends=objective.ends,
        axes=torch.from_numpy(axes) if len(axes) else None,
        reads=partial(objective.family.reads, model),
    )
    model.train()
    return answers[: len(samples)]
