"""The report made from the tracking store alone is the report made from files."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from track_store import Made, where

from mirage.contracts import DataError
from mirage.pictures import Elsewhere, Pictures
from mirage.track.rebuild import rebuild
from mirage.track.settings import Where


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


def _alter(tracked: Made, root: Path, change: Callable[[dict[str, Any]], object]) -> Where:
    """Copies a tracking store and changes the manifests that its report was made from."""
    shutil.copytree(tracked.root, root)
    there = where(root)
    assert there.uploads
    (path,) = there.uploads.rglob("manifests.json")
    manifests = json.loads(path.read_text())
    change(manifests)
    path.write_text(json.dumps(manifests))
    return there


@pytest.mark.parametrize("role", ["folder", "parent", "id"])
def test_a_tracking_store_names_no_folder_outside(tracked: Made, tmp_path: Path, role: str) -> None:
    def change(manifests: dict[str, Any]) -> None:
        folder = next(name for name in manifests if name.startswith("judge/"))
        if role == "folder":
            manifests["../../../escaped"] = manifests.pop(folder)
        elif role == "parent":
            manifests[folder]["parents"]["suites"] = ["../../escaped"]
        else:
            manifests[folder]["id"] = str(tmp_path / "escaped")

    there = _alter(tracked, tmp_path / "altered", change)
    with pytest.raises(DataError, match="leaves the data folder"):
        rebuild(there, "toy", tmp_path / "again", print)
    assert not list(tmp_path.rglob("*escaped*"))


def test_a_report_of_another_version_is_a_sentence(tracked: Made, tmp_path: Path) -> None:
    def change(manifests: dict[str, Any]) -> None:
        (made,) = (m for m in manifests.values() if m["stage"] == "report")
        made["code"] = "of another version"
        del made["settings"]["gates"]

    there = _alter(tracked, tmp_path / "altered", change)
    with pytest.raises(DataError, match=r"by another version.*\('gates'\).*with commit c0ffee"):
        rebuild(there, "toy", tmp_path / "again", print)


def test_pictures_of_the_user_are_named(tracked: Made, tmp_path: Path) -> None:
    shutil.copytree(tracked.root, tmp_path / "altered")
    there = where(tmp_path / "altered")
    assert there.uploads
    (path,) = there.uploads.rglob("pictures.zip")
    (listed,) = there.uploads.rglob("manifests.json")
    suite = next(name for name in json.loads(listed.read_text()) if name.startswith("build/hard"))
    photos = tmp_path / "photos"
    with zipfile.ZipFile(path, "a") as archive:
        (packed,) = (name for name in archive.namelist() if name.endswith(".zip"))
        zipfile.ZipFile(io.BytesIO(archive.read(packed))).extractall(photos)
        pictures = Pictures(photos)
        digests = {name: pictures.digest(name) for name in pictures.names()}
        elsewhere = Elsewhere(photos, digests).to_json()
        archive.writestr(f"{suite}/pictures.json", json.dumps(elsewhere))
    lines: list[str] = []
    rebuild(there, "toy", tmp_path / "again", lines.append)
    assert lines[-1].endswith(f"and your own pictures in {photos}")


def test_an_unknown_study_and_a_full_folder_are_refused(tracked: Made, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no finished study 'other'"):
        rebuild(where(tracked.root), "other", tmp_path / "again", print)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("")
    with pytest.raises(DataError, match="not empty"):
        rebuild(where(tracked.root), "toy", tmp_path / "full", print)
