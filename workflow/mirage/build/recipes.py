"""What each recipe is tuned on: a source of samples, a view of the images and a style of labels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

from mirage.build.balance import balanced_order
from mirage.build.image_modes import view
from mirage.build.reasoning import Made, finished, thinking
from mirage.build.requests import Request, ask_one, ask_pair, ask_picture, choose
from mirage.build.scenarios import Scenario, allowed, master_list
from mirage.build.skills import FAMILIES, GENERAL, Draw, seen
from mirage.contracts import DataError, TrainSample
from mirage.world import answers
from mirage.world.catalog import THINGS
from mirage.world.hazards import pair_rule, state_rule
from mirage.world.labels import LABELS, Case
from mirage.world.pairs import pair_key, role_pairs
from mirage.world.templates import HARMLESS

PLACEBO_ROLES = ("water", "textile", "aerosol", "plastic", "varnish", "lens")
PLACEBO_WORDS = "with pleasure !"


def recipe_samples(
    world: dict[str, Any],
    data: dict[str, Any],
    name: str,
    seed: int,
    answers_are: str = "plain",
) -> list[TrainSample]:
    """Returns a recipe's training data: its safety samples, then its general ones.

    Args:
        data: The recipe's ``data`` settings (source, images, wording, labels, counts, hold_out).
        name: The recipe's name, the first part of every id.
        seed: The replicate's seed; recipes of one seed and source share their scenarios.
        answers_are: How the model answers: ``plain``, or ``thought`` for a reasoning model.
    """
    source = {"mis": _mis, "vlguard": _vlguard, "textual": _textual, "placebo": _placebo}
    made = [
        *source[data["source"]](world, data, seed),
        *_general(world, int(data["general"]), seed),
    ]
    return [replace(row, id=f"{name}/{row.id}", suite=name) for row in finished(made, answers_are)]


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


def _made(
    local: str,
    asked: Request,
    answer: str,
    label: str,
    truth: dict[str, Any] | None = None,
    category: str = "",
    sub_category: str = "",
) -> Made:
    """A request's row, with what would be thought about it."""
    row = _row(local, asked.question, asked.images, answer, label, truth, category, sub_category)
    return Made(row, thinking(asked))


def _mis(world: dict[str, Any], data: dict[str, Any], seed: int) -> Iterator[Made]:
    if data["labels"] not in LABELS:
        raise DataError(
            f"A recipe of source mis cannot have labels {data['labels']!r}. Set data.labels to one "
            f"of: {', '.join(LABELS)}."
        )
    style = LABELS[data["labels"]]
    for scenario in master_list(world, data, seed, balanced_order(world, seed)):
        first, second = (seen(picture) for picture in scenario.pictures)
        shown = view(scenario, data["images"])
        template = scenario.template
        case = Case((first, second), shown.told, template.action, template.verb, scenario.number)
        row = _row(
            scenario.id,
            shown.question,
            shown.images,
            style.hazard(case) if scenario.hazardous else style.benign(case),
            data["labels"] if scenario.hazardous else "comply",
            _mis_truth(scenario),
            scenario.rule.category,
            scenario.rule.sub_category,
        )
        yield Made(row, answers.thought(case.things, shown.told))


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


def _vlguard(world: dict[str, Any], data: dict[str, Any], seed: int) -> Iterator[Made]:
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
        yield _made(f"benign-{number:05d}", asked, asked.answer, "comply")


def _guarded(
    local: str, asked: Request, reason: str, data: dict[str, Any], effect: str | None
) -> Made:
    if data["labels"] == "rewritten":
        answer = reason
    else:
        answer = answers.APOLOGIES[int(local[-5:]) % len(answers.APOLOGIES)]
    truth = {"kind": "hazard", "objects": [asked.things[0].name], "hazard": effect}
    return _made(local, asked, answer, data["labels"], truth)


def _textual(world: dict[str, Any], data: dict[str, Any], seed: int) -> Iterator[Made]:
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
        yield _made(
            f"harmful-{number:05d}",
            asked,
            answer,
            "safe_answer",
            truth,
            rule.category,
            rule.sub_category,
        )
    for number in range(int(data["benign"])):
        action = rng.choice(HARMLESS)
        asked = ask_pair(draw, choose(rng, action, "neutral", "train"), draw.pair(), "black")
        yield _made(f"benign-{number:05d}", asked, asked.answer, "comply")


def _placebo(world: dict[str, Any], data: dict[str, Any], seed: int) -> Iterator[Made]:
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
        yield _made(f"single-{number:05d}", asked, answer, label)


def _general(world: dict[str, Any], count: int, seed: int) -> Iterator[Made]:
    """General data: the four GENERAL families and multi-image help with harmless actions.

    It holds no triggering action, so that it adds no benign twins by the back door. A larger share
    begins with the samples of a smaller one.
    """
    rng = Random(f"general/{seed}")
    draw = Draw(rng, world)
    for number in range(count):
        local = f"general-{number:05d}"
        family = (*GENERAL, "help")[number % 5]
        if family == "help":
            template = choose(rng, rng.choice(HARMLESS), "neutral", "train")
            asked = ask_pair(draw, template, draw.pair(), rng.choice(("two", "two", "three")))
            yield _made(local, asked, asked.answer, "comply")
        else:
            drawn = FAMILIES[family][1](draw)
            yield Made(_row(local, drawn.question, drawn.paths, drawn.answer, family))
