"""``mirage gallery``: what a reader sees before running anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from mirage.cli import gallery as command
from mirage.context import ConfigError


@pytest.fixture
def report(tmp_path: Path) -> Path:
    made = tmp_path / "results/report/paper"
    for name in ("tables/table1.md", "tables/published_table1.md", "tables/table1.csv",
                 "tables/table1.tex", "tables/hazards.md", "tables/hazards.csv",
                 "tables/long/table1.csv", "figures/fig5.png", "figures/fig5.svg",
                 "figures/answer_figure.png", "figures/table1_figure.png"):  # fmt: skip
        path = made / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, encoding="utf-8")
    return made


def test_another_study_gets_a_folder_of_its_nano_tables(report: Path, tmp_path: Path) -> None:
    folder = tmp_path / "gallery/paper"
    folder.mkdir(parents=True)
    for name in ("old.md", "cells.csv"):
        (folder / name).write_text("gone", encoding="utf-8")
    assert command.copy_whole(report, folder) == 4
    copied = sorted(p.name for p in folder.iterdir())
    assert copied == ["answer_figure.png", "fig5.png", "table1.csv", "table1.md"]


def test_the_readme_shows_the_answer_and_links_the_rest(tmp_path: Path) -> None:
    (tmp_path / "answer.md").write_text("### Nano: who?\n", encoding="utf-8")
    shown = command.section(tmp_path)
    assert shown.startswith("![ASR, over-refusal and J of each recipe on hard]")
    assert shown.count("![") == 1
    for name in ("fig4.svg", "asr_vs_overrefusal.svg", "basins.md", "gates.md"):
        assert f"({tmp_path.as_posix()}/{name})" in shown


@pytest.mark.parametrize("mine", ["notes.md", "cells.csv/notes.txt", "thesis.tex"])
def test_a_folder_of_something_else_is_left_alone(mine: str, report: Path, tmp_path: Path) -> None:
    path = tmp_path / "work" / mine
    path.parent.mkdir(parents=True)
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigError, match="other files than a gallery"):
        command.copy_whole(report, tmp_path / "work")
    assert path.read_text(encoding="utf-8") == "mine"


def test_the_readme_keeps_all_but_its_gallery() -> None:
    text = f"before\n{command.BEGIN}\nold\n{command.END}\nafter\n"
    assert command.filled(text, "new") == text.replace("old", "new")
    with pytest.raises(ConfigError, match="put them back"):
        command.filled("no marks", "new")
