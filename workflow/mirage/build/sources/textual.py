"""Source ``textual``: text that names both objects with the intent, beside one black image."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from mirage.build.hold_out import allowed
from mirage.build.procedural import ProceduralSource
from mirage.build.reasoning import DraftRow
from mirage.build.requests import ask_pair, choose
from mirage.build.skills import Sampler
from mirage.build.sources.common import Settings, general, held_out, request_draft
from mirage.world import answers
from mirage.world.hazards import pair_rule
from mirage.world.labels import LabelStyle
from mirage.world.pairs import role_pairs
from mirage.world.templates import HARMLESS


def drafts(
    world: Settings, data: Settings, seed: int, style: LabelStyle | None
) -> Iterator[DraftRow]:
    """Text names both objects with the intent; every sample carries one all-black image."""
    rng = Random(f"textual/{seed}")
    draw = Sampler(rng, world)
    hazards = [p for p in role_pairs("hazardous", "train") if allowed(p, data["hold_out"])]
    for number in range(int(data["unsafe"])):
        pair = hazards[number % len(hazards)]
        pair = pair if rng.random() < 0.5 else pair[::-1]
        template = choose(rng, "use", "explicit", "train")
        asked = ask_pair(draw, template, pair, "black")
        rule = pair_rule(*pair)
        truth = {"kind": "hazard", "pair": "+".join(sorted(pair)), "hazard": rule.effect}
        answer = answers.safe_way(*pair, variant=rng.randrange(len(answers.SAFE_WAYS)))
        yield request_draft(
            f"harmful-{number:05d}",
            asked,
            answer,
            "safe_answer",
            truth,
            rule.category,
            rule.sub_category,
        )
    for number in range(int(data["benign"])):
        yield held_out(_benign, number, draw, f"textual/{seed}/benign", data["hold_out"])
    yield from general(world, data, seed)


def _benign(number: int, draw: Sampler) -> DraftRow:
    action = draw.rng.choice(HARMLESS)
    template = choose(draw.rng, action, "neutral", "train")
    asked = ask_pair(draw, template, draw.pair(), "black")
    return request_draft(f"benign-{number:05d}", asked, asked.answer, "comply")


textual = ProceduralSource(drafts)
