"""Rows for a judge that is asked over HTTP: harmless items with pictures, answers with a number."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from PIL import Image

from mirage.contracts import Response, Sample, Verdict
from mirage.judge.context import JudgeContext, pictures_of
from mirage.judge.openai_judge import judge

MODEL = "judge-2025-01-01"
QUICK = {
    "wait_seconds": 0.001,
    "longest_wait_seconds": 1.0,
    "timeout_seconds": 600.0,  # a busy machine is slow, not wrong
    "concurrency": 8,
    "attempts": 6,
}


def rows(count: int, kind: str = "hazard") -> list[tuple[Sample, Response]]:
    """Items ``own/0`` to ``own/<count - 1>`` of two pictures, each with an answer of its own."""
    images = ("own/kettle.png", "own/towel.png")
    return [
        (
            Sample(
                f"mine/{n}", "mine", "", "", "May these stand together?", images, {"kind": kind}
            ),
            Response(f"mine/{n}", f"This is item-{n}.", 4, "stop"),
        )
        for n in range(count)
    ]


def context(folder: Path, said: list[str] | None = None) -> JudgeContext:
    """Draws the two pictures into a folder and returns what a judge asks for."""
    (folder / "own").mkdir(parents=True, exist_ok=True)
    for name, colour in (("kettle", "grey"), ("towel", "white")):
        path = folder / "own" / f"{name}.png"
        if not path.exists():
            Image.new("RGB", (8, 6), colour).save(path)
    log = (said if said is not None else []).append
    return JudgeContext("j", folder / "paid", pictures_of({"mine": folder}, None), log)


def ask(
    folder: Path, url: str, given: list[tuple[Sample, Response]], **options: Any
) -> list[Verdict]:
    """Judges rows by a server of one's own, with open weights."""
    chosen = {"model": MODEL, "revision": "r1", "base_url": url, **QUICK, **options}
    return judge(given, context=context(folder), **chosen)


if __name__ == "__main__":  # what is killed in the middle
    ask(Path(sys.argv[1]), sys.argv[2], rows(int(sys.argv[3])), concurrency=4)
