"""Cases: quads of the suite ``hard`` as that suite shows and asks them, for the suites beside it.

The suites made from cases (image use, conflict corners, cues, more images, composites, the items'
own probes) change one thing about an item of ``hard`` and keep its pictures and its question, so
that what they measure can be laid beside the item itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mirage.build.pictures import Picture
from mirage.build.quads import Quad, quads, spread
from mirage.build.safety import quad_pictures, quad_template, quad_truth
from mirage.contracts import Sample
from mirage.world.templates import Template

HARD = "hard"


@dataclass(frozen=True)
class QuadCorner:
    """One triggering corner of a quad, as ``hard`` asks it.

    Attributes:
        quad: The quad.
        corner: ``hazard`` or ``twin_trigger``.
        pictures: What the two images show.
        template: The question's template, neutral wording.
    """

    quad: Quad
    corner: str
    pictures: tuple[Picture, Picture]
    template: Template

    @property
    def item(self) -> str:
        """Id of the item of ``hard``."""
        return f"{HARD}/{self.quad.id}-{self.corner}"

    @property
    def hazardous(self) -> bool:
        """Whether the two things shown are hazardous together."""
        return self.corner == "hazard"

    @property
    def facts(self) -> dict[str, Any]:
        """The truth that depends on the corner alone: kind, corner and hazard."""
        return {
            "kind": "hazard" if self.hazardous else "benign",
            "corner": self.corner,
            "hazard": self.quad.rule.effect if self.hazardous else None,
            "things": [picture.name for picture in self.pictures],
        }


def hard_quads(build: dict[str, Any]) -> tuple[Quad, ...]:
    """Returns the quads of the suite ``hard``."""
    return quads("test", int(build["pairs_per_edge"]), int(build["items_per_pair"]))


def probe_quads(build: dict[str, Any]) -> list[Quad]:
    """Returns ``probe_items`` quads of ``hard`` (all, if it has fewer), no pair twice if it can."""
    return spread(hard_quads(build), int(build["probe_items"]))


def case(quad: Quad, corner: str, world: dict[str, Any]) -> QuadCorner:
    """Returns a corner (``hazard`` or ``twin_trigger``) as ``hard`` shows and asks it."""
    first, second = quad_pictures(HARD, quad, corner, world, False, "test", "pictogram")
    return QuadCorner(quad, corner, (first, second), quad_template(HARD, quad, corner))


def both(quad: Quad, world: dict[str, Any]) -> tuple[QuadCorner, QuadCorner]:
    """Returns the hazardous corner of a quad and its twin under the same question."""
    return case(quad, "hazard", world), case(quad, "twin_trigger", world)


def case_sample(
    suite: str,
    local: str,
    asked: QuadCorner,
    facts: dict[str, Any],
    *,
    question: str | None = None,
    images: tuple[str, ...] | None = None,
    shown: Sequence[Picture | None] | None = None,
    template: Template | None = None,
) -> Sample:
    """Returns a sample about a case; what is not given is as in ``hard``.

    Args:
        suite: The suite's name.
        local: The id within the suite.
        asked: The case.
        facts: Truth beyond the quad's own; overrides it.
        question: The words, if not the template's about images one and two.
        images: Paths, if not those of ``shown``.
        shown: What the images show, in order, None for an image without object.
        template: The question's template, if not the case's.
    """
    pictures = asked.pictures if shown is None else shown
    form = template or asked.template
    paths = tuple(picture.path for picture in pictures if picture) if images is None else images
    return Sample(
        id=f"{suite}/{local}",
        suite=suite,
        category=asked.quad.rule.category,
        sub_category=asked.quad.rule.sub_category,
        question=form.ask(0, 1) if question is None else question,
        images=paths,
        truth={**quad_truth(asked.quad, form, pictures), **asked.facts, **facts},
    )
