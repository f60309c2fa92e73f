"""What the recipes of one model and seed start from: a base that is trained, or one that exists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from mirage.evidence import Evidence
from mirage.model_card import BASE, ModelCard
from mirage.plan.builder import Builder, Settings, Source, Trained, plain
from mirage.plan.committed import add_record, experiment_key, usable
from mirage.plan.data_jobs import add_train_data, sizes_of
from mirage.plan.engines import answering
from mirage.plan.entries import resolve
from mirage.plan.released import (
    ReleasedBase,
    base_settings,
    model_content,
    settings_digest,
    without_rhythm,
)
from mirage.plan.schema.model import Model
from mirage.plan.schema.study import Study
from mirage.plan.schema.suite import Suite
from mirage.plan.study.model_cards import base_card
from mirage.plan.study.resolve import Resolved

GATES = "gates"
"""The kind of suite that asks a base what its claims need."""

IMPORT_MINUTES = 0.2
"""Of a released base, which is only opened; its model's own minutes are those of training it."""


@dataclass
class Start:
    """A model and seed of a study; jobs are added when something needs them.

    A base all of whose recipes have committed answers is neither trained nor opened.
    """

    builder: Builder
    study: Resolved
    source: Source
    model: Model
    seed: int

    @cached_property
    def card(self) -> ModelCard:
        """The base's card."""
        return base_card(self.model, self.seed)

    @cached_property
    def folder(self) -> str:
        """The base."""
        if self.model.source is not None:
            return self._imported("import", str(self.model.source.digest), self.model.source.path)
        if self.released:
            return self._imported("released", self.released.digest, self.released.path)
        assert self.data is not None
        return self.from_scratch(self.card, [self.data])

    @cached_property
    def data(self) -> str | None:
        """What bases are trained on; None for a model that is imported."""
        if self.model.made == "import":
            return None
        sizes = sizes_of(self.study, BASE)
        mix = {"recipe": {"name": BASE, "data": {"source": BASE}}, "build": sizes}
        return add_train_data(self.builder, self.source, BASE, self.model, self.seed, mix)

    @property
    def released(self) -> ReleasedBase | None:
        """The released base, if the study imports it."""
        return imported_base(self.study, self.card)

    def trained(self) -> Trained:
        """Returns the base as a model of the study."""
        opens, card = model_entries(self.model), self.card
        evidence = self.evidence(card, [])
        folder = add_record(self.builder, card, evidence, {}, []) if evidence else self.folder
        needs, cut = self.model.resources.respond, pictures(self.model, "test")
        return Trained(folder, card, needs, opens, evidence=evidence, images=cut)

    def evidence(self, card: ModelCard, settings: Sequence[Any]) -> Evidence | None:
        """Returns the committed answers of a model, if they are of this very experiment.

        Args:
            card: The model.
            settings: What it is tuned on, and how.
        """
        parts = [card.name, self.seed, self._origin, *settings, answering(self.study)]
        parts += [cut] if (cut := pictures(self.model, "test")) else []
        key = experiment_key(*map(without_rhythm, parts))
        self.builder.experiments[card.name] = key
        committed = self.study.evidence.get(self.seed)
        used = usable(committed, card, key, asked_of(self.study, card))
        if committed and not used:
            self.builder.lacking.setdefault(self.seed, card.name)
        return used

    def from_scratch(self, card: ModelCard, data: list[str]) -> str:
        """Adds a base that is trained; with several data sets their samples are mixed."""
        model = self.model
        assert model.base is not None
        threads = model.base.threads
        return self.builder.add(
            stage="tune",
            kind="base",
            name=card.name,
            settings={"model": model_content(model), "seed": card.seed, "threads": threads},
            parents={"data": data, **self.source.images},
            threads=threads,
            resources=model.resources.base,
            entries={
                "base": resolve("base", "scratch"),
                "loss": resolve("loss", "tokens"),
                **model_entries(model),
            },
        )

    @property
    def _origin(self) -> str:
        """What identifies the base among experiments, whoever trained it."""
        if self.model.source is not None:
            return str(self.model.source.digest)
        return settings_digest(base_settings(self.model, self.study.world, self.study.build))

    def _imported(self, made: str, digest: str, path: object) -> str:
        """Adds a base that exists: its digest decides, not where it lies."""
        resources = self.model.resources.base
        if made == "released":
            resources = resources.model_copy(update={"minutes": IMPORT_MINUTES})
        return self.builder.add(
            stage="tune",
            kind="base",
            name=self.card.name,
            settings={"model": {"made": made, "digest": digest}, "threads": 1},
            parents={},
            resources=resources,
            entries={"base": resolve("base", made), **model_entries(self.model)},
            external={digest: str(path)},
            computes=False,
        )


def model_entries(model: Model) -> dict[str, str]:
    """Returns what opens a model: its class, and its encoding."""
    return {
        "family": resolve("family", str(model.architecture)),
        "encoding": resolve("encoding", model.encoding or f"nano_{model.architecture}"),
    }


def pictures(model: Model, side: Literal["train", "test"]) -> Settings:
    """Returns ``{"images": ...}`` where a model's pictures are not cut as its folder says."""
    cut = plain(getattr(model.images, side))
    return {"images": cut} if cut else {}


def imported_base(study: Resolved, card: ModelCard) -> ReleasedBase | None:
    """Returns the released base of a model's seed, if the study imports it."""
    known = study.released.get((card.config, card.seed))
    return known if study.study.bases != "scratch" else None


def asked_of(study: Resolved, card: ModelCard) -> list[str]:
    """Returns the suites of a study that a model answers, beside the one of its own items.

    A released base is not asked the gates again, whose results its provenance holds, unless there
    is nothing else to ask.
    """
    asked = [suite for suite in study.suites if answers_suite(study.study, suite, card)]
    rest = [suite for suite in asked if suite.kind != GATES]
    known = card.is_base and imported_base(study, card) and rest
    return [suite.name for suite in (rest if known else asked)]


def answers_suite(study: Study, suite: Suite, card: ModelCard) -> bool:
    """Tells whether a model answers a suite: its own file and the study must both say so."""
    if card.recipe not in study.answered_by.get(suite.name, [card.recipe]):
        return False
    if suite.models == "all":
        return not card.helper
    return card.recipe in suite.models
