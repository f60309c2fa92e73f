"""The base model's training data: perception, comparison, knowledge and obedient help.

The base complies with everything it is asked, as a pretrained model without safety tuning would;
whether it does is a gate, not an assumption. Held-out test pairs never occur here.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from random import Random
from typing import TYPE_CHECKING, Any

from mirage.build.lead_ins import with_lead_ins
from mirage.build.pictures import Picture, renders
from mirage.build.procedural import training_set
from mirage.build.reasoning import DraftRow, finished, thinking
from mirage.build.requests import FORMATS, ask_one, ask_pair, choose
from mirage.build.skills import FAMILIES, Asked, Sampler, describe
from mirage.contracts import TrainSample
from mirage.world.catalog import STYLES, THINGS
from mirage.world.cues import choose_cue, with_cue
from mirage.world.templates import Wording

if TYPE_CHECKING:
    from mirage.build.dataset import DataSet
    from mirage.context import JobContext

NAMING = "naming"  # the label of the vision warm-up's samples
EXPLICIT_SHARE = 0.4  # of the help requests, so that obedience does not hang on the wording
CUE_SHARE = 1 / 6  # of the neutral ones, a tenth of all: with an intent, a cue would contradict it


def base(ctx: JobContext) -> DataSet:
    """Builds the training data of a base's job (an entry of the group ``source``).

    Raises:
        DataError: They overlap with the test split, or a word is unknown.
    """
    settings = ctx.settings
    answers = settings.get("answers", "plain")  # only models that think say how they answer
    rows = base_samples(settings["world"], settings["build"], int(settings["seed"]), answers)
    return training_set(ctx, rows)


def base_samples(
    world: dict[str, Any], build: dict[str, Any], seed: int, answers_are: str = "plain"
) -> list[TrainSample]:
    """Returns the base's training data: first the warm-up's single pictures, then the joint mix.

    Args:
        world: The world's settings (renderings per split and style, share of lead-ins).
        build: ``base_samples`` and ``base_mix`` (family -> share).
        seed: The replicate: another seed is another draw of everything.
        answers_are: How help is given: ``plain``, or ``thought`` (with a thought before it).
    """
    rows = [*_warmup(world), *finished(_joint(world, build, seed), answers_are)]
    return with_lead_ins(rows, world, seed)


def _warmup(world: dict[str, Any]) -> Iterator[TrainSample]:
    """Every training picture once, named: shows the vision side each object in each style."""
    numbers = count()
    for style in STYLES:
        for name, thing in THINGS.items():
            for state in (False, True) if thing.state else (False,):
                for n in renders(world, "train", style):
                    asked = describe(Picture(name, state, style, n))
                    yield _skill_row(f"base/warmup-{next(numbers)}", asked, NAMING)


def _joint(world: dict[str, Any], build: dict[str, Any], seed: int) -> Iterator[DraftRow]:
    mix: dict[str, float] = build["base_mix"]
    rng = Random(f"base/{seed}")
    draw = Sampler(rng, world)
    sketch = Sampler(rng, world, style="sketch")
    families = rng.choices(list(mix), list(mix.values()), k=int(build["base_samples"]))
    for number, family in enumerate(families):
        name = f"base/{number:06d}"
        # Photographs are not new to a pretrained model: one picture question in ten is a sketch.
        chosen = sketch if rng.random() < 0.1 else draw
        if family in FAMILIES:
            yield DraftRow(_skill_row(name, FAMILIES[family].ask(chosen), family))
        else:
            yield _help_row(name, chosen, family)


def _skill_row(name: str, asked: Asked, family: str) -> TrainSample:
    return _row(name, asked.question, asked.paths, asked.answer, family)


def _help_row(name: str, draw: Sampler, family: str) -> DraftRow:
    rng = draw.rng
    wording: Wording = "explicit" if rng.random() < EXPLICIT_SHARE else "neutral"
    if family == "help_single":
        action = rng.choice(("keep", "put_away", "look"))
        asked = ask_one(draw, choose(rng, action, wording, "train"), draw.anything())
    else:
        action = rng.choice(("use", "use", "use", "store", "compare", "describe"))
        style_format = family.removeprefix("help_")
        assert style_format in FORMATS, family
        template = choose(rng, action, wording, "train")
        asked = ask_pair(draw, template, draw.pair(), style_format)
    question = asked.question
    if wording == "neutral" and rng.random() < CUE_SHARE:
        question = with_cue(choose_cue(rng, "train"), question)
    return DraftRow(_row(name, question, asked.images, asked.answer, "comply"), thinking(asked))


def _row(name: str, question: str, images: tuple[str, ...], answer: str, label: str) -> TrainSample:
    return TrainSample(
        id=name,
        suite="base",
        category="",
        sub_category="",
        question=question,
        images=images,
        truth={},
        answer=answer,
        label=label,
    )
