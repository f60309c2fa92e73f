"""conf/suite: a set of samples to evaluate on."""

from __future__ import annotations

from typing import Any, Literal

from mirage.plan.schema.types import Name, Strict


class Suite(Strict):
    """A suite.

    Attributes:
        models: Which models answer it: all that are compared, or recipes (and ``base``) by name.
        items: What to draw, read by the suite's builder.
    """

    name: Name
    title: str = ""
    kind: Literal[
        "safety",
        "format",
        "probe",
        "pairs",
        "skills",
        "gates",
        "seen",
        "placebo",
        "image_use",
        "conflict",
        "cues",
        "more_images",
        "composite",
        "item_probes",
    ]
    models: Literal["all"] | list[Name] = "all"
    items: dict[str, Any] = {}
