"""The models of a planned study as evidence has them: what decided each, and by which code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from mirage.cli.cells import base_of
from mirage.context import ConfigError
from mirage.evidence import read_header
from mirage.files import canonical
from mirage.harmful import is_harmful
from mirage.model_card import ModelCard
from mirage.plan.artifact import Manifest
from mirage.plan.committed import origins
from mirage.plan.frozen_plan import Frozen
from mirage.plan.job import Job
from mirage.plan.state import finished

ROLES: Final = ("models", "responses", "verdicts")
DECIDED: Final = ("models", "settings", "base", "suites", "judge")
Codes = Mapping[str, Sequence[str]]
"""Model without its seed -> versions of the code of tune and respond."""


@dataclass(frozen=True)
class PackedModel:
    """A model of a plan, and the three jobs that its evidence comes from.

    Attributes:
        key: Of its experiment.
        base: Digest of its released base, None of one that its run trained.
        code: Versions of the code of tune and respond.
        suites: Name -> settings of every suite that it answers.
        committed: What evidence says of a model that was taken from it.
    """

    card: ModelCard
    tuned: Job
    answered: Job
    judged: Job
    key: str
    base: str | None
    code: list[str]
    suites: Mapping[str, Any]
    committed: Mapping[str, Any] | None

    def whole(self, store: Path) -> bool:
        """Whether all three are finished."""
        jobs = (self.tuned, self.answered, self.judged)
        return all(finished(store / job.folder, job) for job in jobs)

    def built(self, store: Path) -> dict[str, str]:
        """Name -> digest of the payload of every suite that it answered."""
        folders = [store / folder for folder in self.answered.parents["suites"]]
        digests = [Manifest.read(folder).payload for folder in folders]
        return dict(zip(self.suites, digests, strict=True))

    def about(self, store: Path) -> dict[str, Any]:
        """What the header says of it; of a model from committed evidence, what that said.

        Raises:
            ConfigError: That has answers to suites that are not asked any more.
        """
        if self.committed:
            if lost := sorted({*self.committed["suites"]} - {*self.suites}):
                raise ConfigError(
                    f"{self.card} has committed answers to suites that the study asks no more "
                    f"({', '.join(lost)}): packed anew they would be lost. Leave its file as it is."
                )
            return {**self.committed, "suites": list(self.suites)}
        made = Manifest.read(store / self.tuned.folder)
        answers = self.answered
        return {
            "key": self.key,
            "suites": list(self.suites),
            "platform": [self.tuned.platform, answers.platform],
            "code": self.code,
            "run": answers.id,
            "base": base_of(store, made),
            "commit": made.provenance.get("commit"),
        }

    @property
    def harmful(self) -> list[str]:
        """Suites that it answers whose data are marked as harmful."""
        return [name for name, settings in self.suites.items() if is_harmful(settings)]

    @property
    def decided(self) -> dict[str, str]:
        """What makes a plan another one than its study file says, in the order it is told."""
        values = (self.card.name, self.key, self.base, self.suites, self.judged.settings)
        return dict(zip(DECIDED, map(canonical, values), strict=True))


def models_of(plan: Frozen) -> list[PackedModel]:
    """Returns the models of a plan; evidence itself says base and code of those taken from it."""
    (report,) = [plan.jobs[folder] for folder in plan.reports]
    jobs = [[plan.jobs[folder] for folder in report.parents[role]] for role in ROLES]
    models = []
    read = cache(read_header)  # many models, one file
    for plain, tuned, answered, judged in zip(report.settings["models"], *jobs, strict=True):
        card = ModelCard.from_json(plain)
        if tuned.kind == "record":
            path = Path(*tuned.external.values())
            bases, codes = origins(path, header := read(path))
            base, code, then = bases[card.config], codes[card.name], header["models"][card.name]
        else:
            start = plan.jobs[tuned.parents["base"][0]] if "base" in tuned.parents else tuned
            base, then = start.settings["model"].get("digest"), None
            code = [tuned.code, answered.code]
        folders = zip(answered.settings["suites"], answered.parents["suites"], strict=True)
        suites = {name: plan.jobs[folder].settings for name, folder in folders}
        key = plan.experiments[card.name]
        models.append(PackedModel(card, tuned, answered, judged, key, base, code, suites, then))
    return models


def differing(found: Sequence[PackedModel], wanted: Sequence[PackedModel]) -> str:
    """Returns in words what of a plan's models is not as it should be; empty if all is."""
    ours, theirs = ({each.card.name: each.decided for each in some} for some in (found, wanted))
    for what in DECIDED:
        names = [n for n in {**theirs, **ours} if _of(ours, n, what) != _of(theirs, n, what)]
        if names:
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            return f"other {what} ({names[0]}{more})"
    return ""


def _of(models: Mapping[str, Mapping[str, str]], name: str, what: str) -> str | None:
    return models[name][what] if name in models else None


def code_notes(made: Mapping[int, Codes], present: Codes) -> list[str]:
    """Returns a line for what other code made than the present, or than made other seeds.

    Args:
        made: Seed -> code by which its models were made.
        present: The code of today.
    """
    lines = []
    for at, stage in enumerate(("tune", "respond")):
        older = [
            f"s{seed}"
            for seed, codes in made.items()
            if any(code[at] != present.get(name, code)[at] for name, code in codes.items())
        ]
        if older:
            lines.append(f"warning: {stage} of {', '.join(older)} ran by other code than today's")
        for name in present:
            groups: dict[str, list[str]] = {}
            for seed, codes in made.items():
                if name in codes:
                    groups.setdefault(codes[name][at], []).append(f"s{seed}")
            if len(groups) > 1:
                apart = " | ".join(", ".join(seeds) for seeds in groups.values())
                lines.append(f"warning: {stage} of {name} ran by other code among seeds: {apart}")
                break  # the other models most likely alike
    return lines


def without_seed(name: str) -> str:
    """Returns a model's name without its last part, the seed."""
    return name.rpartition("-s")[0]
