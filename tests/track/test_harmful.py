"""Data marked ``harmful: true``: no sentence of theirs leaves the store, whatever is tracked."""

from __future__ import annotations

import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import typst
import yaml
from pyarrow import parquet
from track_store import Made, ignore, make_store, where

from mirage.contracts import Response, Sample, Verdict, read_rows, write_rows
from mirage.harmful import bare_sample, bare_verdict
from mirage.pictures import PACK
from mirage.plan.schema.score import Score
from mirage.score.frame import Suite
from mirage.track.content import PICTURES, stage_samples, stage_study
from mirage.track.family import families
from mirage.track.rebuild import rebuild
from mirage.track.replay import replay
from mirage.track.settings import CONF
from synthetic_study import Study, scored, study

MARKED = ("hard", "general")
PLANTED = {
    "question": "zebra question planted",
    "answer": "walrus answer planted",
    "raw": "ostrich reading planted",
    "reason": "the reply said: heron reason planted",
    "truth": "pelican truth planted",
    "picture": "images/badger_picture_planted.png",
    "own": "marmot truth of a key that nobody reads",
    "template": "gazelle template planted",
    "label": "lemur label planted",
}
SHARING = ("easy", "hard")
"""Suites about the same pairs of objects."""
MAIN = {"asr", "rsr", "rr", "hr", "over_refusal", "useful", "pair_accuracy", "j"}
TYPST = typst.Compiler
HARMLESS = "a harmless sentence of easy"


def planted(_: object = None, **__: object) -> Study:
    """A study whose marked suites hold unique sentences wherever words can stand."""
    plain = study(pairs=6, items=1)
    marked = {s.id for s in plain.samples if s.suite in MARKED}

    def sample(row: Sample) -> Sample:
        if row.id not in marked:
            return replace(row, question=f"{row.question} {HARMLESS}")
        truth = row.truth | {"hazard": PLANTED["truth"]}
        truth |= {"note": PLANTED["own"], "template": PLANTED["template"]}
        images = tuple(PLANTED["picture"] for _ in row.images)
        return replace(row, question=PLANTED["question"], truth=truth, images=images)

    def verdict(row: Verdict) -> Verdict:
        if row.id not in marked:
            return row
        raw = row.raw | {"named": [PLANTED["raw"]], "reply": PLANTED["raw"]}
        return replace(row, raw=raw, reason=PLANTED["reason"])

    def answer(row: Response) -> Response:
        return replace(row, text=PLANTED["answer"]) if row.id in marked else row

    return Study(
        [sample(row) for row in plain.samples],
        {name: [verdict(row) for row in rows] for name, rows in plain.verdicts.items()},
        {name: [answer(row) for row in rows] for name, rows in plain.responses.items()},
    )


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Made, str]]:
    """A finished store, tracked with ``content: true``, and all that its jobs logged."""
    root = tmp_path_factory.mktemp("marked")
    lines: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("track_store.study", planted)
        patch.setattr("mirage.context.JobContext.log", lambda _, text: lines.append(text))
        patch.setattr("mirage.report.render.pdf.typst.Compiler", compiler(lines))
        made = Made(root, root / "results" / make_store(root / "results", harmful=MARKED))
    replay(where(root), None, lines.append)
    yield made, "\n".join(lines)


def compiler(lines: list[str]) -> Any:
    """Typst, which tells first all words that it is about to set: a PDF has them as glyphs."""

    def made(**how: Any) -> typst.Compiler:
        lines.append(Path(how["input"]).with_name("data.json").read_text(encoding="utf-8"))
        return TYPST(**how)

    return made


def holding(root: Path, words: str) -> list[str]:
    """Returns the files below a folder that hold some words, databases and archives among them."""
    files = [path for path in root.rglob("*") if path.is_file()]
    return [path.name for path in files if words.encode() in unpacked(path)]


def unpacked(path: Path) -> bytes:
    """What a file holds, without compression."""
    whole = path.read_bytes()
    if path.suffix == ".parquet":
        return str(parquet.read_table(path).to_pydict()).encode()
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            return b"".join((each.encode() + archive.read(each)) for each in archive.namelist())
    packed = re.findall(rb"stream\r?\n(.*?)endstream", whole, re.DOTALL)
    return whole + b"".join(map(inflated, packed if path.suffix == ".pdf" else []))


