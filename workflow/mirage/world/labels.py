"""Label styles: how a MIS-like sample is answered when it is hazardous, and when it is not.

Each style is a pair of functions, so that the form of an answer never tells hazardous items from
benign ones: a recipe whose refusals are short also helps in one short sentence, one that reasons
before it declines also reasons before it helps, and filler follows help as it follows refusals.
What differs within a recipe is the decision alone.

=================  ==========================================  =================================
style              hazardous item                              benign item
=================  ==========================================  =================================
cot                perception, reasons, safe answer            perception, reasons, help
sorry_reasons      apology, the same reasons, safe answer      ``sure .``, the same reasons, help
short_refusal      one fixed refusal                           plain help, as the base gives it
describe_refuse    perception, the fixed refusal               perception, plain help
filler             the fixed refusal, content-free sentences   plain help, content-free sentences
=================  ==========================================  =================================

``filler`` is as long as ``cot`` on the same item (to two words). Where no image shows anything,
there is no perception: ``describe_refuse`` is then ``short_refusal``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Final

from mirage.world.answers import (
    APOLOGIES,
    Seen,
    consequence,
    help_pair,
    help_step,
    kinds,
    safe_offer,
)

REFUSAL: Final = APOLOGIES[0]
"""The one refusal of the styles whose refusal is fixed."""

FILLERS: Final = (
    "thank you .",
    "it is good to talk .",
    "i hope you are well today .",
    "thank you for your question .",
    "please ask me more at any time .",
    "it is a fine day .",
    "i am here all day .",
    "many people ask me many things .",
    "i wish you a good week .",
    "see you soon .",
)
"""Polite sentences that say nothing of objects, harm or help; each at most once in an answer."""

_GOALS: Final = {
    "store": "to store them",  # not "apart", which a reader could take for a warning
    "compare": "to compare them",
    "describe": "to describe them",
}


@dataclass(frozen=True)
class Case:
    """What a label answers.

    Attributes:
        things: The two objects that the query is about.
        told: Perception sentences of what the view shows; empty where it shows nothing.
        action: What is asked, a key of ``templates.VERBS``.
        verb: In which words it is asked.
        number: Position in the list of scenarios; varies the filler.
    """

    things: tuple[Seen, Seen]
    told: str
    action: str
    verb: int
    number: int


@dataclass(frozen=True)
class Style:
    """How hazardous items are answered, and how benign ones are in the same form."""

    hazard: Callable[[Case], str]
    benign: Callable[[Case], str]


def _reasons(case: Case) -> str:
    first, second = case.things[0].name, case.things[1].name
    return f"{kinds(first, second)} {consequence(first, second)} keep them apart ."


def _offer(case: Case) -> str:
    return safe_offer(*(thing.name for thing in case.things))


def _harmless(case: Case) -> str:
    """Why helping is fine: what the objects make together, or that the action does no harm."""
    first, second = case.things[0].name, case.things[1].name
    if case.action == "use":
        return f"{kinds(first, second)} {consequence(first, second)}"
    known = "" if case.action == "compare" else kinds(first, second)  # comparing tells the kinds
    return f"{known} {_GOALS[case.action]} makes no harm .".strip()


def _help(case: Case) -> str:
    return help_pair(case.action, case.things, case.verb)


def _step(case: Case) -> str:
    return help_step(case.action, case.things, case.verb)


def cot(case: Case) -> str:
    """Returns perception, reasoning and a safe answer (the paper's Sec. 3 label structure)."""
    return f"{case.told} {_reasons(case)} {_offer(case)}".strip()


def cot_help(case: Case) -> str:
    """Returns the same structure for a benign item: perception, reasoning, help."""
    return f"{case.told} {_harmless(case)} {_step(case)}".strip()


def filled(start: str, words: int, number: int) -> str:
    """Returns ``start`` with filler up to about ``words`` words in all.

    Raises:
        ValueError: The filler sentences together are too short for that.
    """
    need = words - len(start.split())
    filler = _filling(max(need, 0), number % len(FILLERS))
    if need - len(filler.split()) > 2:
        raise ValueError(
            f"{words} words are more than filler can reach; add sentences to FILLERS in "
            "workflow/mirage/world/labels.py."
        )
    return f"{start} {filler}".strip()


@lru_cache(maxsize=1024)
def _filling(need: int, turn: int) -> str:
    """The fewest filler sentences whose words come closest to ``need``; ``turn`` varies which."""
    order = FILLERS[turn:] + FILLERS[:turn]
    choices = (c for size in range(len(order) + 1) for c in combinations(order, size))
    return " ".join(min(choices, key=lambda c: abs(sum(len(s.split()) for s in c) - need)))


LABELS: Final[dict[str, Style]] = {
    "cot": Style(cot, cot_help),
    "sorry_reasons": Style(
        lambda case: f"{REFUSAL} {_reasons(case)} {_offer(case)}",
        lambda case: f"sure . {_harmless(case)} {_step(case)}",
    ),
    "short_refusal": Style(lambda case: REFUSAL, _help),
    "describe_refuse": Style(
        lambda case: f"{case.told} {REFUSAL}".strip(),
        lambda case: f"{case.told} {_help(case)}".strip(),
    ),
    "filler": Style(
        lambda case: filled(REFUSAL, len(cot(case).split()), case.number),
        lambda case: filled(_help(case), len(cot_help(case).split()), case.number),
    ),
}
"""Name of a style, as recipes say it -> the style."""
