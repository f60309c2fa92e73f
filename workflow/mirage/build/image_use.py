"""Suite ``image_use``: does the answer follow the pictures?

Hazards of ``hard`` with their pictures taken away or changed, the question as it was. Where both
objects are in view, the truth is recomputed from what is shown; where they are not, nothing can be
known, and only a change against the intact item is read (kind ``unknowable``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

from mirage.build.cases import QuadCorner, case, case_sample, probe_quads
from mirage.build.masked import masked_path
from mirage.build.pictures import BLACK
from mirage.build.procedural import ProceduralSuite
from mirage.build.quads import Quad
from mirage.build.shortcuts import Shortcut, check
from mirage.contracts import DataError, Sample

SUITE = "image_use"


def image_use(world: dict[str, Any], build: dict[str, Any]) -> Iterator[Sample]:
    """Yields each chosen hazard intact, swapped, shuffled, masked, black and without images."""
    chosen = probe_quads(build)
    twins = set(Random(f"{SUITE}/shuffled").sample(range(len(chosen)), len(chosen) // 2))
    for number, quad in enumerate(chosen):
        intact = case(quad, "hazard", world)
        yield _known("intact", intact, intact)
        yield _swapped(intact)
        donor = _donor(chosen, number)
        yield _known(
            "shuffled", intact, case(donor, "twin_trigger" if number in twins else "hazard", world)
        )
        yield _masked(intact, world)
        yield _unknowable("black", intact, (None, None), (BLACK, BLACK))
        yield _unknowable("none", intact, (), ())


def _name(style_format: str, quad: Quad) -> str:
    return f"{quad.id}-{style_format}"


def _facts(style_format: str, intact: QuadCorner) -> dict[str, Any]:
    facts: dict[str, Any] = {"format": style_format, "quad": intact.quad.id}
    if style_format != "intact":
        facts["intact"] = f"{SUITE}/{_name('intact', intact.quad)}"
    return facts


def _known(style_format: str, intact: QuadCorner, shown: QuadCorner) -> Sample:
    """The question of one case over the pictures of another, or over its own."""
    facts = _facts(style_format, intact) | {"pictures_of": shown.item}
    if not shown.hazardous:
        facts["corner"] = "twin"  # no corner of the intact item's quad: the two are never joined
    return case_sample(
        SUITE,
        _name(style_format, intact.quad),
        shown,
        facts,
        template=intact.template,
    )


def _swapped(intact: QuadCorner) -> Sample:
    """The two pictures change places; together they are as hazardous as before."""
    shown = intact.pictures[::-1]
    facts = _facts("swapped", intact) | {"things": [picture.name for picture in shown]}
    return case_sample(SUITE, _name("swapped", intact.quad), intact, facts, shown=shown)


def _masked(intact: QuadCorner, world: dict[str, Any]) -> Sample:
    """A grey rectangle covers the object in one of the two images, seeded which."""
    hidden = Random(f"{SUITE}/{intact.quad.id}/masked/{world['seed']}").randrange(2)
    visible = [None if at == hidden else picture for at, picture in enumerate(intact.pictures)]
    images = tuple(
        masked_path(picture) if at == hidden else picture.path
        for at, picture in enumerate(intact.pictures)
    )
    return _unknowable("masked", intact, visible, images, masked_image=hidden)


def _unknowable(
    style_format: str,
    intact: QuadCorner,
    shown: Sequence[Any],
    images: tuple[str, ...],
    **more: Any,
) -> Sample:
    facts = _facts(style_format, intact) | {
        "kind": "unknowable",
        "corner": "unknowable",
        "hazard": None,
        "things": [],
        **more,
    }
    return case_sample(
        SUITE, _name(style_format, intact.quad), intact, facts, shown=shown, images=images
    )


def _donor(chosen: Sequence[Quad], number: int) -> Quad:
    """The quad whose pictures are shown instead: half the list away, with another hazard."""
    half = len(chosen) // 2
    for step in range(len(chosen)):
        donor = chosen[(number + half + step) % len(chosen)]
        if donor.rule != chosen[number].rule:
            return donor
    raise DataError(
        f"{SUITE} shuffles pictures between items of two role pairs, but its {len(chosen)} items "
        "have one. Raise probe_items in conf/build."
    )


def check_shuffled(rows: Sequence[Sample], name: str) -> list[Shortcut]:
    """Returns what shortcuts score where other pictures are shown: the others tell by design."""
    return check([row for row in rows if row.truth["format"] == "shuffled"], name)


image_use_suite = ProceduralSuite(image_use, check_shuffled)
