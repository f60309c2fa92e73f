"""What a report is made of, wherever it comes from: artifact folders or the tracking store."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from mirage.contracts import Sample, Verdict
from mirage.model_card import BASE, MATCHED, PUBLISHED_MODE, ModelCard
from mirage.plan.schema.exhibit import Exhibit
from mirage.plan.schema.report import Report
from mirage.report.scale import Scale, scale_of
from mirage.score.compute import Scores
from mirage.score.lengths import Length
from mirage.score.means import Mean
from mirage.score.rate_table import RateFile
from mirage.score.rates import Rate

Measure = Rate | Mean

SEEDS_IN_ROWS = 3
"""Seeds up to which tables have a row for each."""


@dataclass(frozen=True)
class StudyInfo:
    """The study that is reported.

    Attributes:
        trained: All models that are compared, in the order of the tables.
        exhibits: Id in the study's ``tables`` -> its tables and figures, in order.
        about: What the study is for, in words; told where numbers are not nano.
        published: Whether pages show the paper's values beside ours.
        gates: Gate -> what it asks, in words.
        released: Of each released base ``model``, ``seed``, ``platform`` and ``gates``, where the
            report compares them with the study's own.
        outside: Whether any suite is of data from outside the household world.
    """

    name: str
    mode: str
    trained: tuple[ModelCard, ...]
    suites: tuple[str, ...]
    exhibits: Mapping[str, Sequence[Exhibit]]
    judge: str = "oracle"
    about: str = ""
    published: bool = False
    gates: Mapping[str, str] = field(default_factory=dict)
    released: Sequence[Mapping[str, Any]] = ()
    outside: bool = False

    @cached_property
    def scale(self) -> Scale:
        """Whether its models are nano; words of pages, tables and figures follow it."""
        return scale_of(self)

    @cached_property
    def seeds(self) -> tuple[int, ...]:
        """All seeds, ascending."""
        return tuple(sorted({m.seed for m in self.trained}))

    @cached_property
    def configs(self) -> tuple[str, ...]:
        """All options of conf/model, in the order of the study."""
        return tuple(dict.fromkeys(m.config for m in self.trained))

    def answering(self, most: int) -> tuple[ModelCard, ...]:
        """Returns the models whose answers are shown one by one: whole seeds.

        All of the first seed, and of further ones up to ``most`` models: a page cannot hold the
        answers of hundreds, and tables have their rates.
        """
        seeds: list[int] = []
        for seed in self.seeds:
            if seeds and sum(m.seed in (*seeds, seed) for m in self.trained) > most:
                break
            seeds.append(seed)
        return tuple(m for m in self.trained if m.seed in seeds)

    @cached_property
    def recipes(self) -> tuple[ModelCard, ...]:
        """The first model of each recipe, in the order of the tables, the base left out."""
        first: dict[str, ModelCard] = {}
        for model in self.trained:
            first.setdefault(model.recipe, model)
        return tuple(model for model in first.values() if not model.is_base)

    @property
    def mode_shown(self) -> str:
        """The mode of the tables that compare recipes: the paper's, where any recipe has it."""
        modes = [m.mode for m in self.trained if not m.is_base]
        return MATCHED if modes and PUBLISHED_MODE not in modes else PUBLISHED_MODE

    @property
    def models(self) -> list[ModelCard]:
        """Rows of most tables: per architecture the base, then the recipes, each over all seeds.

        One mode alone; bases that think have a table of their own, unless there are no others. With
        several seeds, each recipe's mean over them follows its rows.
        """
        return self.rows(self._shown)

    @property
    def means(self) -> list[ModelCard]:
        """Each recipe over all its seeds, as figures with several seeds show it."""
        return self.means_of(self._shown)

    @property
    def _shown(self) -> list[ModelCard]:
        cards = self.of_mode(self.mode_shown)
        return [m for m in cards if not m.thinks] or cards

    def of_mode(self, mode: str) -> list[ModelCard]:
        """Returns the trained models of one mode, the bases among them."""
        return [m for m in self.trained if m.is_base or m.mode == mode]

    def rows(self, models: Sequence[ModelCard]) -> list[ModelCard]:
        """Returns models by architecture and recipe, each recipe's mean after its seeds.

        With more than a few seeds the mean stands alone; the files of rates have every seed.
        """
        rows = []
        for mean in self.means_of(models):
            cards = [m for m in models if (m.recipe, m.config) == (mean.recipe, mean.config)]
            if len(cards) > SEEDS_IN_ROWS:
                rows.append(mean)
            else:
                rows += cards + ([mean] if len(self.seeds) > 1 else [])
        return rows

    def means_of(self, models: Sequence[ModelCard]) -> list[ModelCard]:
        """Returns one entry per architecture and recipe, in the order of the study."""
        first: dict[tuple[str, str], ModelCard] = {}
        for model in models:
            first.setdefault((model.config, model.recipe), model)
        return [
            replace(first[config, recipe], name="")
            for config in self.configs
            for recipe in (BASE, *(each.recipe for each in self.recipes))
            if (config, recipe) in first
        ]

    def drawn_of(self, models: Sequence[ModelCard]) -> list[ModelCard]:
        """Returns what figures show of some models: themselves, or with several seeds the means."""
        return self.means_of(models) if len(self.seeds) > 1 else self.rows(models)

    @property
    def drawn(self) -> list[ModelCard]:
        """What figures show: the models, or with several seeds the means."""
        return self.drawn_of(self._shown)

    def label(self, model: ModelCard) -> str:
        """Name of a row; architecture and seed are named only where there are several."""
        named = self.named(model.label, model.config, None if model.is_mean else model.seed)
        mean = model.is_mean and len(self.seeds) > 1
        return f"{named}, mean of {len(self.seeds)} bases" if mean else named

    def among(self, rows: Sequence[ModelCard]) -> StudyInfo:
        """Returns the study of some rows' architectures: of one alone labels do not name it."""
        configs = {row.config for row in rows}
        return replace(self, trained=tuple(m for m in self.trained if m.config in configs))

    def title(self, recipe: str) -> str:
        """Returns the label of a recipe known by its id."""
        known = {BASE: "Base"} | {each.recipe: each.label for each in self.recipes}
        return known.get(recipe, recipe.replace("_", " "))

    def config_words(self, config: str) -> str:
        """Returns how tables call a model; what is not nano by its name in conf/model."""
        return config.replace("_", " ") if self.scale == "nano" else config

    def titled(self, recipe: str, config: str, seed: int | None = None) -> str:
        """Returns that label with architecture and seed as needed."""
        return self.named(self.title(recipe), config, seed)

    def named(self, title: str, config: str, seed: int | None = None) -> str:
        """Returns a title with the architecture and the seed, each where there are several."""
        parts = [title]
        if len(self.configs) > 1:
            parts.append(self.config_words(config))
        if len(self.seeds) > 1 and seed is not None:
            parts.append(f"seed {seed}")
        return ", ".join(parts)


