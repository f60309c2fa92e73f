"""Steps that a study's file and its caption tell are those that its recipes take."""

from __future__ import annotations

from build_settings import load
from mirage.plan.study.resolve import resolve
from mirage.report.captions import SOURCES, source


def test_the_steps_of_the_scaling_study_are_those_it_tells() -> None:
    steps = []
    batch = load("tune/default.yaml")["batch_size"]
    for item in resolve({"study": "scaling"}).recipes:
        data = item.recipe.data
        if data.labels == "cot":
            batches = -(-(data.unsafe + data.twins + data.general) // batch)
            steps.append(int(item.recipe.tune.epochs * batches))
    text = (SOURCES.parent / "conf/study/scaling.yaml").read_text(encoding="utf-8")
    assert f"steps: {', '.join(map(str, steps))}. The seventh" in text
    caption = source("captions.yaml")["scaling"]["caption"]
    assert f"in {min(steps)} steps or, the smallest sets, up to {max(steps)}" in caption