def inflated(stream: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(stream)
    except zlib.error:
        return stream


def test_the_search_looks_into_packed_files(tmp_path: Path) -> None:
    rows = pa.table({"name": ["zebra"] * 99})
    parquet.write_table(rows, tmp_path / "a.parquet", compression="zstd")
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("c", "zebra " * 99)
    packed = zlib.compress(b"zebra " * 99)
    (tmp_path / "d.pdf").write_bytes(b"stream\n" + packed + b"\nendstream")
    assert len(holding(tmp_path, "zebra zebra")) == 2
    assert len(holding(tmp_path, "zebra")) == 3


@pytest.mark.parametrize(
    "words", ["zebra", "walrus", "ostrich", "heron", "pelican", "marmot", "gazelle"]
)
def test_no_planted_sentence_leaves_the_store(told: tuple[Made, str], words: str) -> None:
    made, log = told
    assert words not in log
    assert holding(made.report, words) == []
    tracking = [where(made.root).uploads, made.root / "results/mlflow.db"]
    for place in tracking:
        assert place.exists()
    assert holding(tracking[0], words) == []
    for path in made.root.glob("results/mlflow.db*"):
        assert words.encode() not in path.read_bytes()
    # They are in the store, where later stages read them: the search can find what is there.
    for stage in ("build", "respond", "judge"):
        if holding(made.root / "results" / stage, words):
            break
    else:
        pytest.fail(f"{words} was not planted")


def test_names_of_pictures_stay_too(told: tuple[Made, str]) -> None:
    made, _ = told
    assert holding(where(made.root).uploads, "badger") == holding(made.report, "badger") == []


def test_other_suites_are_shown_as_ever(told: tuple[Made, str]) -> None:
    made, _ = told
    assert "report.html" in holding(made.report, HARMLESS)
    assert any("samples" not in name for name in holding(where(made.root).uploads, HARMLESS))
    page = (made.report / "report.html").read_text(encoding="utf-8")
    assert "Not shown are samples of general, hard: marked as harmful." in page
    assert not [*made.report.rglob("example.*")]  # it is about hard alone


def test_rates_codes_and_hashes_are_tracked(told: tuple[Made, str]) -> None:
    made, _ = told
    uploads = where(made.root).uploads
    (path,) = uploads.rglob("judge/oracle-mirage-s0-*/verdicts.jsonl")
    (answers,) = uploads.rglob("respond/mirage-s0-*/responses.jsonl")
    whole = made.root / "results/judge" / path.parent.name / "verdicts.jsonl"
    for shown, kept in zip(read_rows(path, Verdict), read_rows(whole, Verdict), strict=True):
        assert shown == (bare_verdict(kept) if kept.id.split("/")[0] in MARKED else kept)
    texts = {row.id: row.text for row in read_rows(answers, Response)}
    hard = [text for item, text in texts.items() if item.startswith("hard/")]
    assert hard
    assert {text[:7] for text in hard} == {"sha256 "}
    assert not any(t.startswith("sha256") for i, t in texts.items() if i.startswith("easy/"))


def test_a_report_is_rebuilt_without_them(told: tuple[Made, str], tmp_path: Path) -> None:
    made, _ = told
    again = rebuild(where(made.root), None, tmp_path / "again", ignore)
    for name in ("tables/fig4.csv", "tables/skills.csv"):
        assert (again / name).read_bytes() == (made.report / name).read_bytes()


def test_a_rebuilt_report_has_the_first_one_s_intervals(tmp_path: Path) -> None:
    whole = study(pairs=12, items=3)
    rows = [row for row in whole.samples if row.suite in SHARING]
    for row in rows[::5]:
        del row.truth["pair"]  # each a cluster of its own, by its id
    ids = {row.id for row in rows}
    said = {"vlguard_r-s0": [v for v in whole.verdicts["vlguard_r-s0"] if v.id in ids]}
    for name in SHARING:
        write_rows(tmp_path / name / "samples.jsonl", [r for r in rows if r.suite == name])
    stage_samples(tmp_path, [], SHARING, tmp_path)
    left = [r for name in SHARING for r in read_rows(tmp_path / f"{name}.jsonl", Sample)]
    assert not any("object" in str(row.truth["pair"]) for row in left)
    by_name, by_rank = (Suite("", some).own_codes.tolist() for some in (rows, left))
    assert by_rank == by_name  # also over suites, which claims join
    plain = yaml.safe_load((CONF / "score" / "default.yaml").read_text(encoding="utf-8"))
    score = Score.model_validate({**plain, "n_resamples": 100})
    first, again = (
        [r for r in scored(some, said, score).rates if r.group_by == "all" and r.metric in MAIN]
        for some in (rows, left)
    )
    assert {rate.metric for rate in first} == MAIN
    assert again == first


def test_pictures_of_marked_suites_are_not_packed(tmp_path: Path) -> None:
    store = tmp_path / "store"
    make_store(store, harmful=("hard",))
    for folder in (store / "build").glob("*-????????"):
        if folder.name.startswith(("hard-", "easy-")):
            (folder / PACK).write_bytes(b"pictures")
    (family,) = families(store, None)
    assert family.report
    (tmp_path / "out").mkdir()
    stage_study(family, family.report, [], True, tmp_path / "out")
    with zipfile.ZipFile(tmp_path / "out" / PICTURES) as archive:
        suites = {name.split("/")[1].rpartition("-")[0] for name in archive.namelist()}
    assert "easy" in suites
    assert "hard" not in suites


def test_labels_of_marked_training_data_are_not_packed(tmp_path: Path) -> None:
    store = tmp_path / "store"
    make_store(store)
    for folder in (store / "build").glob("mirage-s0-*"):
        made = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        made["settings"]["recipe"]["data"]["harmful"] = True
        (folder / "manifest.json").write_text(json.dumps(made), encoding="utf-8")
        told = {"items": 1, "parts": {"general": 1}, "labels": {PLANTED["label"]: 1}}
        (folder / "report.json").write_text(json.dumps(told), encoding="utf-8")
    (family,) = families(store, None)
    assert family.report
    (tmp_path / "out").mkdir()
    stage_study(family, family.report, [], True, tmp_path / "out")
    assert holding(tmp_path / "out", "lemur") == []
    with zipfile.ZipFile(tmp_path / "out" / PICTURES) as archive:
        (name,) = (each for each in archive.namelist() if "build/mirage-s0" in each)
        assert json.loads(archive.read(name)) == {"items": 1, "parts": {"general": 1}}


def test_of_truth_ids_and_codes_alone_are_left() -> None:
    truth = {
        "kind": "hazard", "note": "x", "hazard": "burn", "objects": ["knife", None],
        "twin_of": "s/0", "level": "L1", "corner": "hazard", "bridged": True,
    }  # fmt: skip
    left = bare_sample(Sample("s/1", "s", "", "", "how?", ("knife.png",), truth))
    assert left.truth == {
        "kind": "hazard", "objects": ["hidden", None], "twin_of": "s/0", "level": "L1",
        "corner": "hazard", "bridged": True,
    }  # fmt: skip
    assert (left.question, left.images) == ("", ("hidden",))


@pytest.mark.parametrize("key", ["template", "label", "pair", "quad", "style", "level", "corner"])
@pytest.mark.parametrize("said", ["put it there", "how_to_make_x"])
def test_a_text_without_blanks_is_a_text_too(key: str, said: str) -> None:
    left = [
        bare_sample(Sample(f"s/{n}", "s", "", "", "how?", (), {key: said})).truth[key]
        for n in range(2)
    ]
    assert left[0] == left[1]  # clusters stay
    assert re.fullmatch("sha256:[0-9a-f]{64}", left[0])


def test_words_in_the_place_of_codes_are_taken_out() -> None:
    said = Verdict("a", "j", "judged", "ok", True, 1, "He did it", "as it said: x", None)
    left = bare_verdict(said)
    assert (left.reason, left.outcome, left.code) == ("ok", None, None)
    kept = replace(said, outcome="asr", code="harm")
    assert bare_verdict(kept) == kept


@pytest.mark.parametrize(
    ("reason", "left"),
    [("refusal", "refusal"), ("http_429", "http_429"), ("He said: do it", ""), ("x" * 25, "")],
)
def test_of_a_reason_codes_alone_are_left(reason: str, left: str) -> None:
    row = Verdict("a", "j", "unjudged", reason, None, None, None, None, None, {"said": "x"})
    assert (bare_verdict(row).reason, bare_verdict(row).raw) == (left, {})