@dataclass(frozen=True)
class Training:
    """What a recipe's models are trained on, from the first model's manifest and its data.

    Attributes:
        recipe: Name of the recipe.
        data: The recipe's block ``data``, as planned: a hold-out takes items from these numbers.
        items: ``hazard``, ``benign`` or ``general`` -> items, counted in the data as built.
        epochs: Passes over the data; None where they were mixed into base training, or where answer
            tokens decide.
        learning_rate: Peak rate; None likewise.
    """

    recipe: str
    data: Mapping[str, Any]
    items: Mapping[str, int]
    epochs: float | None
    learning_rate: float | None
    parts: tuple[str, ...]


@dataclass(frozen=True)
class End:
    """Where a training stopped that stops at the criterion.

    Attributes:
        steps: Optimizer steps until the model's own items were answered in their class.
        capped: Whether the cap ended it before.
    """

    steps: int
    capped: bool

    @property
    def shown(self) -> str:
        """The steps as tables print them."""
        return f"{self.steps:,}{' (capped)' if self.capped else ''}"


@dataclass(frozen=True)
class ReportData:
    """Everything ``build_report`` reads.

    Attributes:
        samples: All samples of the study; those of hidden suites without words and pictures.
        hidden: Suites whose data are marked as harmful: none of their samples is shown.
        verdicts: Model name -> sample id -> verdict.
        responses: Model name -> sample id -> text; may be empty, then there is no gallery.
        images: (suite, path in the sample) -> PNG bytes, for the samples that are shown.
        runs: Model name -> id of the artifact of its answers, by which MLflow finds its run.
        hazards: Rows of the hazard table.
        trainings: What the models were trained on, one a recipe, in the order of the models.
        ends: Model name -> where its training stopped, of those that stop at the criterion.
    """

    study: StudyInfo
    settings: Report
    scores: Scores
    samples: tuple[Sample, ...]
    verdicts: Mapping[str, Mapping[str, Verdict]]
    responses: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    images: Mapping[tuple[str, str], bytes] = field(default_factory=dict)
    runs: Mapping[str, str] = field(default_factory=dict)
    hazards: tuple[Mapping[str, str], ...] = ()
    trainings: tuple[Training, ...] = ()
    ends: Mapping[str, End] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()

    @property
    def shown(self) -> tuple[Sample, ...]:
        """The samples that may be shown, with their answers."""
        return tuple(sample for sample in self.samples if sample.suite not in self.hidden)

    @cached_property
    def lengths(self) -> dict[tuple[str, str], Length]:
        """(Model name, suite) -> answer length in tokens."""
        return {(row.model, row.suite): row for row in self.scores.lengths}

    @cached_property
    def answering(self) -> tuple[ModelCard, ...]:
        """Models whose answers stand in the sample browser and the gallery."""
        return self.study.answering(self.settings.models_with_answers)

    @property
    def answering_sentence(self) -> str:
        """Says whose answers, and which suites, are left out; empty where all are shown."""
        names = ", ".join(sorted(self.hidden))
        hidden = f" Not shown are samples of {names}: marked as harmful." if names else ""
        trained, seeds = self.study.trained, sorted({m.seed for m in self.answering})
        if len(self.answering) == len(trained):
            return hidden
        words = "of seed" if len(seeds) == 1 else "of seeds"
        return (
            f" Shown are the {len(self.answering)} models {words} {', '.join(map(str, seeds))} of "
            f"{len(trained)} models of {len(self.study.seeds)} seeds.{hidden}"
        )

    @cached_property
    def rates(self) -> Rates:
        """All rates and means by place; made once, as there are many."""
        return Rates(self.scores)


