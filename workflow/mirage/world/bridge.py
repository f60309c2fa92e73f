"""The bridge: a few training items in two images, and which roles and role pairs they are about.

Recipes taught in another format (one image, a composite, text alone) may show ``data.bridge`` of
their items as two images, so that a test in two images is not one of format alone. All of them are
about the half named here; what carries over is read on the other half (``truth.bridged`` false).
"""

from __future__ import annotations

from typing import Final

from mirage.world.catalog import ROLES
from mirage.world.hazards import Rule, edges

BRIDGED_PAIRS: Final = frozenset(
    frozenset((rule.role_a, rule.role_b)) for rule in edges("hazardous")[::2]
)
"""Every second hazardous role pair of the ring (water and mains, textile and flame, ...): each role
once, as in the other half, and one of the two role pairs of each category."""

BRIDGED_ROLES: Final = frozenset(name for place, name in enumerate(ROLES) if place % 4 < 2)
"""Half of the roles, half of those that the placebo is polite about among them."""


def is_bridged(rule: Rule) -> bool:
    """Returns whether a bridge may be about a hazardous role pair."""
    return frozenset((rule.role_a, rule.role_b)) in BRIDGED_PAIRS
