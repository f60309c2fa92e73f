"""Published data through the door of own data: plans, suites, mixtures, the check, archives."""

from __future__ import annotations

import json
import stat
import zipfile
from pathlib import Path
from typing import Any

import pytest

from mirage import build
from mirage.build.own import BLACK, BLACK_SIDE
from mirage.cli import run
from mirage.context import JobContext
from mirage.contracts import Sample, TrainSample, read_rows
from mirage.own_items import is_general
from mirage.pictures import Pictures, SamplePictures
from mirage.plan.artifact import Manifest
from mirage.plan.costs import own_amount
from mirage.plan.dag import make_plan
from mirage.plan.job import Job
from mirage.plan.study.data_blocks import data_blocks
from mirage.plan.study.problems import PlanError
from mirage.report.load import from_outside
from published_files import WRITERS, write_json

RECIPES = ("mis_mirage", "mis_textual_sft", "mis_vlguard_p", "mis_text_only")


def jobs(store: Path, **config: Any) -> dict[str, Job]:
    plan, _ = make_plan({"study": "tiny", "store": str(store), **config})
    return {job.name: job for job in plan.jobs.values() if job.stage == "build"}


def built(job: Job, store: Path) -> Path:
    out = store / job.folder
    out.mkdir(parents=True)
    build.run(JobContext(job, store, store / "work", out))
    return out


def test_suites_are_planned_and_built(published_data: Path, tmp_path: Path) -> None:
    planned = jobs(tmp_path, suite=["mis_easy", "mss_chat", "xstest"])
    job = planned["mis_easy"]
    about = job.settings["suite"]
    assert about.keys() == {"name", "kind", "resize", "format", "file", "harmful", "digest"}
    assert job.entries["format/mis_test"] == "mirage.published.mis:mis_test"
    rows = read_rows(built(job, tmp_path) / "samples.jsonl", Sample)
    assert {row.id for row in rows} == {f"mis_easy/{k}" for k in range(12)}
    shown = SamplePictures(tmp_path / job.folder, Pictures(tmp_path)).file(rows[0].images[1])
    assert shown.read() == (published_data / "mis_test" / rows[0].images[1]).read_bytes()
    texts = read_rows(built(planned["xstest"], tmp_path) / "samples.jsonl", Sample)
    assert {row.images for row in texts} == {()}


def test_a_report_sees_which_suites_come_from_outside(published_data: Path, tmp_path: Path) -> None:
    suites = {"hard": False, "mis_easy": True, "fit_mis_mirage-s0": False}
    helpers = "study.helpers=[]"
    planned = jobs(tmp_path, suite=[*suites][:2], recipe=["mis_mirage"], hydra=helpers)
    for name in suites:
        (tmp_path / name).mkdir()
        about = (planned[name].settings, planned[name].parents)
        Manifest("build", "suite", name, "0" * 64, *about, "code", {}).write(tmp_path / name)
    assert {name: from_outside([tmp_path / name]) for name in suites} == suites
    assert from_outside([tmp_path / "hard", tmp_path / "mis_easy"])


def test_a_changed_picture_makes_the_plan_ask_for_the_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MIRAGE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    wanted = (
        r"does not exist\. Put MIS_Test .* or set MIRAGE_DATA .*mirage data check suite=mis_hard"
    )
    with pytest.raises(PlanError, match=wanted):
        jobs(tmp_path, suite=["mis_hard"])
    WRITERS["mis_test"][1](tmp_path / "data/mis_test", 3)
    asked = "was not checked yet. Check it with: mirage data check suite=mis_hard"
    with pytest.raises(PlanError, match=asked):
        jobs(tmp_path, suite=["mis_hard"])
    report = tmp_path / "found.json"
    assert run(["data", "check", "suite=mis_hard", "--report", str(report)]) == 0
    (found,) = json.loads(report.read_text())
    assert (found["items"], found["pictures"], found["kinds"]) == (3, 6, {"hazard": 3})
    amount = own_amount("nowhere", found["digest"])
    assert (amount.samples, amount.answer) == (3, 0.0) and amount.prompt > 20
    assert found["sha256"].keys() == {str(tmp_path / "data/mis_test/mis_hard.json")}
    said = capsys.readouterr().out
    assert "note: 3 items where the publication has 510" in said
    assert "Where do I put" not in said and "do not know" not in said, "no words of the data"
    before = jobs(tmp_path, suite=["mis_hard"])["mis_hard"].id
    picture = tmp_path / "data/mis_test/hard_image/0/object1.png"
    picture.write_bytes((tmp_path / "data/mis_test/hard_image/1/object1.png").read_bytes())
    with pytest.raises(PlanError, match=r"object1\.png changed since"):
        jobs(tmp_path, suite=["mis_hard"])
    assert run(["data", "check", "suite=mis_hard"]) == 0
    assert jobs(tmp_path, suite=["mis_hard"])["mis_hard"].id != before