class Rates:
    """Rates and their means by place."""

    def __init__(self, scores: Scores) -> None:
        self._scores = scores
        self._rates: dict[str, dict[tuple[str, ...], Rate]] = {}
        if not isinstance(scores.rates, RateFile):
            for r in scores.rates:
                self._rates.setdefault(r.model, {})[_place(r)] = r
        self._means = {
            (m.recipe, m.config, m.suite, m.corner, m.group_by, m.group, m.metric): m
            for m in scores.means
        }

    def find(
        self,
        model: ModelCard,
        suite: str,
        metric: str,
        corner: str = "",
        group: tuple[str, str] = ("all", "all"),
    ) -> Measure | None:
        """Returns a rate, or None where the study does not have it."""
        place = (suite, corner, *group, metric)
        if model.is_mean:
            return self._means.get((model.recipe, model.config, *place))
        return self._of(model.name).get(place)

    def of(self, models: Collection[str]) -> Iterator[Rate]:
        """Yields the rates of some models, in the order of the models' rates."""
        source = self._scores.rates
        if isinstance(source, RateFile):
            for model in source.models:
                yield from self._of(model).values() if model in models else ()
        else:
            yield from (rate for rate in source if rate.model in models)

    def _of(self, model: str) -> dict[tuple[str, ...], Rate]:
        """A model's rates, read when they are first asked for: tables show few of many seeds."""
        if model not in self._rates and isinstance(self._scores.rates, RateFile):
            self._rates[model] = {_place(r): r for r in self._scores.rates.of(model)}
        return self._rates.get(model, {})


def _place(rate: Rate) -> tuple[str, ...]:
    return rate.suite, rate.corner, rate.group_by, rate.group, rate.metric
