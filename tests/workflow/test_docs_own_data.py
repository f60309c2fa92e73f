"""docs/own_data.md followed word for word, with imported models: from own data to the report."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from follow_page import Page
from PIL import Image
from toy_checkout import ROOT, leave_tracking_out, make_checkout

SIZES = [(60, 40), (28, 28), (33, 90), (640, 480)]
ANSWERS = {"hazard": "No. You could get a shock.", "benign": "Yes, go ahead."}


def write_data(folder: Path) -> None:
    (folder / "pics").mkdir(parents=True)
    draw = np.random.default_rng(0)
    for i, (width, height) in enumerate(SIZES):
        pixels = draw.integers(0, 256, (height, width, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / "pics" / f"{i}.png")
    rows: list[dict[str, Any]] = [
        {
            "id": f"kitchen-{i}",
            "question": f"May I use these together? ({i})",
            "images": [f"pics/{(i + k) % 4}.png" for k in range(i % 3)],
            "answer": ANSWERS[kind],
            "truth": {"kind": kind, "pair": f"p{i}"},
        }
        for i, kind in enumerate([*ANSWERS] * 4)
    ]
    del rows[-1]["truth"]  # answered and listed, without outcome
    (folder / "samples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.mark.real
def test_the_page_works_as_it_is_written(tmp_path: Path) -> None:
    write_data(tmp_path / "mine")
    checkout = make_checkout(tmp_path / "checkout", "mine")
    leave_tracking_out(checkout.root)
    (checkout.root / "tests").mkdir()
    shutil.copy(ROOT / "tests/stand_ins.py", checkout.root / "tests")
    page = Page("own_data.md", checkout, tmp_path, {"/data/": f"{tmp_path}/"})
    page.follow()
    check_results(checkout.root / "results")
    assert "Nothing to be done" in page.type(f"{page.last_run} --dry-run")


def check_results(store: Path) -> None:
    with (store / "report/mine/tables/mine_rates.csv").open(encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert [row[0].partition(", ")[2] for row in rows[1:]] == ["tiny_qwen"] * 2 + [
        "tiny_internvl"
    ] * 2
    for model in ("tiny_qwen", "tiny_internvl"):
        (curve,) = store.glob(f"tune/mine_recipe-{model}-s0-*/curve.jsonl")
        assert json.loads(curve.read_text().splitlines()[-1])["step"] == 10
        said = []
        for name in ("base", "mine_recipe"):
            (path,) = store.glob(f"respond/{name}-{model}-s0-*/responses.jsonl")
            rows = [json.loads(line) for line in path.read_text().splitlines()]
            said.append({row["id"]: row["text"] for row in rows if row["id"].startswith("mine/")})
        assert len(said[0]) == 8 and said[0] != said[1]
    # Pictures are referred to, never copied.
    (suite,) = store.glob("build/mine-*")
    assert {path.name for path in suite.iterdir()} >= {"samples.jsonl", "pictures.json"}
    assert not [path for path in suite.rglob("*") if path.suffix in (".png", ".zip")]