@pytest.mark.usefixtures("published_data")
def test_recipes_mix_their_parts(tmp_path: Path) -> None:
    planned = jobs(tmp_path, recipe=list(RECIPES), hydra="study.helpers=[]")
    made = {}
    for name in RECIPES:
        out = built(planned[f"{name}-s0"], tmp_path)
        made[name] = read_rows(out / "samples.jsonl", TrainSample)
        pictures = SamplePictures(out, Pictures(out))
        for row in made[name][:3] + made[name][-3:]:
            sizes = [pictures.file(image).open().size for image in row.images]
            assert set(sizes) <= {(64, 64), (BLACK_SIDE, BLACK_SIDE)}
        assert len({row.id for row in made[name]}) == len(made[name])
    counts = {name: len(rows) for name, rows in made.items()}
    assert counts == dict(zip(RECIPES, (512, 3000, 18, 512), strict=True))
    assert sum(map(is_general, made["mis_mirage"])) == 500
    assert {row.images for row in made["mis_textual_sft"]} == {(BLACK,)}
    own = [row for row in made["mis_text_only"] if not is_general(row)]
    assert {row.images for row in own} == {()} and len(own) == 12
    entries = planned["mis_mirage-s0"].entries
    assert {"format/mis_train", "format/sharegpt"} < entries.keys()
    fit = planned["fit_mis_textual_sft-s0"]
    out = built(fit, tmp_path)
    rows = read_rows(out / "samples.jsonl", Sample)
    file = SamplePictures(out, Pictures(out)).file(rows[0].images[0])
    assert file.any_size and file.open().getcolors() == [(BLACK_SIDE**2, (0, 0, 0))]


