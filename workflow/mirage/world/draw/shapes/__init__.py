"""How each of the 48 objects looks, by name."""

from __future__ import annotations

from typing import Final

from mirage.world.draw.shapes import (
    aerosol_heat,
    lens_powder,
    plastic_solvent,
    textile_flame,
    varnish_abrasive,
    water_mains,
)
from mirage.world.draw.shapes.kind import Shape

SHAPES: Final[dict[str, Shape]] = {
    **water_mains.SHAPES,
    **textile_flame.SHAPES,
    **aerosol_heat.SHAPES,
    **plastic_solvent.SHAPES,
    **varnish_abrasive.SHAPES,
    **lens_powder.SHAPES,
}
"""Object name -> the function that draws it."""
