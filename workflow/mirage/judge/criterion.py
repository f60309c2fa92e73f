"""The criterion that training stops at: an entry of the group ``criterion``."""

from __future__ import annotations

from dataclasses import replace

from mirage.contracts import Response, TrainSample
from mirage.judge.label_checks import fit
from mirage.judge.reading import read
from mirage.vocabulary import LABELS


def shows_own_class(sample: TrainSample, text: str, finished: bool) -> bool:
    """Tells whether an answer is of the class of its training item's label.

    Args:
        sample: The training item.
        text: What the model answers to its question.
        finished: Whether the answer came to its end.
    """
    truth = {"label": sample.label, "answer": sample.answer, "verbatim": sample.label not in LABELS}
    response = Response(sample.id, text, 0, "stop" if finished else "length")
    return fit(replace(sample, truth=truth), response, read(text))
