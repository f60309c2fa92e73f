"""The world's pictures: 48 objects in two styles, drawn by the project's own code."""

from mirage.world.draw.blanks import blank, compose_pair
from mirage.world.draw.render import render
from mirage.world.draw.sheet import contact_sheet

__all__ = ["blank", "compose_pair", "contact_sheet", "render"]
