"""Conversations with lists of pictures: MIS's training file, and general data as M4-Instruct.

A JSON array of ``image`` (a list or one path) and ``conversations``, which are turns of ``from``
and ``value``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from mirage.own_items import GENERAL_ID
from mirage.published.download import Download, Row, plain_id
from mirage.published.mis import label

MARK: Final = "<image>"
_LEADING: Final = re.compile(r"^(?:(?:Image-?\s*\d+\s*:)?\s*<image>\s*)+", re.IGNORECASE)
_TRAILING: Final = re.compile(r"(?:\s*<image>)+\s*$")
HUMAN: Final = ("human", "user")
MODEL: Final = ("gpt", "assistant")


def mis_train(data: Download) -> Iterator[Row]:
    """Yields the items of MIS's training file (an entry of ``format``): two pictures, one turn."""
    count = 2 if data.how.get("images", "own") == "own" else None
    for where, plain in _objects(data, "mis_train.json"):
        turns = _turns(plain)
        images = _images(plain)
        if turns is None or len(turns) != 1:
            data.problem("turns", where, "one turn of human and one of gpt are needed.")
            continue
        if count is not None and (images is None or len(images) != count):
            number = "no list of" if images is None else len(images)
            data.problem("images", where, f"{number} images; every item of MIS has two.")
            continue
        question = _unmarked(turns[0][0], len(images or ()))
        if question is None:
            data.problem("marks", where, f"other than {len(images or ())} marks {MARK}.")
            continue
        if not turns[0][1].strip():
            data.problem("answer", where, "its answer is empty.")
            continue
        if MARK not in turns[0][0]:
            data.note(f"items without marks {MARK}: pictures stand before the question")
        yield Row(
            id=plain_id(plain.get("id")),
            question=question,
            images=images or (),
            where=where,
            below=_below(data),
            category=label(data, plain.get("category")),
            sub_category=label(data, plain.get("sub_category")),
            truth={"kind": "hazard"},
            answer=turns[0][1].strip(),
            label="mis",
        )


def sharegpt(data: Download) -> Iterator[Row]:
    """Yields general questions and answers (an entry of ``format``), of conversations of one turn.

    What cannot be one question behind its pictures is left out and counted: further turns, a
    conversation that the model begins, videos, other marks than pictures. A mark inside the text
    becomes ``image 1`` and so on.
    """
    for where, plain in _objects(data, "m4_instruct_annotations.json"):
        turns, images = _turns(plain), _images(plain)
        if turns is None:
            data.note("conversations left out: not turns of human and gpt, human first")
        elif len(turns) != 1:
            data.note("conversations left out: more than one turn")
        elif images is None or "video" in plain:
            data.note("conversations left out: no list of pictures")
        elif (question := _unmarked(turns[0][0], len(images))) is None:
            data.note("conversations left out: other marks than pictures")
        elif not question or not turns[0][1].strip():
            data.note("conversations left out: an empty question or answer")
        else:
            yield Row(
                id=plain_id(plain.get("id", plain.get("sample_id"))),
                question=question,
                images=images,
                where=where,
                below=_below(data),
                answer=turns[0][1].strip(),
                label="general",
                prefix=GENERAL_ID,
            )


def _objects(data: Download, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    file = data.file(name)
    yield from data.objects(file, data.json(file))


def _below(data: Download) -> tuple[str, ...]:
    return (data.files[-1].parent.relative_to(data.root).as_posix(),)


def _images(plain: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Returns the pictures of a record; None where they are no paths."""
    given = plain.get("image", plain.get("images", []))
    names = [given] if isinstance(given, str) else given
    good = isinstance(names, list) and all(isinstance(name, str) and name for name in names)
    return tuple(names) if good else None


def _turns(plain: Mapping[str, Any]) -> list[tuple[str, str]] | None:
    """Returns what was asked and answered in turn; None where the turns are not of that form."""
    turns = plain.get("conversations", plain.get("messages"))
    if not isinstance(turns, list) or not turns or len(turns) % 2:
        return None
    said = []
    for number, turn in enumerate(turns):
        if not isinstance(turn, dict):
            return None
        who, text = turn.get("from", turn.get("role")), turn.get("value", turn.get("content"))
        if who not in (MODEL if number % 2 else HUMAN) or not isinstance(text, str):
            return None
        said.append(text)
    return list(zip(said[::2], said[1::2], strict=True))


def _unmarked(text: str, images: int) -> str | None:
    """Returns a question without marks for its pictures; None where their number is another.

    Pictures stand before the question in all our prompts. Marks at its beginning or end say no
    more than that; one inside the text becomes the name of its picture, ``image 2``.
    """
    if text.count(MARK) not in (0, images):
        return None
    first = _LEADING.match(text)
    number = first.group().count(MARK) if first else 0
    text = _TRAILING.sub("", text[first.end() :] if first else text)
    while MARK in text:
        number += 1
        text = text.replace(MARK, f"image {number}", 1)
    return text.strip()
