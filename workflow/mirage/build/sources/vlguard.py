"""Source ``vlguard``: one image, hazardous by its state or by the instruction, or benign."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from mirage.build.procedural import ProceduralSource
from mirage.build.reasoning import DraftRow
from mirage.build.requests import Request, ask_one, ask_picture, choose
from mirage.build.skills import Sampler
from mirage.build.sources.common import Settings, general, request_draft
from mirage.world import answers
from mirage.world.catalog import THINGS
from mirage.world.hazards import state_rule
from mirage.world.labels import LabelStyle


def drafts(
    world: Settings, data: Settings, seed: int, style: LabelStyle | None
) -> Iterator[DraftRow]:
    """One image: hazardous state, or harmless image with unsafe instruction, or benign.

    The benign third and the unsafe instructions share their harmless pictures, as in VLGuard.
    """
    rng = Random(f"vlguard/{seed}")
    draw = Sampler(rng, world)
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
        yield request_draft(f"benign-{number:05d}", asked, asked.answer, "comply")
    yield from general(world, data, seed)


def _guarded(
    local: str, asked: Request, reason: str, data: dict[str, Any], effect: str | None
) -> DraftRow:
    if data["labels"] == "rewritten":
        answer = reason
    else:
        answer = answers.APOLOGIES[int(local[-5:]) % len(answers.APOLOGIES)]
    truth = {"kind": "hazard", "objects": [asked.things[0].name], "hazard": effect}
    return request_draft(local, asked, answer, data["labels"], truth)


vlguard = ProceduralSource(drafts)
