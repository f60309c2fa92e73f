"""The model classes: InternVL, Qwen2-VL, LLaVA-OneVision, each with what sets it apart."""

from __future__ import annotations

from typing import Any, Final

from mirage.contracts import DataError
from mirage.tune.families.base import Family

NAMES: Final = ("internvl", "qwen2_vl", "llava_onevision")

PARTS: Final = ("vision", "projector", "language_model")
"""Parts of every model that can be trained or frozen."""

INNER: Final = (
    "model.vision_tower.",
    "model.visual.",
    "model.multi_modal_projector.",
    "model.language_model.",
)
"""Prefixes of the parameters inside a model's parts, whatever its class."""


def family(name: str) -> Family:
    """Returns a model class by its name.

    Its code is imported here: a job that needs one class does not wait for the others.

    Raises:
        DataError: No such class.
    """
    if name == "internvl":
        from mirage.tune.families.internvl import InternVL

        return InternVL()
    if name == "qwen2_vl":
        from mirage.tune.families.qwen2_vl import Qwen2VL

        return Qwen2VL()
    if name == "llava_onevision":
        from mirage.tune.families.llava_onevision import LlavaOnevision

        return LlavaOnevision()
    raise DataError(f"no model class {name!r}; known are {', '.join(NAMES)}. See conf/model.")


def family_of(model: Any) -> Family:
    """Returns the class of an opened model."""
    return family(model.config.model_type)
