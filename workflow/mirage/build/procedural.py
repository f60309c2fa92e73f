"""From samples of the household world to a data set: checks, composites, vocabulary, report."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any

from mirage.build.composite import draw_composites
from mirage.build.dataset import DataSet
from mirage.build.first_words import check_mix
from mirage.build.hold_out import check_hold_out
from mirage.build.lead_ins import with_lead_ins
from mirage.build.masked import draw_masked
from mirage.build.reasoning import DraftRow, finished
from mirage.build.splits import check_disjoint
from mirage.contracts import Sample, TrainSample
from mirage.pictures import Pictures
from mirage.world.language import check_words, vocabulary

if TYPE_CHECKING:
    from mirage.build.shortcuts import Shortcut
    from mirage.context import JobContext
    from mirage.world.labels import LabelStyle

Settings = dict[str, Any]

ONE_CLASS = "one-class by design: no benign items to tell hazards from"
"""Why the shortcuts of a data set without benign items are not scored."""


@dataclass(frozen=True)
class ProceduralSuite:
    """An entry of the group ``suite`` made from a generator of samples.

    Attributes:
        samples: (``conf/world``, sizes of ``conf/build``) -> the samples.
        checked: (samples, suite) -> what shortcuts score on them; None where a suite holds no
            quads that they could solve.
    """

    samples: Callable[[Settings, Settings], Iterable[Sample]]
    checked: Callable[[Sequence[Sample], str], list[Shortcut]] | None = None

    def __call__(self, ctx: JobContext) -> DataSet:
        """Builds the suite of a job.

        Raises:
            DataError: A shortcut solves it, or a word is not in the vocabulary.
        """
        settings, name = ctx.settings, ctx.settings["suite"]["name"]
        rows = list(self.samples(settings["world"], settings["build"]))
        found = self.checked(rows, name) if self.checked else []
        return suite_of(ctx, rows, found)


def suite_of(
    ctx: JobContext, rows: Sequence[Sample], shortcuts: Sequence[Shortcut] = ()
) -> DataSet:
    """Returns some samples as a suite, with the pictures that are drawn for them.

    Raises:
        DataError: A word is not in the vocabulary.
    """
    check_words(rows)
    pool = Pictures(ctx.parent("images"))
    drawn = chain(draw_composites(rows, pool), draw_masked(rows, pool))
    return DataSet(
        rows, drawn, report={"shortcuts": [dataclasses.asdict(each) for each in shortcuts]}
    )


@dataclass(frozen=True)
class ProceduralSource:
    """An entry of the group ``source`` made from a generator of drafts.

    Attributes:
        drafts: (``conf/world``, the recipe's data settings, seed, label style or None) -> drafts.
        checked: (samples, recipe's name, data settings) -> facts for the report about shortcuts.
    """

    drafts: Callable[[Settings, Settings, int, LabelStyle | None], Iterator[DraftRow]]
    checked: Callable[[Sequence[TrainSample], str, Settings], Settings] | None = None

    def __call__(self, ctx: JobContext) -> DataSet:
        """Builds the training data of a recipe's job.

        Raises:
            DataError: A shortcut solves it, it overlaps with the test split or with what the
                recipe holds out, or a word is unknown.
        """
        recipe = ctx.settings["recipe"]
        style = ctx.entry("labels") if "labels" in ctx.job.entries else None
        answers = ctx.settings.get("answers", "plain")  # only models that think say how they answer
        world, data, seed = ctx.settings["world"], recipe["data"], int(ctx.settings["seed"])
        rows = self.samples(world, data, recipe["name"], seed, answers, style)
        check_hold_out(rows, data["hold_out"])
        facts = self.checked(rows, recipe["name"], data) if self.checked else {}
        return training_set(ctx, rows, facts)

    def samples(
        self,
        world: Settings,
        data: Settings,
        name: str,
        seed: int,
        answers: str = "plain",
        style: LabelStyle | None = None,
    ) -> list[TrainSample]:
        """Returns a recipe's samples.

        Args:
            world: ``conf/world``.
            data: The recipe's data settings (images, wording, labels, counts, hold_out).
            name: The recipe's name, the first part of every id.
            seed: The replicate; recipes of one seed and source share their scenarios.
            answers: How the model answers: ``plain``, or ``thought`` for a reasoning model.
            style: Its label style, for sources that take one.
        """
        drafts = self.drafts(world, data, seed, style)
        rows = with_lead_ins(finished(drafts, answers), world, seed)
        return [replace(row, id=f"{name}/{row.id}", suite=name) for row in rows]


def training_set(
    ctx: JobContext, rows: Sequence[TrainSample], facts: Settings | None = None
) -> DataSet:
    """Returns some samples as training data, with composites, vocabulary and counts of labels.

    Raises:
        DataError: They overlap with the test split, a word is not in the vocabulary, or what is
            said first tells what is declined.
    """
    check_disjoint(rows, ctx.settings["world"])
    check_words(rows)
    mix = check_mix(rows, ctx.job.name)
    report = {"shortcuts": [], "about_shortcuts": ONE_CLASS, **mix, **(facts or {})}
    composites = draw_composites(rows, Pictures(ctx.parent("images")))
    return DataSet(rows, composites, vocabulary=vocabulary(), report=report)
