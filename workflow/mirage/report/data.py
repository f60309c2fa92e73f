"""What a report is made of, wherever it comes from: artifact folders or the tracking store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mirage.contracts import Sample, Verdict
from mirage.plan.schema.report import Report
from mirage.score.compute import Scores
from mirage.score.means import Mean
from mirage.score.rates import Rate

Measure = Rate | Mean


@dataclass(frozen=True)
class RecipeInfo:
    """A recipe as the tables name it.

    Attributes:
        parent: Recipe it is an ablation of, or None.
        factor: The one factor in which it differs from its parent.
        ours: Not in the paper.
    """

    name: str
    title: str
    parent: str | None = None
    factor: str | None = None
    ours: bool = False

    @property
    def label(self) -> str:
        """Title, with a mark if the paper has no such recipe."""
        return f"{self.title} (ours)" if self.ours and "(ours)" not in self.title else self.title


BASE = RecipeInfo("base", "Base")


@dataclass(frozen=True)
class ModelInfo:
    """A trained model, or the mean of the models of all seeds.

    Attributes:
        config: Option of conf/model.
        seed: None for the mean over seeds.
        name: Name of the model's files; empty for a mean.
    """

    recipe: RecipeInfo
    config: str
    seed: int | None
    name: str = ""


@dataclass(frozen=True)
class StudyInfo:
    """The study that is reported.

    Attributes:
        trained: All models that are compared, in the order of the tables.
        tables: Ids of the tables and figures, in order.
    """

    name: str
    mode: str
    trained: tuple[ModelInfo, ...]
    suites: tuple[str, ...]
    tables: tuple[str, ...]
    judge: str = "oracle"

    @property
    def seeds(self) -> tuple[int, ...]:
        """All seeds, ascending."""
        return tuple(sorted({m.seed for m in self.trained if m.seed is not None}))

    @property
    def configs(self) -> tuple[str, ...]:
        """All options of conf/model, in the order of the study."""
        return tuple(dict.fromkeys(m.config for m in self.trained))

    @property
    def recipes(self) -> tuple[RecipeInfo, ...]:
        """All recipes, in the order of the tables, the base left out."""
        return tuple(dict.fromkeys(m.recipe for m in self.trained if m.recipe != BASE))

    @property
    def models(self) -> list[ModelInfo]:
        """Rows of every table: per architecture the base, then the recipes, each over all seeds.

        With several seeds, each recipe's mean over them follows its rows.
        """
        rows = []
        for mean in self.means:
            mine = [m for m in self.trained if (m.recipe, m.config) == (mean.recipe, mean.config)]
            rows += mine + ([mean] if len(self.seeds) > 1 else [])
        return rows

    @property
    def means(self) -> list[ModelInfo]:
        """Each recipe over all its seeds, as figures with several seeds show it."""
        return [
            ModelInfo(recipe, config, None)
            for config in self.configs
            for recipe in (BASE, *self.recipes)
            if any((m.recipe, m.config) == (recipe, config) for m in self.trained)
        ]

    @property
    def drawn(self) -> list[ModelInfo]:
        """What figures show: the models, or with several seeds the means."""
        return self.means if len(self.seeds) > 1 else self.models

    def label(self, model: ModelInfo) -> str:
        """Name of a row; architecture and seed are named only where there are several."""
        named = self.named(model.recipe.label, model.config, model.seed)
        mean = model.seed is None and len(self.seeds) > 1
        return f"{named}, mean of {len(self.seeds)} seeds" if mean else named

    def titled(self, recipe: str, config: str, seed: int | None = None) -> str:
        """Returns the label of a recipe known by its id, with architecture and seed as needed."""
        known = {each.name: each.label for each in (BASE, *self.recipes)}
        return self.named(known.get(recipe, recipe.replace("_", " ")), config, seed)

    def named(self, title: str, config: str, seed: int | None = None) -> str:
        """Returns a title with the architecture and the seed, each where there are several."""
        parts = [title]
        if len(self.configs) > 1:
            parts.append(config.replace("_", " "))
        if len(self.seeds) > 1 and seed is not None:
            parts.append(f"seed {seed}")
        return ", ".join(parts)


@dataclass(frozen=True)
class ReportData:
    """Everything ``build_report`` reads.

    Attributes:
        samples: All samples of the study.
        verdicts: Model name -> sample id -> verdict.
        responses: Model name -> sample id -> text; may be empty, then there is no gallery.
        images: (suite, path in the sample) -> PNG bytes, for the gallery's samples.
        hazards: Rows of the hazard table.
    """

    study: StudyInfo
    settings: Report
    scores: Scores
    samples: tuple[Sample, ...]
    verdicts: Mapping[str, Mapping[str, Verdict]]
    responses: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    images: Mapping[tuple[str, str], bytes] = field(default_factory=dict)
    hazards: tuple[Mapping[str, str], ...] = ()


class Rates:
    """Rates and their means by place."""

    def __init__(self, scores: Scores) -> None:
        self._rates = {
            (r.model, r.suite, r.corner, r.group_by, r.group, r.metric): r for r in scores.rates
        }
        self._means = {
            (m.recipe, m.config, m.suite, m.corner, m.group_by, m.group, m.metric): m
            for m in scores.means
        }

    def find(
        self,
        model: ModelInfo,
        suite: str,
        metric: str,
        corner: str = "",
        group: tuple[str, str] = ("all", "all"),
    ) -> Measure | None:
        """Returns a rate, or None where the study does not have it."""
        place = (suite, corner, *group, metric)
        if model.seed is None:
            return self._means.get((model.recipe.name, model.config, *place))
        return self._rates.get((model.name, *place))
