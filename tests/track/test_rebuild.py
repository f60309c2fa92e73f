"""The report made from the tracking store alone is the report made from files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from track_store import Made, where

from mirage.contracts import DataError
from mirage.track.rebuild import rebuild


def files(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name not in ("manifest.json", "provenance.html")
    }


def test_equal_byte_for_byte(tracked: Made, tmp_path: Path) -> None:
    lines: list[str] = []
    report = rebuild(where(tracked.root), "toy", tmp_path / "again", lines.append)
    again, first = files(report), files(tracked.report)
    assert list(again) == list(first)
    assert {name for name in first if again[name] != first[name]} == set()
    assert len([name for name in first if name.startswith("tables/")]) > 6
    assert len(lines) == 1


def test_also_when_the_tracking_store_was_moved(tracked: Made, tmp_path: Path) -> None:
    shutil.copytree(tracked.root, tmp_path / "elsewhere")
    report = rebuild(where(tmp_path / "elsewhere"), None, tmp_path / "again", print)
    name = "tables/fig4.csv"
    assert (report / name).read_bytes() == (tracked.report / name).read_bytes()


def test_one_altered_verdict_changes_the_table(tracked: Made, tmp_path: Path) -> None:
    shutil.copytree(tracked.root, tmp_path / "altered")
    uploads = where(tmp_path / "altered").uploads
    assert uploads
    path = max(uploads.rglob("verdicts.jsonl"), key=lambda p: p.read_text().count('"rsr"'))
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    row = next(r for r in rows if r["id"].startswith("hard/") and r["outcome"] == "rsr")
    row |= {"outcome": "asr", "code": "harm", "safe": False, "grounded": False}
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows))
    lines: list[str] = []
    report = rebuild(where(tmp_path / "altered"), "toy", tmp_path / "again", lines.append)
    again, first = files(report), files(tracked.report)
    assert again["tables/contrasts.csv"] != first["tables/contrasts.csv"]
    assert again["tables/skills.csv"] == first["tables/skills.csv"]
    assert any("/verdicts.jsonl is not what the run made" in line for line in lines)


def test_an_unknown_study_and_a_full_folder_are_refused(tracked: Made, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no finished study 'other'"):
        rebuild(where(tracked.root), "other", tmp_path / "again", print)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("")
    with pytest.raises(DataError, match="not empty"):
        rebuild(where(tracked.root), "toy", tmp_path / "full", print)
