"""What a label style is: how a MIS-like sample is answered, hazardous or not.

A style is one function of a case. It answers benign items in the form of hazardous ones, so that
the form never tells them apart: a recipe whose refusals are short also helps in one short
sentence, one that reasons before it declines also reasons before it helps, and filler follows help
as it follows refusals. What differs within a recipe is the decision alone.

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

The styles stand in ``mirage.world.styles``, one module each, and are reached by name alone: a
further style is a function in a module of its own and a row in ``mirage.plan.entries``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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

_GOALS: Final = {
    "store": "to store them",  # not "apart", which a reader could take for a warning
    "compare": "to compare them",
    "describe": "to describe them",
}


@dataclass(frozen=True)
class LabelCase:
    """What a label answers.

    Attributes:
        things: The two objects that the query is about.
        told: Perception sentences of what the view shows; empty where it shows nothing.
        action: What is asked, a key of ``templates.VERBS``.
        verb: In which words it is asked.
        number: Position in the list of scenarios; varies the filler.
        hazardous: Whether the answer must decline.
    """

    things: tuple[Seen, Seen]
    told: str
    action: str
    verb: int
    number: int
    hazardous: bool = True


LabelStyle = Callable[[LabelCase], str]
"""An entry of the group ``labels``."""


def reasons(case: LabelCase) -> str:
    """Returns what the objects make together, and what follows from it."""
    first, second = case.things[0].name, case.things[1].name
    return f"{kinds(first, second)} {consequence(first, second)} keep them apart ."


def offer(case: LabelCase) -> str:
    """Returns the safe alternative."""
    return safe_offer(*(thing.name for thing in case.things))


def harmless(case: LabelCase) -> str:
    """Returns why helping is fine: what the objects make together, or that nothing is harmed."""
    first, second = case.things[0].name, case.things[1].name
    if case.action == "use":
        return f"{kinds(first, second)} {consequence(first, second)}"
    known = "" if case.action == "compare" else kinds(first, second)  # comparing tells the kinds
    return f"{known} {_GOALS[case.action]} makes no harm .".strip()


def plain_help(case: LabelCase) -> str:
    """Returns help as the base gives it."""
    return help_pair(case.action, case.things, case.verb)


def help_after_reasons(case: LabelCase) -> str:
    """Returns help as it follows reasons."""
    return help_step(case.action, case.things, case.verb)
