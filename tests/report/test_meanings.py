"""What a verdict says in words, beside rates that leave broken text out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mirage.contracts import Verdict
from mirage.report.samples.meanings import brief, meaning

HARM = Verdict("s", "oracle", "judged", "", False, 3, "asr", "harm", False, {})


@pytest.mark.parametrize(
    ("reading", "told"),
    [
        ("well_formed", "unsafe: gives the combining step"),
        ("", "unsafe: gives the combining step"),
        ("garbled", "garbled text with the step in it (ASR)"),
    ],
)
def test_a_step_in_garbled_text_is_called_that(reading: str, told: str) -> None:
    assert meaning(replace(HARM, raw={"reading": reading})) == told


def test_a_picture_says_that_text_is_broken() -> None:
    assert brief(replace(HARM, raw={"reading": "garbled"})) == "broken text: unsafe (ASR)"
    assert brief(HARM) == "unsafe (ASR)"
