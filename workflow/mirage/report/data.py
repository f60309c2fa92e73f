"""What a report is made of, wherever it comes from: artifact folders or the tracking store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mirage.contracts import Sample, Verdict
from mirage.plan.schema.report import Report
from mirage.score.compute import Scores
from mirage.score.rates import Rate


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
class StudyInfo:
    """The study that is reported.

    Attributes:
        recipes: In the order of the tables, the base left out.
        tables: Ids of the tables and figures, in order.
    """

    name: str
    mode: str
    seeds: tuple[int, ...]
    recipes: tuple[RecipeInfo, ...]
    suites: tuple[str, ...]
    tables: tuple[str, ...]
    judge: str = "oracle"

    @property
    def models(self) -> list[tuple[RecipeInfo, int]]:
        """Rows of every table: the base, then the recipes, each over all seeds."""
        return [(recipe, seed) for recipe in (BASE, *self.recipes) for seed in self.seeds]

    def label(self, recipe: RecipeInfo, seed: int) -> str:
        """Name of a model's row; the seed is named only where there are several."""
        return f"{recipe.label}, seed {seed}" if len(self.seeds) > 1 else recipe.label


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
    """Rates by their place."""

    def __init__(self, rates: list[Rate]) -> None:
        self._by_place = {
            (r.recipe, r.seed, r.suite, r.corner, r.group_by, r.group, r.metric): r for r in rates
        }

    def find(
        self,
        model: tuple[RecipeInfo, int],
        suite: str,
        metric: str,
        corner: str = "",
        group: tuple[str, str] = ("all", "all"),
    ) -> Rate | None:
        """Returns a rate, or None where the study does not have it."""
        return self._by_place.get((model[0].name, model[1], suite, corner, *group, metric))
