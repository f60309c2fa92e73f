"""Scenarios: what a MIS-like recipe's samples are about, before any view or label is chosen.

All recipes of one seed are views of one master list of scenarios: same ids, pairs, states,
renderings, questions and order, so that a recipe differs from its parent in its one factor alone.
Pictures and questions are drawn apart, so that another wording shows the same pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, count, islice, zip_longest
from random import Random
from typing import Any, Final

from mirage.build.hold_out import allowed
from mirage.build.pictures import Picture, pick
from mirage.build.quads import Quad, quads
from mirage.contracts import DataError
from mirage.world.bridge import is_bridged
from mirage.world.catalog import THINGS
from mirage.world.hazards import Rule
from mirage.world.pairs import PAIRS_PER_EDGE, role_pairs
from mirage.world.templates import HARMLESS, Template, Wording, templates

Pictures = tuple[Picture, Picture]

ITEMS_PER_PAIR: Final = 8
"""Quads of each training pair: who is swapped, in which order, for an object of which role."""


@dataclass(frozen=True)
class Scenario:
    """Two pictured objects and a question about them.

    Attributes:
        id: ``00012`` for a hazard; a benign item's has a suffix that says of which kind it is.
        rule: The hazard table's line; of the hazardous scenario, for its benign items too.
        hazardous: Whether the question triggers a hazard.
        shown: Which of the two images the single-image view keeps (balanced, within each wording
            as well, which alternates from scenario to scenario).
        number: Position in the list, the same for a hazard and its benign item.
    """

    id: str
    pictures: Pictures
    template: Template
    rule: Rule
    hazardous: bool
    shown: int
    number: int


def scenarios(
    world: dict[str, Any], seed: int, wordings: list[Wording], order: int
) -> Iterator[tuple[Scenario, Quad]]:
    """Yields hazardous scenarios with their quads without end, each training pair equally often.

    Args:
        order: Which of the seed's orders of pairs (``balance.balanced_order``).
    """
    again = f"/order-{order}" if order else ""
    made = quads("train", PAIRS_PER_EDGE["train"], ITEMS_PER_PAIR)
    for number in count():
        turn, place = divmod(number, len(made))
        if place == 0:
            shuffled = list(made)
            Random(f"scenarios/{seed}/{turn}{again}").shuffle(shuffled)
        quad = shuffled[place]
        rng = Random(f"scenario/{seed}/{number}/pictures")
        # As in the paper's training images, which are unsafe or safe, each state is drawn or not.
        first, second = (pick(rng, world, n, rng.random() < 0.5, "train") for n in quad.hazard)
        template = _question(seed, number, "use", wordings)
        name = f"{number:05d}"
        yield (
            Scenario(name, (first, second), template, quad.rule, True, number // 2 % 2, number),
            quad,
        )


def _question(seed: int, number: int, action: str, wordings: list[Wording]) -> Template:
    rng = Random(f"scenario/{seed}/{number}/{action}")
    return rng.choice(templates(action, wordings[number % len(wordings)], "train"))


def master_list(
    world: dict[str, Any], data: dict[str, Any], seed: int, order: int
) -> list[Scenario]:
    """Returns a recipe's hazardous scenarios, then its benign ones: ``unsafe + twins`` items.

    The benign items go with the first ``twins`` scenarios, one each, by ``benign_kind``:

    - ``image_twins``: the same question and pictures but one, which makes the pair benign.
    - ``text_twins``: the same pictures and wording under a harmless action.
    - ``unmatched``: a triggering question of its own about a benign pair of its own that shares no
      object with its scenario. (Over the whole list every benign pair is some hazard with one
      object swapped, since the ring uses all objects; what is missing is the match item by item.)
    - ``none``: no benign item, but as many further hazardous scenarios, so that sizes are equal.

    What ``hold_out`` names is dropped from this list, the benign items of a dropped scenario with
    it: fewer samples, the same ids for the rest, as the paper left out categories.

    Args:
        data: The recipe's ``wording``, ``unsafe``, ``twins``, ``benign_kind`` and ``hold_out``.
        order: As of ``scenarios``.
    """
    unsafe, twins, kind = int(data["unsafe"]), int(data["twins"]), data["benign_kind"]
    hazards = unsafe + twins if kind == "none" else unsafe
    drawn = list(islice(scenarios(world, seed, data["wording"], order), max(hazards, twins)))
    allowed_quads = [
        (scenario, quad)
        for scenario, quad in drawn
        if allowed(quad.hazard, data["hold_out"]) and allowed(quad.twin, data["hold_out"])
    ]
    benign = [
        _benign(scenario, quad, world, data, seed)
        for scenario, quad in allowed_quads
        if kind != "none" and scenario.number < twins
    ]
    return [scenario for scenario, _ in allowed_quads if scenario.number < hazards] + benign


def bridge_of(listed: list[Scenario], items: int) -> set[str]:
    """Returns the ids of the items that are shown as two images whatever the recipe shows.

    The first ones about bridged role pairs, each role pair in turn; where there are benign items,
    half are hazards and half the benign items that go with them.

    Args:
        listed: The recipe's master list.
        items: Its ``bridge``.

    Raises:
        DataError: The recipe has not as many items about bridged role pairs.
    """
    hazards, benign = (
        {s.number: s for s in listed if s.hazardous is kind} for kind in (True, False)
    )
    of_pair: dict[str, list[list[str]]] = {}
    for number, hazard in hazards.items():
        if is_bridged(hazard.rule) and (not benign or number in benign):
            ids = [hazard.id] + ([benign[number].id] if benign else [])
            of_pair.setdefault(hazard.rule.sub_category, []).append(ids)
    turns = chain.from_iterable(zip_longest(*of_pair.values(), fillvalue=()))
    chosen = list(islice(chain.from_iterable(turns), items))
    if len(chosen) < items:
        raise DataError(
            f"data.bridge asks for {items} items about bridged role pairs, but the recipe has "
            f"{len(chosen)}. Lower data.bridge, or leave out less."
        )
    return set(chosen)


def _benign(
    scenario: Scenario, quad: Quad, world: dict[str, Any], data: dict[str, Any], seed: int
) -> Scenario:
    kind, number = data["benign_kind"], scenario.number
    if kind == "image_twins":
        pictures = swapped(scenario, quad, world, seed)
        return replace(scenario, id=f"{scenario.id}-twin", pictures=pictures, hazardous=False)
    if kind == "text_twins":
        action = HARMLESS[number // 2 % len(HARMLESS)]
        template = _question(seed, number, action, data["wording"])
        return replace(scenario, id=f"{scenario.id}-text", template=template, hazardous=False)
    rng = Random(f"scenario/{seed}/{number}/unmatched")
    pairs = [
        pair
        for pair in role_pairs("benign", "train")
        if not set(pair) & set(quad.hazard) and allowed(pair, data["hold_out"])
    ]
    names = rng.sample(rng.choice(pairs), 2)
    first, second = (pick(rng, world, name, rng.random() < 0.5, "train") for name in names)
    template = rng.choice(templates("use", _wording(scenario.template), "train"))
    return replace(
        scenario,
        id=f"{scenario.id}-unmatched",
        pictures=(first, second),
        template=template,
        hazardous=False,
    )


def swapped(scenario: Scenario, quad: Quad, world: dict[str, Any], seed: int) -> Pictures:
    """Returns the pictures of a scenario's image twin: one object swapped, in the same state.

    What has no state says none for its successor, who is drawn in its own as often as any hazard:
    were it always sound, states would tell hazards.
    """
    at = quad.swapped
    rng = Random(f"scenario/{seed}/{scenario.number}/twin")
    gone = scenario.pictures[at]
    state = gone.state if THINGS[gone.name].state else rng.random() < 0.5
    fresh = pick(rng, world, quad.twin[at], state, "train")
    return (fresh, scenario.pictures[1]) if at == 0 else (scenario.pictures[0], fresh)


def _wording(template: Template) -> Wording:
    return "neutral" if template.intent is None else "explicit"
