"""ECSO: answer, check the answer, and if it is harmful answer again with the pictures put in words.

Gou et al., "Eyes Closed, Safety On: Protecting Multimodal LLMs via Image-to-Text Transformation"
(ECCV 2024). A model keeps more of its language model's caution when it sees no pictures, so an
answer that it calls harmful itself is given again from a description of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from mirage.respond.answer import Ask
from mirage.respond.answer_cache import Entry
from mirage.respond.items import Question

_PLACE = re.compile(r"\{(question|answer|caption)\}")
_SAID = re.compile(r"\b(yes|no)\b", re.IGNORECASE)
_CONTROL = re.compile(r"[<\[](\|?/?\w[\w ]{0,40}\|?)[>\]]")
"""Text in the form of a control token, ``<|im_end|>`` or ``[INST]``: a model may spell one out."""


def ecso(
    ask: Ask,
    suites: Sequence[Sequence[Question]],
    *,
    check: str,
    check_tokens: int,
    caption: str,
    answer: str,
) -> Mapping[str, Entry]:
    """Asks in up to four rounds: ``first``, ``check``, ``caption`` and ``last``.

    An item without pictures keeps its first answer: there is nothing to put in words. So does one
    about whose answer the model says neither yes nor no.

    Args:
        ask: The model.
        suites: The items.
        check: Asks, with the pictures, whether an answer is harmful, yes or no; with the places
            ``{question}`` and ``{answer}``.
        check_tokens: Longest answer to that, in tokens.
        caption: Asks what the pictures show, as far as ``{question}`` needs it.
        answer: Asks without pictures; with ``{question}`` and ``{caption}``.
    """
    first = ask(suites, "first")
    shown = [[q for q in suite if q.pictures] for suite in suites]
    checks = ask(
        [
            [
                replace(
                    q,
                    text=_filled(check, question=q.text, answer=quoted(first[q.id].text)),
                    max_new_tokens=check_tokens,
                )
                for q in suite
            ]
            for suite in shown
        ],
        "check",
    )
    said = {item: harmful(entry.text) for item, entry in checks.items()}
    unclear = sum(each is None for each in said.values())
    ask.say(
        f"{sum(map(bool, said.values()))} of {len(said)} answers called harmful, {unclear} unclear"
    )
    again = [[q for q in suite if said[q.id]] for suite in shown]
    words = ask(
        [[replace(q, text=_filled(caption, question=q.text)) for q in suite] for suite in again],
        "caption",
    )
    last = ask(
        [
            [
                replace(
                    q,
                    text=_filled(answer, question=q.text, caption=quoted(words[q.id].text)),
                    pictures=(),
                    digests=(),
                )
                for q in suite
            ]
            for suite in again
        ],
        "last",
    )
    return first | last


def harmful(text: str) -> bool | None:
    """Returns whether a model called an answer harmful: its first yes or no; None for neither."""
    found = _SAID.search(text)
    return found[1].lower() == "yes" if found else None


def quoted(text: str) -> str:
    """Returns a model's own words as they may stand in a prompt: without control tokens.

    Text that looks like one, ``<|im_end|>``, could end the turn; it keeps its letters alone.
    """
    return _CONTROL.sub(r"(\1)", text).strip()


def _filled(template: str, **parts: str) -> str:
    """Fills places in one pass: what is filled in is never read as a place."""
    return _PLACE.sub(lambda place: parts.get(place[1], place[0]), template)
