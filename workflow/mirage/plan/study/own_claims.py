"""Claims of a user's own: read beside the suite's ledger, in studies of their own, never with it.

One study shows one ledger. So a family of Holm's rule never holds claims of both, the suite's file
and its hash stay as they are, and what is claimed after others' bases were read needs new bases.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from mirage.plan.schema.claims import Claims
from mirage.plan.schema.own_claims import OwnClaims
from mirage.plan.study.compose import Conf
from mirage.plan.study.problems import Problem, unknown

TABLE: Final = "own_claims"
"""What a study lists to show them; the suite's are ``claims``."""

FILE: Final = "claims.yaml"


def where(conf: Conf) -> str:
    """Returns the ledger's path for people."""
    return str(conf.extra / "reports" / FILE) if conf.extra else f"<folder>/reports/{FILE}"


def missing(conf: Conf, tables: Sequence[str]) -> list[Problem]:
    """Returns why a study cannot show a user's ledger: it shows the suite's too, or there is none.

    Args:
        conf: The folder of configurations.
        tables: What the study lists.
    """
    if "claims" in tables:
        text = (
            "lists claims and own_claims: a study shows one ledger, so that verdicts of yours and "
            "of the suite's are never corrected or read together. Take one out."
        )
        return [Problem("the study", "study.tables", text)]
    if conf.extra is None or not (conf.extra / "reports" / FILE).is_file():
        text = f"shows claims of your own, but there is no {where(conf)}. Name the folder: extra="
        return [Problem("the study", f"study.tables.{TABLE}", text)]
    return []


def rule_problems(
    conf: Conf, own: OwnClaims, suite: Claims, gates: Collection[str]
) -> list[Problem]:
    """Returns what a user's ledger may not say: bases that were read before, unknown gates.

    Args:
        conf: The folder of configurations.
        own: The user's ledger.
        suite: The suite's.
        gates: Ids of conf/score.
    """
    problems = []
    last = suite.seeds.listed()[-1]
    new = f"{{first: {last + 91}, n: 5}}"
    if own.seeds.first <= last:
        text = (
            f"bases up to {last} are for development, or were read for the suite's claims: what "
            f"is claimed after that is no prediction. Take new ones, as in {new}."
        )
        problems.append(Problem(where(conf), "claims.seeds", text))
    for name, needed in own.needs.items():
        for gate in needed:
            if gate not in gates:
                text = unknown("gate", gate, gates)
                problems.append(Problem(where(conf), f"claims.needs.{name}", text))
    return problems
