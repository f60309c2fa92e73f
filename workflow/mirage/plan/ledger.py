"""Claims and published contrasts: sources in ``reports/`` that a study's scores depend on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from mirage.plan.compose import Conf
from mirage.plan.problems import Problem
from mirage.plan.schema.claims import Claims, PaperContrasts, Quantity, Term
from mirage.plan.variants import BASE
from mirage.plan.wording import Block, check

SOURCES = {"claims": "claims.yaml", "nano_vs_paper": "paper_contrasts.yaml"}
"""Table -> the file it needs."""


@dataclass(frozen=True)
class Ledger:
    """What a study checks its scores against; None where it shows no such table."""

    claims: Claims | None = None
    contrasts: PaperContrasts | None = None


def read_ledger(conf: Conf, tables: Sequence[str]) -> tuple[Ledger, list[Problem]]:
    """Reads and validates the sources that a study's tables need.

    Returns:
        The ledger, each file with the hash of its bytes, and all problems.
    """
    problems: list[Problem] = []
    claims = _read(conf, Claims, "claims", problems) if "claims" in tables else None
    wanted = "nano_vs_paper" in tables
    contrasts = _read(conf, PaperContrasts, "nano_vs_paper", problems) if wanted else None
    for table, key, quantity in [*_of_claims(claims), *_of_contrasts(contrasts)]:
        for term in quantity.terms:
            problems += _term_problems(conf, f"reports/{SOURCES[table]}", key, term)
    return Ledger(claims, contrasts), problems


def _of_claims(claims: Claims | None) -> Iterator[tuple[str, str, Quantity]]:
    """Yields (table, key, quantity) of every number that a claim reads."""
    for name, claim in claims.claims.items() if claims else ():
        for part in claim.parts:
            yield "claims", f"claims.{name}.{part.id}", part.quantity
        for beside in claim.beside:
            yield "claims", f"claims.{name}.{beside.id}", beside.quantity


def _of_contrasts(contrasts: PaperContrasts | None) -> Iterator[tuple[str, str, Quantity]]:
    for each in contrasts.contrasts if contrasts else ():
        if each.quantity is not None:
            yield "nano_vs_paper", f"contrasts.{each.id}", each.quantity


def _read(conf: Conf, kind: type[Block], table: str, problems: list[Problem]) -> Block | None:
    path, file = conf.reports / SOURCES[table], f"reports/{SOURCES[table]}"
    try:
        text = path.read_bytes()
        plain = yaml.load(text, Loader=yaml.CSafeLoader)
    except FileNotFoundError:
        told = f"is missing. Get it back with: git checkout {file}"
        problems.append(Problem(file, "", told))
        return None
    except (yaml.YAMLError, UnicodeDecodeError) as wrong:
        problems.append(Problem(file, "", f"not valid YAML ({' '.join(str(wrong).split())})."))
        return None
    if isinstance(plain, dict):
        plain["sha256"] = hashlib.sha256(text).hexdigest()
    block, wrong_keys = check(kind, plain, file, Path(file).stem, None)
    problems += wrong_keys
    return block


def _term_problems(conf: Conf, file: str, key: str, term: Term) -> list[Problem]:
    problems = conf.missing("suite", term.suite, file, key)
    for recipe in {term.recipe, term.held_out_by or BASE} - {BASE}:
        problems += conf.missing("recipe", recipe, file, key)
    return problems + (conf.missing("model", term.model, file, key) if term.model else [])
