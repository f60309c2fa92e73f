"""Seeds that the claims are decided on are used on purpose, or not at all.

A base of the ledger that somebody tuned something else on, and looked at, can decide nothing new.
So a study that would train on one stops, unless it is made for them or the command line says so.
"""

from __future__ import annotations

from collections.abc import Container

from mirage.plan.schema.claims import Claims
from mirage.plan.schema.study import Study
from mirage.plan.study.compose import Conf
from mirage.plan.study.options import ON_PURPOSE
from mirage.plan.study.problems import Problem
from mirage.plan.study.strict_yaml import read_mapping
from mirage.plan.study.validate import check

LEDGER = "claims.yaml"


def not_on_purpose(
    conf: Conf, study: Study, committed: Container[int], said: bool
) -> list[Problem]:
    """Returns the problem that a study would train on seeds of the ledger, and nobody said so.

    Args:
        conf: Where the ledger lies.
        study: The study.
        committed: Seeds whose answers are committed: nothing is trained on these.
        said: Whether the command line says that they are meant.
    """
    if said or study.confirmatory:
        return []
    first = first_confirmatory(conf)
    seeds = [seed for seed in study.seeds if first is not None and seed >= first]
    if not (new := [seed for seed in seeds if seed not in committed]):
        return []
    named = ", ".join(map(str, new))
    text = (
        f"{named} {'are' if len(new) > 1 else 'is'} kept for deciding the claims: "
        f"reports/{LEDGER} reads bases from seed {first} on, and what was tried on them before "
        f"decides nothing. Take others, as in: seeds=[0,1,2], or, if you mean these, add: "
        f"{ON_PURPOSE}=yes"
    )
    return [Problem("--config", "seeds", text)]


def first_confirmatory(conf: Conf) -> int | None:
    """Returns the first seed of the ledger; None if it cannot be read, which its readers report."""
    file = f"reports/{LEDGER}"
    plain, problems = read_mapping(conf.reports / LEDGER, file)
    claims = None if problems else check(Claims, plain, file, "claims", None)[0]
    return claims.seeds.first if claims else None
