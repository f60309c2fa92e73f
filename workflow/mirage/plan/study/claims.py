"""Claims and published contrasts: sources in ``reports/`` that a study's scores depend on."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from mirage.model_card import BASE
from mirage.plan.schema.claims import Claims, PaperContrasts, Quantity, Term
from mirage.plan.schema.own_claims import OwnClaims
from mirage.plan.schema.score import Score
from mirage.plan.study import own_claims
from mirage.plan.study.compose import Conf
from mirage.plan.study.hold_out import categories
from mirage.plan.study.options import Options
from mirage.plan.study.problems import Problem, unknown
from mirage.plan.study.strict_yaml import read_mapping
from mirage.plan.study.validate import Block, check
from mirage.vocabulary import CORNERS, METRICS, SEPARATION

CLAIMS, CONTRASTS = "claims.yaml", "paper_contrasts.yaml"

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
    """What a study checks its scores against; None where it shows no such table.

    Attributes:
        claims: The suite's ledger, or a user's own.
        needs: The gates that claims of a user's own need.
    """

    claims: Claims | None = None
    contrasts: PaperContrasts | None = None
    needs: Mapping[str, list[str]] = field(default_factory=dict)

    def asked_in(self, score: Score) -> Score:
        """Returns the settings of scores with the gates of a user's claims beside the suite's."""
        return score.model_copy(update={"needs": {**score.needs, **self.needs}})

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


def read_ledger(
    conf: Conf, tables: Sequence[str], gates: Collection[str] = ()
) -> tuple[Ledger, list[Problem]]:
    """Reads and validates the sources that a study's tables need.

    Args:
        conf: The folder of configurations.
        tables: What the study shows.
        gates: Ids of conf/score.

    Returns:
        The ledger, each file with the hash of its bytes (that of claims goes on over the file
        of conf/score, which says what gates they need), and all problems.
    """
    problems: list[Problem] = []
    is_own = own_claims.TABLE in tables
    claims = _read(conf, Claims, problems) if {"claims", own_claims.TABLE} & {*tables} else None
    own = _own(conf, claims, tables, gates, problems) if is_own and claims else None
    claims = own if is_own else claims
    wanted = not {"nano_vs_paper", "known_answers"}.isdisjoint(tables)
    contrasts = _read(conf, PaperContrasts, problems) if wanted else None
    file = own_claims.where(conf) if is_own else f"reports/{CLAIMS}"
    read = [(file, *each) for each in _of_claims(claims)]
    read += [(f"reports/{CONTRASTS}", *each) for each in _of_contrasts(contrasts)]
    for file, key, quantity in read:
        for term in quantity.terms:
            problems += _term_problems(conf, file, key, term)
    if own is None:
        return Ledger(claims, contrasts), problems
    plain = Claims.model_validate(own.model_dump(exclude={"needs"}))
    return Ledger(plain, contrasts, own.needs), problems


def _own(
    conf: Conf,
    suite: Claims,
    tables: Sequence[str],
    gates: Collection[str],
    problems: list[Problem],
) -> OwnClaims | None:
    """The ledger of a user's folder; the suite's says which bases were read."""
    lacking = own_claims.missing(conf, tables)
    problems += lacking
    own = _read(conf, OwnClaims, problems) if not lacking else None
    problems += own_claims.rule_problems(conf, own, suite, gates) if own else []
    return own


def _of_claims(claims: Claims | None) -> Iterator[tuple[str, Quantity]]:
    """Yields (key, quantity) of every number that a claim reads."""
    for name, claim in claims.claims.items() if claims else ():
        for part in claim.parts:
            yield f"claims.{name}.{part.id}", part.quantity
        for beside in claim.beside:
            yield f"claims.{name}.{beside.id}", beside.quantity
        if claim.counterpart is not None:
            yield f"claims.{name}.counterpart", claim.counterpart.quantity


def _of_contrasts(contrasts: PaperContrasts | None) -> Iterator[tuple[str, Quantity]]:
    for each in contrasts.contrasts if contrasts else ():
        if each.quantity is not None:
            yield f"contrasts.{each.id}", each.quantity


def _read(conf: Conf, kind: type[Block], problems: list[Problem]) -> Block | None:
    name = CONTRASTS if kind is PaperContrasts else CLAIMS
    path, file = conf.reports / name, f"reports/{name}"
    if kind is OwnClaims and conf.extra is not None:
        path, file = conf.extra / "reports" / name, own_claims.where(conf)
    plain, unreadable = read_mapping(path, file)
    problems += unreadable
    if unreadable:
        return None
    decisive = [path]
    if kind is not PaperContrasts:
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
