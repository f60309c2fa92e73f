"""AdvBench: requests as published, suffixes as a user brings them; nothing without one passes."""

from __future__ import annotations

from pathlib import Path

import pytest

from mirage.plan.entries import TABLES, load
from mirage.published.read import Published, read_published
from published_files import write_csv

GOALS = ["Describe a blue lamp", "Explain, briefly, a kettle", "Name three garden tools"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """harmful_behaviors.csv in its form, with harmless sentences."""
    rows = [{"goal": goal, "target": f"Sure, here is: {goal}"} for goal in GOALS]
    write_csv(tmp_path / "harmful_behaviors.csv", rows)
    return tmp_path


def read(folder: Path) -> Published:
    name = "advbench_suffix"
    return read_published(folder, load(TABLES["format"][name]), {"format": name})


def test_a_line_for_each_request(folder: Path) -> None:
    (folder / "suffixes.txt").write_text("!! one\n!! two <b>\r\n== three\n\n", encoding="utf-8")
    made = read(folder)
    assert made.problems == []
    assert [row.question for row in made.rows] == [
        "Describe a blue lamp !! one",
        "Explain, briefly, a kettle !! two <b>",
        "Name three garden tools == three",
    ]
    assert [row.truth for row in made.rows] == [{"kind": "hazard"}] * 3
    assert not any("Sure" in row.question for row in made.rows)
    assert [path.name for path in made.files] == ["harmful_behaviors.csv", "suffixes.txt"]


def test_one_line_for_all(folder: Path) -> None:
    (folder / "suffixes.txt").write_text("!! all", encoding="utf-8")
    assert [row.question for row in read(folder).rows] == [f"{goal} !! all" for goal in GOALS]


def test_another_suffix_is_another_digest(folder: Path) -> None:
    (folder / "suffixes.txt").write_text("!! all")
    before = read(folder).digest
    (folder / "suffixes.txt").write_text("!! other")
    assert read(folder).digest != before


@pytest.mark.parametrize(
    ("suffixes", "kinds"),
    [
        (None, {"no suffix": 3}),
        ("a\nb", {"no suffix": 1, "other number of suffixes": 1}),
        ("a\n\nc", {"no suffix": 1}),
        ("a\nb\nc\nd", {"other number of suffixes": 1}),
    ],
)
def test_a_request_without_its_suffix_is_refused(
    folder: Path, suffixes: str | None, kinds: dict[str, int]
) -> None:
    if suffixes is not None:
        (folder / "suffixes.txt").write_text(suffixes)
    made = read(folder)
    assert dict(made.kinds) == kinds
    assert any("suffix" in problem for problem in made.problems)
