"""What the report reads beside scores: what models were trained on, and some rows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mirage.contracts import DataError, Verdict, read_some, write_rows
from mirage.plan.artifact import Manifest
from mirage.report.load import study_info, training_of
from report_exhibits import GATES, plain
from synthetic_wide import card, cell_card


def _finish(
    folder: Path, kind: str, settings: dict[str, object], parents: dict[str, list[str]]
) -> None:
    folder.mkdir(parents=True)
    stage = "tune" if kind in ("base", "recipe") else "build"
    Manifest(stage, kind, folder.name, "0" * 64, settings, parents, "code", {}).write(folder)


def _data(store: Path, name: str) -> str:
    block = {"name": name, "data": {"unsafe": 3, "benign": 0, "twins": 0, "general": 1}}
    _finish(store / "build" / name, "train", {"recipe": block}, {})
    (store / "build" / name / "report.json").write_text(json.dumps({"labels": {"cot": 3}}))
    return f"build/{name}"


def test_training_is_read_from_manifests(tmp_path: Path) -> None:
    base, own = _data(tmp_path, "base"), _data(tmp_path, "mirage")
    settings = {
        "recipe": {
            "name": "mirage",
            "tune": {"epochs": 2, "learning_rate": 2e-3, "parts": ["projector"]},
        },
    }
    _finish(tmp_path / "tune" / "base-s0", "base", {}, {"data": [base]})
    _finish(tmp_path / "tune" / "mirage-s0", "recipe", settings, {"data": [own]})
    _finish(tmp_path / "tune" / "vlguard_m-s0", "base", {}, {"data": [base, own]})
    assert training_of(tmp_path / "tune" / "base-s0") is None
    tuned = training_of(tmp_path / "tune" / "mirage-s0")
    assert tuned is not None
    assert (tuned.recipe, tuned.epochs, tuned.parts) == ("mirage", 2, ("projector",))
    assert tuned.learning_rate == 2e-3
    assert tuned.labels == {"cot": 3}
    mixed = training_of(tmp_path / "tune" / "vlguard_m-s0")
    assert mixed is not None
    assert (mixed.recipe, mixed.epochs, mixed.learning_rate) == ("mirage", None, None)


def test_variants_of_one_title_get_their_own_names() -> None:
    cards = [card("base"), cell_card(labels="cot"), cell_card(labels="filler"), card("mirage")]
    settings = {
        "study": {"name": "x", "mode": "matched", "tables": ["fig4"]},
        "models": cards,
        "suites": ["hard"],
        "exhibits": plain("fig4"),
        "gates": GATES,
    }
    info = study_info(settings, "oracle")
    assert [r.title for r in info.recipes] == ["cell labels cot", "cell labels filler", "MIRage"]
    assert [r.mode for r in info.recipes] == ["matched", "matched", "as_published"]


def test_only_wanted_rows_are_read_and_checked(tmp_path: Path) -> None:
    def row(name: str) -> Verdict:
        return Verdict(name, "oracle", "judged", "", None, None, "helped", None, None)

    path = tmp_path / "verdicts.jsonl"
    write_rows(path, [row("a"), row("b")])
    path.write_text(
        path.read_text(encoding="utf-8") + '{"id": "c", "judge": 3}\n', encoding="utf-8"
    )
    assert [v.id for v in read_some(path, Verdict, {"b"})] == ["b"]
    with pytest.raises(DataError, match="line 3: missing"):
        read_some(path, Verdict, {"c"})
