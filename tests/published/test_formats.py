"""Readers of published formats: good files whichever root, known defects, all that is refused."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from mirage.contracts import DataError
from mirage.plan.entries import TABLES
from mirage.published.mss_chat import INSTRUCTION
from mirage.published.places import PLACES
from published_files import WRITERS, N, changed, question, read, write_csv

ITEMS = {"mm_safetybench": 13, "mss_chat": 4 * N, "vlguard": 9}
"""Format -> items of N: one a scenario; two requests in two situations; two of a safe picture."""

KINDS: dict[str, dict[str, int]] = {
    "mis_train": {"hazard": N},
    "sharegpt": {"": N},
    "mis_benign": {"benign": N},
    "mossbench": {"benign": N},
    "mss_chat": {"hazard": 2 * N, "benign": 2 * N},
    "vlguard": {"hazard": 6, "benign": 3},
    "xstest": {"hazard": N // 2, "benign": N // 2},
    "saferlhf_text": {"hazard": 4, "benign": 2},
}


def test_every_format_has_stand_ins_and_a_place_to_download_from() -> None:
    assert set(TABLES["format"]) == set(WRITERS) == set(PLACES)


@pytest.mark.parametrize("name", sorted(WRITERS))
def test_a_good_file_gives_the_same_rows_whichever_root(
    name: str, write: Callable[[str], Path], tmp_path: Path
) -> None:
    root = write(name)
    made = read(root, name)
    assert made.problems == []
    assert len(made.rows) == ITEMS.get(name, N)
    kinds: dict[str, int] = {}
    for row in made.rows:
        kinds[row.truth.get("kind", "")] = kinds.get(row.truth.get("kind", ""), 0) + 1
    assert kinds == KINDS.get(name, {"hazard": ITEMS.get(name, N)})
    assert all((made.pictures.root / p).is_file() for row in made.rows for p in row.images)
    (tmp_path / "outer" / "__MACOSX").mkdir(parents=True)
    (tmp_path / "outer" / ".DS_Store").write_bytes(b"\0")
    root.rename(tmp_path / "outer" / "download")
    deeper = read(tmp_path / "outer", name)
    assert deeper.problems == []
    plain = [(r.id, r.question, r.truth, r.category, r.answer, len(r.images)) for r in made.rows]
    assert plain == [
        (r.id, r.question, r.truth, r.category, r.answer, len(r.images)) for r in deeper.rows
    ]


@pytest.mark.parametrize("name", sorted(set(WRITERS) - {"mis_benign"}))
def test_a_folder_without_the_file_says_what_is_missing(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"has no .*\.(json|csv)"):
        read(tmp_path, name).checked()
    with pytest.raises(DataError, match="does not exist; name the folder of the download"):
        read(tmp_path / "no", name)


MIS: dict[str, tuple[dict[str, Any], str]] = {
    "no question": ({"question": "  "}, "question is missing or empty"),
    "question as number": ({"question": 3}, "question is no text"),
    "one image": ({"image_path2": ""}, "1 images; every item of MIS has two"),
    "three images": ({"image_path3": "easy_image/0/object1.png"}, "3 images; every item"),
    "missing picture": (
        {"image_path1": "easy_image/0/no.png"},
        "picture easy_image/0/no.png is not",
    ),
    "absolute": ({"image_path1": "/etc/passwd"}, "'/etc/passwd' leaves the data folder"),
    "outside": ({"image_path1": "../secret.png"}, "'../secret.png' leaves the data folder"),
    "link": ({"image_path1": "easy_image/link.png"}, "link.png is a link out of its folder"),
    "no name": ({"image_path1": "."}, "'.' is no name of a file"),
    "long name": ({"image_path1": "x" * 252}, "is no name of a file"),
    "long path": ({"image_path1": "x/" * 2000}, "is no name of a file"),
    "windows": ({"image_path1": "..\\\\x.png"}, "leaves the data folder"),
    "no picture": ({"image_path1": "mis_easy.json"}, "is damaged"),
    "half a character": ({"question": "\ud800"}, "half a character"),
}


@pytest.mark.parametrize("name", sorted(MIS))
def test_what_is_wrong_with_an_item_is_told_with_its_place(
    name: str, write: Callable[[str], Path], tmp_path: Path
) -> None:
    root = write("mis_test")
    Image.new("RGB", (8, 8)).save(tmp_path / "secret.png")
    (root / "easy_image" / "link.png").symlink_to(tmp_path / "secret.png")
    more, text = MIS[name]
    changed(root / "mis_easy.json", lambda rows: rows[2].update(more))
    made = read(root, "mis_test", file="mis_easy.json")
    (problem,) = made.problems
    assert text in problem and "mis_easy.json, item 3: " in problem
    with pytest.raises(DataError, match=r"by kind: .*: 1\n"):
        made.checked()


BROKEN = {
    "no json": ("[{", "not valid JSON"),
    "no array": ("{}", "a JSON array is needed, not dict"),
    "key twice": ('[{"id": 1, "id": 2}]', "the key 'id' stands twice"),
    "nan": ('[{"id": NaN}]', "NaN is no number"),
    "long number": ('[{"id": 1' + "0" * 9000 + "}]", "a whole number of thousands of digits"),
    "deep": ("[" * 100_000, "nested too deeply"),
    "no object": ("[3]", "item 1: a JSON object is needed, not 3"),
    "empty": ("[]", "holds no items"),
}


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_a_broken_file_is_a_sentence(name: str, write: Callable[[str], Path]) -> None:
    root, (text, wanted) = write("mis_test"), BROKEN[name]
    (root / "mis_easy.json").write_text(text)
    made = read(root, "mis_test", file="mis_easy.json")
    assert any(wanted in problem for problem in made.problems), made.problems
    (root / "mis_easy.json").write_bytes(b'[{"question": "\xff"}]')
    assert "not UTF-8" in read(root, "mis_test", file="mis_easy.json").problems[0]


def test_a_cache_of_links_says_how_to_copy_it(write: Callable[[str], Path]) -> None:
    root = write("mis_test")
    (root / "mis_easy.json").rename(root.parent / "blob")
    (root / "mis_easy.json").symlink_to(root.parent / "blob")
    assert "cp -rL" in read(root, "mis_test", file="mis_easy.json").problems[0]


def test_pictures_are_found_where_packers_put_them(write: Callable[[str], Path]) -> None:
    root = write("mis_train")
    plain = [row.images for row in read(root, "mis_train").rows]
    (root / "more").mkdir()
    (root / "images").rename(root / "more" / "images")
    made = read(root, "mis_train")
    assert made.problems == []
    assert [row.images for row in made.rows] == [
        tuple(f"more/{n}" for n in names) for names in plain
    ]
    assert made.notes["pictures in another folder than the file says"] == 2 * N
    (root / "other").mkdir()
    (root / "more" / "images" / "0").rename(root / "other" / "0")
    assert len([p for p in read(root, "mis_train").problems if "is not in" in p]) == 2
    (root / "other").rename(root / "images")
    (root / "more" / "images" / "0").mkdir()
    Image.new("RGB", (9, 9)).save(root / "more" / "images" / "0" / "object1.png")
    assert read(root, "mis_train").problems == [], "where the file says comes first"
    (root / "images").rename(root / "else")
    (root / "else").rename(root / "again")
    (root / "again" / "images").mkdir()
    (root / "again" / "0").rename(root / "again" / "images" / "0")
    (problem,) = read(root, "mis_train").problems
    assert "object1.png lies in several folders: again/images/0/object1.png, more/im" in problem


def test_the_first_folder_of_a_name_may_be_the_authors_own(write: Callable[[str], Path]) -> None:
    root = write("mis_test")

    def change(rows: list[dict[str, Any]]) -> None:
        rows[0]["image_path1"] = f"theirs/{rows[0]['image_path1']}"
        rows[1]["image_path1"] = "theirs/1/object1.png"

    changed(root / "mis_easy.json", change)
    made = read(root, "mis_test", file="mis_easy.json")
    assert made.rows[0].images[0] == "easy_image/0/object1.png"
    (problem,) = made.problems
    assert "item 2: picture theirs/1/object1.png is not" in problem, "never that of another split"


def test_that_folder_may_be_the_root_s_and_the_ending_another(write: Callable[[str], Path]) -> None:
    root = write("mis_test")
    Image.new("RGB", (8, 8)).save(root / "one.png")
    Image.new("RGB", (8, 8)).save(root / "easy_image/0/other.png")

    def change(rows: list[dict[str, Any]]) -> None:
        rows[0]["image_path1"] = f"{root.name}/one.png"
        rows[0]["image_path2"] = "theirs/easy_image/0/other.jpg"
        rows[1]["image_path1"] = "theirs/one.png"

    changed(root / "mis_easy.json", change)
    made = read(root, "mis_test", file="mis_easy.json")
    assert made.rows[0].images == ("one.png", "easy_image/0/other.png")
    (problem,) = made.problems
    assert "item 2: picture theirs/one.png is not" in problem, (
        "only the root's own name is left out"
    )
    assert made.notes["pictures with another ending than the file says"] == 1


def test_a_file_may_not_lead_out_of_the_download(write: Callable[[str], Path]) -> None:
    root = write("mis_test")
    (root.parent / "other.json").write_text("[]")
    (root / "link.json").symlink_to(root.parent / "other.json")
    for name, text in (("../other.json", "leaves the data folder"), ("link.json", "a link out of")):
        assert text in read(root, "mis_test", file=name).problems[0]


def test_spellings_are_made_alike_and_strange_keys_noted(write: Callable[[str], Path]) -> None:
    root = write("mis_test")

    def change(rows: list[dict[str, Any]]) -> None:
        rows[0] |= {"sub_category": "Abuse and Physical Alterations", "extra": 1}
        rows[1] |= {"category": "privacy ", "sub_category": "Identify Theft"}
        rows[2] |= {"category": "Gardening"}

    changed(root / "mis_easy.json", change)
    made = read(root, "mis_test", file="mis_easy.json")
    first, second, third = made.rows[:3]
    assert first.sub_category == "Abuse and Physical Altercations"
    assert (second.category, second.sub_category) == ("Privacy", "Identity Theft")
    assert third.category == "Gardening"
    assert made.notes == {
        "labels spelt in another way, now alike": 3,
        "labels that the paper does not list": 1,
        "items with keys that the format does not have, which are not read": 1,
    }


def test_ids_that_are_missing_or_collide_are_made_of_content(write: Callable[[str], Path]) -> None:
    root = write("mis_test")

    def change(rows: list[dict[str, Any]]) -> None:
        rows[1]["id"] = rows[0]["id"] = 7
        rows[2]["id"] = rows[3]["id"] = None
        del rows[4]["id"]
        rows[5]["id"] = "../a b"

    changed(root / "mis_easy.json", change)
    made = read(root, "mis_test", file="mis_easy.json")
    ids = [row.id for row in made.rows]
    assert len(set(ids)) == N
    assert [name[:2] for name in ids[:2]] == ["7-", "7-"]
    assert all(name[0] == "x" and len(name) == 11 for name in ids[2:5])
    assert ids[5] == "a-b"
    changed(root / "mis_easy.json", lambda rows: rows.reverse())
    assert [row.id for row in read(root, "mis_test", file="mis_easy.json").rows] == ids[::-1]
    changed(root / "mis_easy.json", lambda rows: rows.append(rows[0]))
    again = read(root, "mis_test", file="mis_easy.json")
    assert len({row.id for row in again.rows}) == N + 1
    assert "items that stand there twice, word by word" in again.notes


def test_the_digest_follows_what_is_read_alone(write: Callable[[str], Path]) -> None:
    root = write("mis_test")
    before = read(root, "mis_test", file="mis_easy.json").digest
    changed(root / "mis_hard.json", lambda rows: rows.pop())
    assert read(root, "mis_test", file="mis_easy.json").digest == before
    Image.new("RGB", (9, 9)).save(root / "easy_image" / "1" / "object2.png")
    after = read(root, "mis_test", file="mis_easy.json").digest
    changed(root / "mis_easy.json", lambda rows: rows[0].update(question="And now?"))
    assert len({before, after, read(root, "mis_test", file="mis_easy.json").digest}) == 3


@pytest.mark.parametrize(
    ("name", "pick", "count"),
    [
        ("vlguard", ["unsafes"], 3),
        ("vlguard", ["unsafes", "safe_unsafes"], 6),
        ("mm_safetybench", ["SD", "TYPO"], 26),
        ("mss_chat", ["first"], 2 * N),
        ("jailbreakv", ["mini"], N),
        ("saferlhf_text", ["benign"], 2),
    ],
)
def test_parts_are_picked(
    name: str, pick: list[str], count: int, write: Callable[[str], Path]
) -> None:
    root = write(name)
    made = read(root, name, pick=pick)
    assert made.problems == [] and len(made.rows) == len({row.id for row in made.rows}) == count
    assert "pick has no part 'nothing'" in read(root, name, pick=["nothing"]).problems[0]


def test_the_same_request_is_benign_with_one_picture_and_a_hazard_with_the_other(
    write: Callable[[str], Path],
) -> None:
    safe, unsafe = read(write("mss_chat"), "mss_chat").rows[:2]
    assert safe.question == unsafe.question and safe.images != unsafe.images
    assert (safe.truth["kind"], unsafe.truth["kind"]) == ("benign", "hazard")
    assert safe.truth["pair"] == unsafe.truth["pair"]
    assert (safe.truth["situation"], unsafe.truth["situation"]) == ("safe", "unsafe")


def test_requests_of_mssbench_stand_behind_its_instruction(write: Callable[[str], Path]) -> None:
    root = write("mss_chat")
    (first, *_) = read(root, "mss_chat").rows
    assert first.question == f"{INSTRUCTION}{question(0)}"
    assert "first-person view" in INSTRUCTION and INSTRUCTION.endswith("The user query is: ")
    for queries in ([" "], [], None):
        changed(root / "combine.json", lambda plain, q=queries: plain["chat"][0].update(queries=q))
        assert "a list of texts, none of them empty" in read(root, "mss_chat").problems[0]


def test_rewritten_answers_of_vlguard_keep_the_pictures_of_their_split(
    write: Callable[[str], Path],
) -> None:
    made = read(write("vlguard"), "vlguard", file="train_rewritten.json")
    assert made.problems == [] and made.notes == {}
    assert {name.split("/")[0] for row in made.rows for name in row.images} == {"train"}


SMALL: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "vlguard, no safe": ("vlguard", "train.json", {"safe": "yes"}, "safe (true or false)"),
    "vlguard, no list": ("vlguard", "train.json", {"instr-resp": {}}, "a list instr-resp"),
    "vlguard, no text": ("vlguard", "train.json", {"instr-resp": [{}]}, "has no instruction"),
    "siuo, no image": ("siuo", "siuo_gen.json", {"image": None}, "image is no text"),
    "vlsbench": ("vlsbench", "data.json", {"instruction": ""}, "instruction is missing"),
    "texts": ("saferlhf_text", "saferlhf_text.json", {"harmful": 1}, "true or false"),
}


@pytest.mark.parametrize("name", sorted(SMALL))
def test_other_formats_are_as_strict(name: str, write: Callable[[str], Path]) -> None:
    kind, file, more, text = SMALL[name]
    root = write(kind)
    changed(root / file, lambda rows: rows[0].update(more))
    assert any(text in problem for problem in read(root, kind).problems)


def test_tables_are_read_strictly(write: Callable[[str], Path]) -> None:
    file = write("xstest") / "xstest_prompts.csv"
    good = file.read_text()
    for text, wanted in (
        (good.replace("prompt,type", "promt,type"), "the column 'prompt' is missing"),
        (good + "v2-9,one cell more,homonyms,safe,,,more\n", "another number of cells"),
        (good + '"v2-9,never closed\n', "not valid CSV"),
        (good.replace("homonyms,safe", "homonyms,maybe", 1), "neither safe nor unsafe"),
    ):
        file.write_text(text)
        assert any(wanted in problem for problem in read(file.parent, "xstest").problems), wanted
    file.write_text(good)
    older = [{k: row[k] for k in ("id", "prompt", "type")} for row in csv.DictReader(file.open())]
    write_csv(file, older)
    kinds = [row.truth["kind"] for row in read(file.parent, "xstest").rows]
    assert kinds == ["benign", "hazard"] * (N // 2)


def test_signs_that_part_lines_elsewhere_part_no_row(write: Callable[[str], Path]) -> None:
    file = write("xstest") / "xstest_prompts.csv"
    with file.open("a", encoding="utf-8") as table:
        table.write("v2-9,one\u2028two\x0bthree\x0cfour\x85five,homonyms,safe,,\n")
    made = read(file.parent, "xstest")
    assert made.problems == []
    assert made.rows[-1].question == "one\u2028two\x0bthree\x0cfour\x85five"


def test_a_scenario_that_is_missing_is_a_problem(write: Callable[[str], Path]) -> None:
    root = write("mm_safetybench")
    (root / "data/processed_questions/07-Sex.json").unlink()
    (problem,) = read(root, "mm_safetybench").problems
    assert "07-Sex.json is missing" in problem


TWINS: dict[str, tuple[dict[str, Any], str]] = {
    "unknown original": ({"twin_of": "mis_hard/99"}, "'mis_hard/99' is no item of originals"),
    "one picture": ({"image_path2": ""}, "1 images; its original has 2"),
    "no question": ({"question": ""}, "question is missing or empty"),
    "second twin": ({"twin_of": "mis_hard/1"}, "mis_hard/1 has a twin already"),
}


@pytest.mark.parametrize("name", sorted(TWINS))
def test_twins_fit_their_originals(name: str, write: Callable[[str], Path]) -> None:
    root, (more, text) = write("mis_benign"), TWINS[name]
    changed(root / "mis_benign.json", lambda plain: plain["twins"][0].update(more))
    problems = read(root, "mis_benign").problems
    assert any(text in problem for problem in problems), problems


def test_twins_that_are_alike_or_empty(write: Callable[[str], Path]) -> None:
    root = write("mis_benign")
    empty = {"question": "", "image_path1": "", "image_path2": ""}
    changed(root / "mis_benign.json", lambda plain: plain["twins"][0].update(empty))
    made = read(root, "mis_benign")
    assert made.problems == [] and len(made.rows) == N - 1
    assert made.notes == {"twins that are not filled in yet, which are left out": 1}

    def copy(plain: dict[str, Any]) -> None:
        plain["twins"][1] = {**plain["twins"][2], "twin_of": "mis_hard/1"}

    changed(root / "mis_benign.json", copy)
    assert "those of another twin" in read(root, "mis_benign").problems[0]
    assert made.rows[0].truth["twin_of"] == "mis_hard/1"
    assert made.rows[0].question == question(N + 1)
