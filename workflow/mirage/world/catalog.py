"""The 48 household objects, their 12 roles and the hazardous states that a picture can show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ROLES: Final[dict[str, tuple[str, str, str, str]]] = {
    "water": ("bucket", "jug", "sponge", "hose"),
    "mains": ("power strip", "fan", "radio", "charger"),
    "textile": ("curtain", "sweater", "sock", "towel"),
    "flame": ("candle", "match", "lighter", "fireplace"),
    "aerosol": ("hair spray", "spray paint", "air freshener", "shaving foam"),
    "heat": ("iron", "stove", "radiator", "lamp"),
    "plastic": ("crayon", "cup", "comb", "duck"),
    "solvent": ("cleaner a", "cleaner b", "cleaner c", "cleaner d"),
    "varnish": ("violin", "table", "chair", "door"),
    "abrasive": ("grater", "file", "brick", "wire brush"),
    "lens": ("phone", "camera", "laptop", "binoculars"),
    "powder": ("cement", "plaster", "grout", "mortar"),
}
"""Role -> its four objects, in the order of the hazard ring (a role meets its two neighbours)."""

STATES: Final[dict[str, str]] = {
    "water": "dripping",
    "textile": "ragged",
    "flame": "flaring",
    "aerosol": "leaking",
    "heat": "glowing",
    "solvent": "open",
    "abrasive": "jagged",
    "powder": "spilling",
}
"""Role -> the hazardous state its objects can be drawn in. Four roles have none.

Each state makes the role's two hazards worse and leaves its two benign partners benign, and every
hazardous role pair holds at least one role with a state, so that the suite ``easy`` can always show
one.
"""

BACKGROUNDS: Final[tuple[str, ...]] = ("red", "green", "blue", "yellow", "grey")
STYLES: Final[tuple[str, ...]] = ("pictogram", "sketch")


@dataclass(frozen=True)
class Thing:
    """An object of the world.

    Attributes:
        name: What it is called, one or two lower-case words.
        role: One of the twelve roles.
        state: The word for its hazardous state, or None if its role has none.
    """

    name: str
    role: str
    state: str | None


THINGS: Final[dict[str, Thing]] = {
    name: Thing(name, role, STATES.get(role)) for role, names in ROLES.items() for name in names
}
"""Every object by name, in ring order."""
