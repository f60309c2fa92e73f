"""conf/engine: what writes text and draws pictures while data is built."""

from __future__ import annotations

from typing import Literal

from mirage.plan.schema.types import Strict


class Engine(Strict):
    """An engine; the nano world has the procedural one."""

    name: Literal["procedural"]
