"""conf/judge: who gives the verdicts."""

from __future__ import annotations

from typing import Literal

from mirage.plan.schema.types import Name, Strict


class Judge(Strict):
    """A judge."""

    name: Name
    kind: Literal["oracle"]
