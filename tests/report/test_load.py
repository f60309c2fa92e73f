"""What the report reads beside scores: what models were trained on, and some rows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mirage.contracts import DataError, Verdict, read_some, write_rows
from mirage.evidence import write_end
from mirage.plan.artifact import Manifest
from mirage.report.data import End
from mirage.report.load import ends_of, study_info, trainings_of
from report_exhibits import GATES, plain
from synthetic_wide import card, cell_card


def _finish(
    folder: Path, kind: str, settings: dict[str, object], parents: dict[str, list[str]]
) -> None:
    folder.mkdir(parents=True)
    stage = "tune" if kind in ("base", "recipe") else "build"
    Manifest(stage, kind, folder.name, "0" * 64, settings, parents, "code", {}).write(folder)


def _data(store: Path, name: str) -> str:
    planned = {"source": "mis", "unsafe": 9, "benign": 0, "twins": 0, "general": 1}
    _finish(store / "build" / name, "train", {"recipe": {"name": name, "data": planned}}, {})
    parts = {"hazard": 1, "benign": 2, "general": 1}
    (store / "build" / name / "report.json").write_text(json.dumps({"parts": parts}))
    return f"build/{name}"


def test_trainings_are_read_from_manifests_and_data(tmp_path: Path) -> None:
    base, own, mixed = (_data(tmp_path, name) for name in ("base", "mirage", "vlguard_m"))
    settings = {
        "recipe": {
            "name": "mirage",
            "tune": {"epochs": 2, "learning_rate": 2e-3, "parts": ["projector"]},
        },
    }
    folders = [tmp_path / "tune" / n for n in ("base-s0", "mirage-s0", "vlguard_m-s0", "mirage-s1")]
    _finish(folders[0], "base", {}, {"data": [base]})
    _finish(folders[1], "recipe", settings, {"data": [own]})
    _finish(folders[2], "base", {}, {"data": [base, mixed]})
    _finish(folders[3], "recipe", settings, {"data": [own]})
    assert trainings_of(folders[:1]) == ()
    tuned, at_once = trainings_of(folders)
    assert (tuned.recipe, tuned.epochs, tuned.parts) == ("mirage", 2, ("projector",))
    assert tuned.learning_rate == 2e-3
    assert tuned.items == {"hazard": 1, "benign": 2, "general": 1}
    assert (at_once.recipe, at_once.epochs, at_once.learning_rate) == ("vlguard_m", None, None)


@pytest.mark.parametrize("capped", [False, True])
def test_where_a_training_stopped_is_read_and_shown(tmp_path: Path, capped: bool) -> None:
    folder = tmp_path / "tune" / "mirage-s0"
    tune = {"epochs": None, "until": {"cap": 1400}, "learning_rate": 2e-3, "parts": []}
    settings = {"recipe": {"name": "mirage", "tune": tune}}
    _finish(folder, "recipe", settings, {"data": [_data(tmp_path, "mirage")]})
    with pytest.raises(DataError, match="does not say where training stopped"):
        ends_of([folder])
    write_end(folder, {"capped": int(capped), "steps_to_criterion": 1400})
    plain = tmp_path / "tune" / "base-s0"
    _finish(plain, "base", {}, {})
    assert ends_of([plain, folder]) == {"mirage-s0": End(1400, capped)}
    assert End(1400, capped).shown == ("1,400 (capped)" if capped else "1,400")


def test_data_without_counts_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "tune" / "mirage-s0"
    _finish(folder, "recipe", {}, {"data": [_data(tmp_path, "mirage")]})
    (tmp_path / "build/mirage/report.json").write_text("{}")
    with pytest.raises(DataError, match="has no counts of items"):
        trainings_of([folder])


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
