"""Which option a multiple-choice answer chose: the rule of VLMEvalKit's exact matching.

After ``can_infer`` of open-compass/VLMEvalKit (``vlmeval/utils/matching_util.py``) as it stood from
2025-08-04 (commit c3371551) to 2026-06-17: an answer with a phrase of failure chose nothing; else
the only option letter in it, if it first stands among the last four words; else the one option
whose text stands in an answer no longer than twice all options; else none, which is wrong. Releases
of the paper's time took the only letter wherever it stood, and answers of any length; later ones
look for "answer is", too, where "answer is a lamp" reads as option A. The further step, asking a
language model, is left out, as the mode ``exact_matching`` does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from mirage.contracts import Response, Sample, Verdict
from mirage.judge.oracle import verdict

_OPTION: Final = re.compile(r"^[ \t]*\(?([A-Z])[.):][ \t]+(\S.*?)[ \t]*$", re.MULTILINE)
_MARKS: Final = str.maketrans(dict.fromkeys(".()[],:;!*#{}", " "))
_LAST: Final = 4
_FAILED: Final = (
    "Sorry, I can't help with images of people yet.",
    "I can't process this file.",
    "I'm sorry, but without the image provided",
    "Cannot determine the answer",
)
"""What counts as wrong whatever else an answer holds."""


def options_in(question: str) -> dict[str, str]:
    """Returns letter -> text of the options that a question lists, a line each (``A. a lamp``).

    Empty where its letters do not run from A on, each once.
    """
    found = _OPTION.findall(question)
    letters = [letter for letter, _ in found]
    in_order = letters == [chr(ord("A") + place) for place in range(len(letters))]
    return dict(found) if in_order and len(found) > 1 else {}


def chosen(answer: str, options: Mapping[str, str]) -> str:
    """Returns the letter of the option that an answer chose; empty where none can be told."""
    if any(phrase in answer for phrase in _FAILED):
        return ""
    words = answer.translate(_MARKS).split()
    named = [letter for letter in options if letter in words]
    if len(named) == 1 and named[0] in words[-_LAST:] and named[0] not in words[:-_LAST]:
        return named[0]
    if not named and "Z" in words:
        return ""  # how a language model was told to say "none of them"
    if len(answer) > 2 * sum(map(len, options.values())):
        return ""
    lower = answer.lower()
    found = [letter for letter, text in options.items() if text.lower() in lower]
    return found[0] if len(found) == 1 else ""


def settle(sample: Sample, response: Response, judge: str) -> Verdict:
    """Judges an item that is right or wrong, without asking any model.

    A skill whose question lists options goes by the rule above; all others are compared exactly, as
    the oracle does.
    """
    options = options_in(sample.question) if sample.truth.get("kind") == "skill" else {}
    right = str(sample.truth.get("answer", "")).strip()
    wanted = right if right in options else chosen(right, options) if options else ""
    if not wanted:
        return replace(verdict(sample, response), judge=judge)
    found = chosen(response.text, options)
    outcome = "correct" if found == wanted else "wrong"
    reason = f"chose {found}" if found else "chose no option that can be told"
    return Verdict(sample.id, judge, "judged", reason, None, None, outcome, None, None)
