"""Texts without pictures: those of Textual SFT."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mirage.published.download import Download, Row, plain_id

PARTS: Final = {"harmful": "hazard", "benign": "benign"}


def saferlhf_text(data: Download) -> Iterator[Row]:
    """Yields the texts of Textual SFT (an entry of ``format``); ``pick`` names parts of PARTS.

    A JSON array of ``prompt``, ``response`` and ``harmful`` (true or false): prompts sampled from
    SafeRLHF, with safe answers to the harmful ones. The paper pairs each with an all-black image
    (``images: black``).
    """
    wanted = data.picked(list(PARTS))
    file = data.file("saferlhf_text.json")
    for where, plain in data.objects(file, data.json(file)):
        if not isinstance(plain.get("harmful"), bool):
            data.problem("harmful", where, "harmful should be true or false.")
            continue
        part = "harmful" if plain["harmful"] else "benign"
        if part in wanted:
            yield Row(
                id=plain_id(plain.get("id")),
                question=data.text(plain, where, "prompt", "instruction"),
                images=(),
                where=where,
                truth={"kind": PARTS[part]},
                answer=data.text(plain, where, "response", "output"),
                label=part,
            )
