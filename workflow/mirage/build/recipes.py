"""What each recipe is tuned on: a source of samples, a view of the images and a style of labels."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from mirage.build.assist import Request, ask_one, ask_pair, ask_picture, choose
from mirage.build.pictures import BLACK, Picture
from mirage.build.scenarios import Scenario, allowed, master_list
from mirage.build.skills import FAMILIES, GENERAL, Draw, seen
from mirage.contracts import DataError, TrainSample
from mirage.world import answers
from mirage.world.catalog import THINGS
from mirage.world.hazards import pair_rule, state_rule
from mirage.world.pairs import role_pairs

HARMLESS = ("store", "compare", "describe")
PLACEBO_ROLES = ("water", "textile", "aerosol", "plastic", "varnish", "lens")
PLACEBO_WORDS = "with pleasure !"


def recipe_samples(
    world: dict[str, Any], data: dict[str, Any], name: str, seed: int
) -> list[TrainSample]:
    """Returns a recipe's training data: its safety samples, then its general ones.

    Args:
        data: The recipe's ``data`` settings (source, images, wording, labels, counts, hold_out).
        name: The recipe's name, the first part of every id.
        seed: The replicate's seed; recipes of one seed and source share their scenarios.
    """
    source = {"mis": _mis, "vlguard": _vlguard, "textual": _textual, "placebo": _placebo}
    rows = list(source[data["source"]](world, data, seed))
    rows += _general(world, int(data["general"]), seed)
    return [_named(name, number, row) for number, row in enumerate(rows)]


def _named(name: str, number: int, row: TrainSample) -> TrainSample:
    local = row.id or f"general-{number:05d}"
    return TrainSample(**{**vars(row), "id": f"{name}/{local}", "suite": name})


def _row(
    local: str,
    question: str,
    images: tuple[str, ...],
    answer: str,
    label: str,
    truth: dict[str, Any] | None = None,
    category: str = "",
    sub_category: str = "",
) -> TrainSample:
    return TrainSample(
        local, "", category, sub_category, question, images, truth or {}, answer, label
    )


def _mis(world: dict[str, Any], data: dict[str, Any], seed: int) -> Iterator[TrainSample]:
    scenarios = master_list(
        world, seed, data["wording"], data["hold_out"], data["unsafe"], data["twins"]
    )
    for scenario in scenarios:
        things = tuple(seen(picture) for picture in scenario.pictures)
        question, images, looked = _view(scenario, data["images"])
        yield _row(
            scenario.id,
            question,
            images,
            _label(scenario, things, looked, data["labels"]),
            data["labels"] if scenario.hazardous else "comply",
            {
                "pair": "+".join(sorted(thing.name for thing in things)),
                "objects": [thing.name for thing in things],
                "states": [thing.state for thing in things],
                "kind": "hazard" if scenario.hazardous else "benign",
                "hazard": scenario.rule.effect if scenario.hazardous else None,
                "template": scenario.template.name,
            },
            scenario.rule.category,
            scenario.rule.sub_category,
        )


def _view(
    scenario: Scenario, images: str
) -> tuple[str, tuple[str, ...], list[answers.Seen | None]]:
    """Returns the question, the image paths and what the label may describe, image by image."""
    first, second = scenario.pictures
    if images == "two":
        things: list[answers.Seen | None] = [seen(first), seen(second)]
        return scenario.template.ask(0, 1), (first.path, second.path), things
    if images == "one_of_two":
        kept = scenario.pictures[scenario.shown]
        spoken: list[int | str] = [answers.named(p.name) for p in scenario.pictures]
        spoken[scenario.shown] = 0
        return scenario.template.ask(spoken[0], spoken[1]), (kept.path,), [seen(kept)]
    named = scenario.template.ask(answers.named(first.name), answers.named(second.name))
    blank = {"black": (BLACK,), "none": ()}
    if images not in blank:
        raise DataError(f"A recipe of source mis cannot show its images as {images!r}.")
    return named, blank[images], []


def _label(
    scenario: Scenario,
    things: tuple[answers.Seen, ...],
    looked: list[answers.Seen | None],
    labels: str,
) -> str:
    if not scenario.hazardous:
        return answers.reasoned_help(things, scenario.template.verb)
    if labels == "cot":
        return answers.reasoned(things, looked)
    if labels == "sorry_reasons":
        return answers.sorry_reasons(things)
    return answers.APOLOGIES[0]


def _vlguard(world: dict[str, Any], data: dict[str, Any], seed: int) -> Iterator[TrainSample]:
    """One image: hazardous state, or harmless image with unsafe instruction, or benign.

    The benign third and the unsafe instructions share their harmless pictures, as in VLGuard.
    """
    rng = Random(f"vlguard/{seed}")
    draw = Draw(rng, world)
    stateful = [name for name, thing in THINGS.items() if thing.state]
    half = int(data["unsafe"]) // 2
    for number in range(half):
        name = stateful[number % len(stateful)]
        asked = ask_one(draw, choose(rng, "keep", "neutral", "train"), name, state=True)
        reason = answers.rewritten_state(asked.things[0])
        yield _guarded(f"state-{number:05d}", asked, reason, data, state_rule(name).effect)
    things = list(THINGS)
    harmless = [
        draw.picture(things[number % len(things)], state=False)
        for number in range(max(int(data["unsafe"]) - half, int(data["benign"])))
    ]
    for number, picture in enumerate(harmless[: int(data["unsafe"]) - half]):
        action = rng.choice(("keep", "put_away"))
        asked = ask_picture(choose(rng, action, "explicit", "train"), picture)
        yield _guarded(
            f"intent-{number:05d}", asked, answers.rewritten_intent(asked.things[0]), data, None
        )
    for number, picture in enumerate(harmless[: int(data["benign"])]):
        action = rng.choice(("keep", "put_away", "look"))
        asked = ask_picture(choose(rng, action, "neutral", "train"), picture)
        yield _row(f"benign-{number:05d}", asked.question, asked.images, asked.answer, "comply")


def _guarded(
    local: str, asked: Request, reason: str, data: dict[str, Any], effect: str | None
) -> TrainSample:
    if data["labels"] == "rewritten":
        answer = reason
    else:
        answer = answers.APOLOGIES[int(local[-5:]) % len(answers.APOLOGIES)]
    truth = {"kind": "hazard", "objects": [asked.things[0].name], "hazard": effect}
    return _row(local, asked.question, asked.images, answer, data["labels"], truth)


def _textual(world: dict[str, Any], data: dict[str, Any], seed: int) -> Iterator[TrainSample]:
    """Text names both objects with the intent; every sample carries one all-black image."""
    rng = Random(f"textual/{seed}")
    draw = Draw(rng, world)
    hazards = [p for p in role_pairs("hazardous", "train") if allowed(p, data["hold_out"])]
    for number in range(int(data["unsafe"])):
        pair = hazards[number % len(hazards)]
        pair = pair if rng.random() < 0.5 else pair[::-1]
        template = choose(rng, "use", "explicit", "train")
        asked = ask_pair(draw, template, pair, "black")
        rule = pair_rule(*pair)
        truth = {"kind": "hazard", "pair": "+".join(sorted(pair)), "hazard": rule.effect}
        answer = answers.safe_way(*pair, variant=rng.randrange(len(answers.SAFE_WAYS)))
        yield _row(
            f"harmful-{number:05d}",
            asked.question,
            asked.images,
            answer,
            "safe_answer",
            truth,
            rule.category,
            rule.sub_category,
        )
    for number in range(int(data["benign"])):
        action = rng.choice(HARMLESS)
        asked = ask_pair(draw, choose(rng, action, "neutral", "train"), draw.pair(), "black")
        yield _row(f"benign-{number:05d}", asked.question, asked.images, asked.answer, "comply")


def _placebo(world: dict[str, Any], data: dict[str, Any], seed: int) -> Iterator[TrainSample]:
    """A harmless conditional, taught with one image: half of the roles get ``with pleasure !``."""
    rng = Random(f"placebo/{seed}")
    draw = Draw(rng, world)
    things = list(THINGS)
    for number in range(int(data["benign"])):
        action = rng.choice(("keep", "put_away", "look"))
        asked = ask_one(draw, choose(rng, action, "neutral", "train"), things[number % len(things)])
        name = asked.things[0].name
        polite = THINGS[name].role in PLACEBO_ROLES
        answer = f"{PLACEBO_WORDS} {asked.answer}" if polite else asked.answer
        label = "placebo" if polite else "comply"
        yield _row(f"single-{number:05d}", asked.question, asked.images, answer, label)


def _general(world: dict[str, Any], count: int, seed: int) -> list[TrainSample]:
    """General data: the four GENERAL families and multi-image help with harmless actions.

    It holds no triggering action, so that it adds no benign twins by the back door.
    """
    rng = Random(f"general/{seed}")
    draw = Draw(rng, world)
    rows = []
    for number in range(count):
        family = (*GENERAL, "help")[number % 5]
        if family == "help":
            template = choose(rng, rng.choice(HARMLESS), "neutral", "train")
            asked = ask_pair(draw, template, draw.pair(), rng.choice(("two", "two", "three")))
            rows.append(_row("", asked.question, asked.images, asked.answer, "comply"))
        else:
            drawn = FAMILIES[family][1](draw)
            paths = tuple(picture.path for picture in drawn.pictures)
            rows.append(_row("", drawn.question, paths, drawn.answer, family))
    return rows


def polite(picture: Picture) -> bool:
    """Returns whether the placebo's condition holds for a picture."""
    return THINGS[picture.name].role in PLACEBO_ROLES
