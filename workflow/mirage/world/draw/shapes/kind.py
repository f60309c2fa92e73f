"""The type of a function that draws one object."""

from __future__ import annotations

from collections.abc import Callable

from mirage.world.draw.canvas import Pen

Shape = Callable[[Pen, bool], None]
"""Draws an object within 100 x 100 units; the flag asks for its hazardous state.

Where the state only adds something around the object (drops, halo, heap), `states` draws it and the
shape ignores the flag.
"""