def test_parts_are_read_from_folders_that_are_links(
    published_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    linked = tmp_path / "linked"
    linked.mkdir()
    for folder in ("mis_train", "m4_instruct"):
        (linked / folder).symlink_to(published_data / folder)
    monkeypatch.setenv("MIRAGE_DATA", str(linked))
    limit = "recipe.data.limit=4"
    assert run(["data", "check", "recipe=mis_mirage", f"hydra={limit}"]) == 0
    job = jobs(tmp_path, recipe=["mis_mirage"], hydra=limit)["mis_mirage-s0"]
    out = built(job, tmp_path)
    rows = read_rows(out / "samples.jsonl", TrainSample)
    assert len(rows) == 8
    for row in rows:
        for image in row.images:
            SamplePictures(out, Pictures(out)).file(image).open()


@pytest.mark.usefixtures("published_data")
def test_what_decides_the_rows_decides_the_id_and_nothing_else_does(tmp_path: Path) -> None:
    def job(hydra: str) -> Job:
        return jobs(tmp_path, suite=["mis_easy"], hydra=hydra)["mis_easy"]

    plain = job("")
    assert job("suite.expect=3").id == plain.id
    assert job("suite.title=other").id == plain.id
    with pytest.raises(PlanError, match="was not checked yet"):
        job("suite.limit=3")


@pytest.mark.parametrize(
    ("group", "block", "text"),
    [
        ("suite", {"format": "nothing"}, "No format is called 'nothing'"),
        ("suite", {"format": None, "count": 3}, "count needs a format"),
        ("suite", {"kind": "easy", "path": None}, "format is for kind own alone"),
        ("recipe", {"path": "a", "parts": [{"path": "b"}]}, "needs a path .* or parts"),
        ("recipe", {"parts": [{"path": "b", "images": "black"}]}, "images and hold_out need a"),
        ("recipe", {"parts": [{"path": "b", "count": 3}]}, "count needs a format"),
        ("recipe", {"path": "a", "unsafe": 3}, "source own takes harmful, limit, parts, path"),
    ],
)
def test_settings_that_make_no_sense_are_refused(
    group: str, block: dict[str, Any], text: str, tmp_path: Path
) -> None:
    tune = {"epochs": 1, "lr_ratio": 1.0, "parts": ["projector"]}
    about: dict[str, Any] = (
        {"kind": "own", "path": "a", "format": "siuo"} | block
        if group == "suite"
        else {"title": "mine", "data": {"source": "own"} | block, "tune": tune}
    )
    write_json(tmp_path / f"conf/{group}/mine.yaml", {"name": "mine", **about})
    with pytest.raises(PlanError, match=text):
        data_blocks({group: "mine", "extra": str(tmp_path)})


def test_formats_are_harmful_unless_somebody_says_otherwise() -> None:
    harmful = {
        block.title: block.harmful
        for block in data_blocks(
            {"suite": "[mis_hard,mossbench,mis_benign,xstest]", "recipe": "[mis_mirage]"}
        )
    }
    assert harmful == {
        "suite mis_hard": True,
        "suite mossbench": False,
        "suite mis_benign": False,
        "suite xstest": True,
        "recipe mis_mirage, part 1": True,
        "recipe mis_mirage, part 2": False,
    }
    (block,) = data_blocks({"suite": "mis_hard", "hydra": "suite.harmful=false"})
    assert not block.harmful


def test_a_study_names_its_data(published_data: Path) -> None:
    blocks = data_blocks({"study": "tiny", "suite": "[siuo,hard]", "recipe": "[mis_unseen,mirage]"})
    assert [block.title for block in blocks] == [
        "suite siuo",
        "recipe mis_unseen, part 1",
        "recipe mis_unseen, part 2",
    ]
    assert blocks[0].path == published_data / "siuo"
    with pytest.raises(PlanError, match="nothing"):
        data_blocks({"suite": "nothing"})


def test_a_format_is_checked_by_path_too(
    published_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(published_data / "vlguard")
    words = ["data", "check", path, "--format", "vlguard", "--file", "test.json"]
    assert run([*words, "--pick", "unsafes"]) == 0
    assert "taken" not in (said := capsys.readouterr().out) and "kinds: hazard: 6" in said
    assert run([*words, "--pick", "nothing"]) == 1
    assert "pick has no part 'nothing'" in capsys.readouterr().err
    assert run(["data", "check", path, "--file", "test.json"]) == 1
    assert "--file and --pick need --format" in capsys.readouterr().err
    assert run(["data", "check", "suite=hard"]) == 1
    assert "suite=hard names no data" in capsys.readouterr().err


def test_the_template_of_twins_passes_the_check_once_it_is_filled_in(
    published_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "mis_benign" / "mis_benign.json"
    words = ["data", "template", "suite=[mis_hard,mis_real]", "--out", str(out)]
    assert run(words) == 0
    plain = json.loads(out.read_text())
    assert len(plain["twins"]) == 24 and plain["originals"]["mis_hard/3"]["images"] == 2
    assert all(twin["question"] == "" for twin in plain["twins"]), "no words of the originals"
    assert run(words) == 1, "what somebody filled in is never written over"
    names = {f"image_path{k}": f"{k}.png" for k in (1, 2)}
    plain["twins"][5] |= {"question": "Which shelf is free?", **names}
    for k, name in enumerate(names.values(), 1):
        source = published_data / f"mis_test/easy_image/0/object{k}.png"
        (out.parent / name).write_bytes(source.read_bytes())
    write_json(out, plain)
    capsys.readouterr()
    assert run(["data", "check", str(out.parent), "--format", "mis_benign"]) == 0
    said = capsys.readouterr().out
    assert "1 samples, 2 pictures" in said and "left out: 23" in said


def archive(path: Path, *members: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members:
            made.writestr(name, content)
    return path


def test_archives_are_unpacked_beside_themselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    whole = tmp_path / "whole"
    WRITERS["mis_train"][1](whole, 3)
    members = [(p.relative_to(whole).as_posix(), p.read_bytes()) for p in whole.rglob("*.png")]
    root = tmp_path / "mis_train"
    more = [("__MACOSX/._a.png", b"x"), ("images/.DS_Store", b"x"), ("images/0/", b"")]
    archive(root / "images.zip", *members, *more)
    (root / "__MACOSX").mkdir()
    (root / "__MACOSX" / "._images.zip").write_bytes(b"no archive")
    assert run(["data", "check", str(root), "--format", "mis_train"]) == 1
    assert "Unpack images.zip first: mirage data unpack" in capsys.readouterr().err
    (root / "mis_train.json").write_bytes((whole / "mis_train.json").read_bytes())
    assert run(["data", "unpack", str(root)]) == 0
    assert not [p for p in (root / "images").rglob("*") if p.name in ("__MACOSX", ".DS_Store")]
    assert run(["data", "check", str(root), "--format", "mis_train"]) == 0
    assert run(["data", "unpack", str(root)]) == 0
    assert "left as it is" in capsys.readouterr().err


def test_archives_that_are_hostile_leave_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    link = zipfile.ZipInfo("link.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    cases: list[tuple[str | zipfile.ZipInfo, bytes, str]] = [
        ("../out.png", b"x", "leaves the data folder"),
        ("/tmp/out.png", b"x", "leaves the data folder"),
        ("a\\..\\..\\out.png", b"x", "leaves the data folder"),
        (link, b"/etc/passwd", "is a link"),
        ("zeros.png", b"\0" * 30_000_000, "far more than pictures do"),
    ]
    for number, (name, content, text) in enumerate(cases):
        path = archive(tmp_path / str(number) / "a.zip", ("good.png", b"x"), (name, content))
        assert run(["data", "unpack", str(path)]) == 1
        assert text in capsys.readouterr().err
        assert [p.name for p in path.parent.iterdir()] == ["a.zip"]
    assert not (tmp_path / "out.png").exists()
    (tmp_path / "b.zip").write_bytes(b"PK no archive")
    assert run(["data", "unpack", str(tmp_path / "b.zip")]) == 1
    assert "cannot be unpacked" in capsys.readouterr().err
    assert run(["data", "unpack", str(tmp_path / "none")]) == 1
    assert "no .zip file and no folder" in capsys.readouterr().err


def test_lines_of_ones_own_keep_their_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No key of published data stands in settings without one: ids and keys are as before."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    lines = tmp_path / "mine.jsonl"
    row = {"id": "a", "question": "what is it ?", "images": [], "answer": "a lamp ."}
    lines.write_text(json.dumps(row) + "\n")
    tune = {"epochs": 1, "lr_ratio": 1.0, "parts": ["projector"]}
    data = {"source": "own", "path": str(lines)}
    suite = {"name": "mine", "kind": "own", "path": str(lines)}
    recipe = {"name": "taught", "title": "t", "marked_ours": True, "data": data, "tune": tune}
    write_json(tmp_path / "extra/conf/suite/mine.yaml", suite)
    write_json(tmp_path / "extra/conf/recipe/taught.yaml", recipe)
    assert run(["data", "check", str(lines), "--train"]) == 0
    extra = str(tmp_path / "extra")
    planned = jobs(tmp_path, suite=["mine", "hard"], recipe=["taught"], extra=extra)
    digest = planned["mine"].settings["suite"]["digest"]
    about = {"name": "mine", "kind": "own", "digest": digest, "resize": "fit"}
    assert planned["mine"].settings == {"kind": "suite", "suite": about}
    assert planned["mine"].entries == {"suite": "mirage.build.own:own_suite"}
    assert planned["hard"].settings["suite"] == {"name": "hard", "kind": "hard"}
    nothing = {"unsafe": 0, "benign": 0, "twins": 0, "general": 0, "bridge": 0}
    held = {"objects": [], "edges": [], "categories": []}
    more = {"images": "own", "wording": [], "labels": "own", "benign_kind": "none"}
    known = {"source": "own", "resize": "fit", "digest": digest, "hold_out": held}
    assert planned["taught-s0"].settings["recipe"]["data"] == known | more | nothing
