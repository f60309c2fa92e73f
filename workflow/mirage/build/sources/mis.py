"""Source ``mis``: two-object scenarios with benign items, in any view and label style."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any, Final

from mirage.build.balance import balanced_order
from mirage.build.image_modes import view
from mirage.build.procedural import ProceduralSource
from mirage.build.reasoning import DraftRow
from mirage.build.scenarios import Scenario, bridge_of, master_list
from mirage.build.shortcuts import check_training
from mirage.build.skills import seen
from mirage.build.sources.common import Settings, draft_row, general
from mirage.contracts import DataError, TrainSample
from mirage.world import answers
from mirage.world.labels import LabelCase, LabelStyle
from mirage.world.pairs import pair_key

ABOUT_SHORTCUTS: Final = {
    "image_twins": "no shortcut may tell hazards from their twins",
    "text_twins": "the question tells by design; both sides show the same pictures",
    "unmatched": "measured only: the benign items are not matched by design",
    "held_out": "measured only: without some categories the ring no longer balances the roles",
}
"""Kind of a recipe's benign items -> what the image shortcuts may score on it, and why."""


def drafts(
    world: Settings, data: Settings, seed: int, style: LabelStyle | None
) -> Iterator[DraftRow]:
    """Yields hazards and benign items as one view shows and one style answers them.

    Raises:
        DataError: No label style was chosen, or no such view.
    """
    if style is None:
        raise DataError("Source mis needs a label style; set data.labels.")
    scenarios = master_list(world, data, seed, balanced_order(world, seed))
    bridge = bridge_of(scenarios, int(data["bridge"]))
    for scenario in scenarios:
        first, second = (seen(picture) for picture in scenario.pictures)
        shown = view(scenario, "two" if scenario.id in bridge else data["images"])
        template = scenario.template
        case = LabelCase(
            (first, second),
            shown.told,
            template.action,
            template.verb,
            scenario.number,
            scenario.hazardous,
        )
        row = draft_row(
            scenario.id,
            shown.question,
            shown.images,
            style(case),
            data["labels"] if scenario.hazardous else "comply",
            _mis_truth(scenario),
            scenario.rule.category,
            scenario.rule.sub_category,
        )
        yield DraftRow(row, answers.thought(case.things, shown.told))
    yield from general(world, data, seed)


def _mis_truth(scenario: Scenario) -> dict[str, Any]:
    names = [picture.name for picture in scenario.pictures]
    return {
        "pair": pair_key(*names),
        "objects": names,
        "states": [picture.state for picture in scenario.pictures],
        "kind": "hazard" if scenario.hazardous else "benign",
        "hazard": scenario.rule.effect if scenario.hazardous else None,
        "template": scenario.template.name,
    }


def _checked(rows: Sequence[TrainSample], name: str, data: Settings) -> Settings:
    """Recipes with benign items of their own are checked as suites are, by their kind."""
    kind = data["benign_kind"] if data["twins"] else "none"
    if kind == "none":
        return {}
    if kind == "image_twins" and any(data["hold_out"].values()):
        kind = "held_out"
    shortcuts = [dataclasses.asdict(each) for each in check_training(rows, name, kind)]
    return {"shortcuts": shortcuts, "about_shortcuts": ABOUT_SHORTCUTS[kind]}


mis = ProceduralSource(drafts, _checked)
