"""Claims and published contrasts: sources in ``reports/`` that a study's scores depend on."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mirage.model_card import BASE
from mirage.plan.schema.claims import Claims, PaperContrasts, Quantity, Term
from mirage.plan.study.compose import Conf
from mirage.plan.study.hold_out import categories
from mirage.plan.study.options import Options
from mirage.plan.study.problems import Problem, unknown
from mirage.plan.study.strict_yaml import read_mapping
from mirage.plan.study.validate import Block, check
from mirage.vocabulary import CORNERS, METRICS, SEPARATION

SOURCES = {"claims": "claims.yaml", "nano_vs_paper": "paper_contrasts.yaml"}
"""Table -> the file it needs."""


TRUTHS = ("True", "False")
FACTS: Mapping[str, tuple[str, ...] | None] = {
    "level": ("L0", "L1"),
    "new_template": TRUTHS,
    "held_out_family": TRUTHS,
    "bridged": TRUTHS,
    "skill_class": tuple(
        f"{images} {part}"
        for images in ("text", "single", "multi")
        for part in ("taught", "held out")
    ),
    "format": (
        *("two", "one", "text", "black", "three", "four", "composite", "white", "related", "none"),
        *("intact", "masked", "shuffled", "swapped"),
        *("plain", "lead_in", "intent"),
    ),
    "cue": ("plain", "exaggerated", "negated", "counter_intuitive"),
    "style": ("pictogram", "sketch"),
    "situation": ("safe", "unsafe"),
    "wording": ("neutral", "explicit"),
    "category": categories(),
    **dict.fromkeys(("group", "sub_category", "kind", "hazard", "action", "family", "modality")),
}
"""Facts that ``where`` may ask for -> the values there are; None where any is let through."""

DECISIVE = [
    "score",
    "build",
    "world",
    "model",
    "tune",
    "respond",
    "recipe",
    "suite",
    "judge",
]
"""Groups whose settings can reach a verdict; those of track and report cannot."""

OF_STUDY = ("overrides", "axes", "exclude", "judges", "bases")
"""Keys of a study that change settings or bases; others choose models, seeds, suites, tables."""


@dataclass(frozen=True)
class Ledger:
    """What a study checks its scores against; None where it shows no such table."""

    claims: Claims | None = None
    contrasts: PaperContrasts | None = None

    def with_changes(self, changed: Sequence[str], seeds: Collection[int]) -> Ledger:
        """Returns the ledger with what makes its verdicts exploratory.

        Args:
            changed: Settings changed on the command line.
            seeds: Seeds of the study; without a confirmatory one there are no verdicts at all.
        """
        if self.claims is None or not changed or not self.claims.seeds.among(seeds):
            return self
        return replace(self, claims=self.claims.model_copy(update={"changed": list(changed)}))


def changed_settings(options: Options, defaults: Mapping[str, str]) -> list[str]:
    """Returns what the command line changes that could reach a verdict, as it was typed.

    Fewer recipes, seeds or suites are fine: what is then missing is told as not run.

    Args:
        options: The command line, with overrides of the study still among the others.
        defaults: Group -> default option.
    """
    changes = []
    if options.choices.get("world", defaults.get("world")) != defaults.get("world"):
        changes.append(f"world={options.choices['world']}")
    if "judges" in options.study:
        changes.append(f"judge={','.join(map(str, options.study['judges']))}")
    for text in options.overrides:
        group, key, *_ = [*re.split(r"[.@=/]", text.lstrip("+~")), ""]
        if group in DECISIVE or (group == "study" and key in OF_STUDY):
            changes.append(text)
    return changes


def read_ledger(conf: Conf, tables: Sequence[str]) -> tuple[Ledger, list[Problem]]:
    """Reads and validates the sources that a study's tables need.

    Returns:
        The ledger, each file with the hash of its bytes (that of the claims goes on over the file
        of conf/score, which says what gates they need), and all problems.
    """
    problems: list[Problem] = []
    claims = _read(conf, Claims, "claims", problems) if "claims" in tables else None
    wanted = not {"nano_vs_paper", "known_answers"}.isdisjoint(tables)
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
        if claim.counterpart is not None:
            yield "claims", f"claims.{name}.counterpart", claim.counterpart.quantity


def _of_contrasts(contrasts: PaperContrasts | None) -> Iterator[tuple[str, str, Quantity]]:
    for each in contrasts.contrasts if contrasts else ():
        if each.quantity is not None:
            yield "nano_vs_paper", f"contrasts.{each.id}", each.quantity


def _read(conf: Conf, kind: type[Block], table: str, problems: list[Problem]) -> Block | None:
    path, file = conf.reports / SOURCES[table], f"reports/{SOURCES[table]}"
    plain, unreadable = read_mapping(path, file)
    problems += unreadable
    if unreadable:
        return None
    decisive = [path]
    if kind is Claims:
        decisive.append(conf.root / "score" / "default.yaml")
    plain["sha256"] = hashlib.sha256(b"".join(p.read_bytes() for p in decisive)).hexdigest()
    block, wrong_keys = check(kind, plain, file, Path(file).stem, None)
    problems += wrong_keys
    return block


def _term_problems(conf: Conf, file: str, key: str, term: Term) -> list[Problem]:
    problems = conf.missing("suite", term.suite, file, key)
    for recipe in {term.recipe, term.held_out_by or BASE} - {BASE}:
        problems += conf.missing("recipe", recipe, file, key)
    problems += conf.missing("model", term.model, file, key) if term.model else []
    named = [
        ("metric", term.metric, (*METRICS, *SEPARATION)),
        ("corner", term.corner, (*CORNERS, "")),
    ]
    for fact, value in term.where.items():
        named.append(("key of where", fact, tuple(FACTS)))
        if (values := FACTS.get(fact)) is not None:
            named.append((f"value of where.{fact}", str(value), values))
    for what, name, known in named:
        if name not in known:
            problems.append(Problem(file, key, unknown(what, name, filter(None, known))))
    return problems
