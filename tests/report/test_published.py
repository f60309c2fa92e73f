"""Published values: every table and figure has its place, and no table mixes them with ours."""

from __future__ import annotations

import csv
import io
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from wide_data import data_of

from mirage.contracts import DataError
from mirage.plan.code_version import code_of
from mirage.report.assemble import blocks_of, build_tables
from mirage.report.blocks import Column, Figure, Number, Table, Text, TextBlock
from mirage.report.captions import SOURCES
from mirage.report.data import ReportData
from mirage.report.exhibits.tables import APPENDIX, Block
from mirage.report.paper import side_by_side as pages
from mirage.report.paper.published import PREFIX, Paper, heading, paper, published_table
from mirage.report.paper.side_by_side import arranged, chapters
from mirage.report.render.writers import to_csv
from report_exhibits import EXHIBITS, PLAIN, WIDE, blocks_under, exhibits
from synthetic_wide import factorial_cards, published_cards, wide

CONF = Path(__file__).parents[2] / "conf"
STUDIES = {"motivation", "main", "bases", "ablations", "factorial", "scaling", "paper"}
PAPER = {
    *(f"table{n}" for n in range(1, 20)), *(f"fig{n}" for n in (3, 4, 5, 6, 9)), "v1_table9",
    "rebuttal_mis", "rebuttal_general", "rebuttal_released", "headline",
}  # fmt: skip


@pytest.fixture(scope="module")
def found() -> Paper:
    return paper()


@pytest.fixture(scope="module")
def shown(data: ReportData) -> ReportData:
    return replace(data, study=replace(data.study, name="paper", published=True))


@pytest.fixture(scope="module")
def blocks(shown: ReportData) -> list[Block]:
    return blocks_of(shown)


def test_every_table_and_figure_has_one_study_or_a_reason(found: Paper) -> None:
    assert set(found.entries) == PAPER
    for key, entry in found.entries.items():
        assert (entry.study is None) != (entry.absent is None), key
        assert entry.study is None or entry.study in STUDIES, key
        assert entry.absent is None or len(entry.absent) > 40, key
        assert entry.full, key
        assert entry.setting, key
        assert not entry.full.endswith("."), key


def test_the_study_really_has_the_nano_tables(found: Paper) -> None:
    for key, entry in found.entries.items():
        assert set(entry.nano) <= set(EXHIBITS), key
        if entry.study is not None:
            path = CONF / "study" / f"{entry.study}.yaml"
            plain = yaml.safe_load(path.read_text(encoding="utf-8"))
            assert set(entry.nano) <= set(plain["tables"]), key
            assert plain["published"] is True, key


def test_every_report_table_and_every_id_stands_in_one_chapter(found: Paper) -> None:
    nano = {name for entry in found.entries.values() for name in entry.nano}
    own = [name for chapter in chapters() for name in chapter.own]
    assert Counter(own).most_common(1)[0][1] == 1
    assert not nano & set(own)
    assert nano | set(own) == set(EXHIBITS) - {"answer"}  # before all chapters
    keys = [key for chapter in chapters() for key in chapter.paper]
    assert sorted(keys) == sorted(found.entries)
    for chapter in chapters():
        assert bool(chapter.heading) == bool(chapter.paper and chapter.own), chapter.title


def test_known_cells(found: Paper) -> None:
    at = {(c.table, c.row, c.column): c for c in found.cells}
    assert at["table4", "InternVL2.5-8B + MIRage", "easy RSR"].value == "99.34"
    assert at["table12", 'InternVL2.5-8B + MIRage w/ "I\'m sorry"', "MSS Safe"].value == "43.67"
    assert at["table6", "InternVL2.5-8B", "general %"].value == ""
    suspect = at["table1", "Qwen2-VL-7B-Instruct", "FigStep"]
    assert (suspect.value, suspect.flags) == ("58.53", ("figstep_equals_mmstar",))
    assert Counter(c.table for c in found.cells)["table4"] == 18 * 12
    assert not found.of("fig9")


def test_values_look_printed_and_nothing_was_mended(found: Paper) -> None:
    for cell in found.cells:
        assert cell.value == cell.value.strip()
        if cell.unit == "%" and cell.value:
            assert 0 <= float(cell.value) <= 100, cell
    swapped = [c.value for c in found.cells if "mmmu_muirbench_swapped" in c.flags]
    assert swapped == ["48.38", "53.33"]


def test_a_table_as_printed(found: Paper) -> None:
    table = published_table(found, "table1")
    assert table is not None
    assert [c.name for c in table.columns] == [
        "model", "MMStar", "MMMU", "MMT", "FigStep", "Safe", "Unsafe",
    ]  # fmt: skip
    assert [c.group for c in table.columns] == [""] * 5 + ["MSS"] * 2
    names = [row[0].text for row in table.rows if isinstance(row[0], Text)]
    assert names[:3] == ["LLaVA-1.5-13B", "+ Textual SFT", "+ VLGuard-M"]
    assert table.rules == {5, 9}
    assert table.rows[1][0] == Text("+ Textual SFT", alone="LLaVA-1.5-13B + Textual SFT")
    assert table.rows[5][4] == Number(58.53, digits=2, mark="a", flags=("figstep_equals_mmstar",))
    assert table.notes[0].startswith("a: 58.53 is also this row's MMStar value")
    assert "Source: ICLR 2026 camera-ready" in table.caption


def test_what_is_not_found_stays_empty(found: Paper) -> None:
    sizes = published_table(found, "table18")
    assert sizes is not None
    assert sizes.columns[2] == Column("safe text", is_text=True, bare=True, printed=True)
    assert sizes.rows[0] == (
        Text("VLSafe"), Number(1110.0, digits=0), Text("no"), Text("no"), Text("no"), Number(None),
    )  # fmt: skip
    assert published_table(found, "fig9") is None


def test_headings() -> None:
    assert [heading(key) for key in ("table12", "fig4", "rebuttal_mis", "v1_table9")] == [
        "Table 12", "Figure 4", "", "",
    ]  # fmt: skip


def test_titles_tell_published_tables_apart(found: Paper) -> None:
    tables = [published_table(found, key) for key in found.entries]
    titles = Counter(table.title for table in tables if table is not None)
    assert titles.most_common(1)[0][1] == 1
    assert "Published: Headline numbers, values as printed" in titles


def test_no_table_mixes_published_and_nano(blocks: list[Block], found: Paper) -> None:
    tables = [b for b in blocks if isinstance(b, Table)]
    published = [t for t in tables if t.id.startswith(PREFIX) and t.id != "published_check"]
    assert len(published) == len({c.table for c in found.cells})
    for table in published:
        assert "nano" not in f"{table.title} {table.caption}".lower(), table.id
        assert all(c.bare for c in table.columns if not c.is_text), table.id


@pytest.fixture(scope="module")
def nano_tables(data: ReportData) -> dict[str, Table]:
    """Every table of ours, made from studies that hold what it needs."""
    suites = (
        "easy", "hard", "mss", "general", "text_only", "cues", "conflict", "image_use",
        "more_images",
    )  # fmt: skip
    wide_paper = data_of(wide(published_cards(), 4, suites), "paper", tuple(EXHIBITS))
    cards = factorial_cards(images=("one_of_two", "two"), labels=("cot", "short_refusal"))
    wide_cells = data_of(wide(cards, 4, ("hard", "conflict", "general")), "factorial", ())
    found: dict[str, Table] = {}
    for source, ids in ((data, PLAIN), (wide_paper, WIDE), (wide_cells, WIDE)):
        for name in (name for name in ids if name != "published_check"):
            for block in blocks_under(name, source):
                if isinstance(block, Table):
                    found[block.id] = block
    return found


def test_no_table_of_ours_holds_anything_published(
    nano_tables: dict[str, Table], found: Paper
) -> None:
    assert len(nano_tables) > 40
    rows = {cell.row for cell in found.cells} - {"base"}
    for name, table in nano_tables.items():
        assert not name.startswith(PREFIX)
        assert not any(c.printed for c in table.columns), name
        for cell in (cell for row in table.rows for cell in row):
            assert not cell.flags, name
            if isinstance(cell, Number):
                assert not cell.mark, name
            else:
                assert cell.text not in rows, name


def test_every_id_has_a_section_with_both_sides_and_the_slot(
    blocks: list[Block], found: Paper
) -> None:
    for key, entry in found.entries.items():
        mine = [b for b in blocks if b.section.endswith(entry.title)]
        body = [b for b in mine if b.chapter != APPENDIX]
        first = next(b for b in body if not isinstance(b, Figure))
        assert first.id == PREFIX + key, key
        assert all(isinstance(b, Figure) for b in body[: body.index(first)]), key
        slot = body[-1]
        assert isinstance(slot, TextBlock), key
        assert slot.slot, key
        assert slot.paragraphs[-1] == f"Full scale (this suite): not run yet; {entry.full}."
        if entry.absent is not None:
            assert slot.paragraphs[0] == f"No nano counterpart: {entry.absent}"
            assert len(mine) == 2, key
        else:
            elsewhere = slot.paragraphs[0].startswith("Nano counterpart: ")
            assert (len(mine) > 2) != elsewhere, key


def test_chapters_follow_each_other_and_end_with_provenance(blocks: list[Block]) -> None:
    order = list(dict.fromkeys(b.chapter for b in blocks))
    bodies = [c.title for c in chapters() if c.title != "Validity"]  # its gates are details
    assert order == [*bodies, "Provenance", APPENDIX]
    ids = Counter((type(b).__name__, b.id) for b in blocks)
    assert ids.most_common(1)[0][1] == 1


def test_a_study_without_a_table_says_where_it_is(shown: ReportData) -> None:
    study = replace(shown.study, name="bases", exhibits=exhibits("gates"))
    texts = [b for b in arranged(study, {"gates": []}) if isinstance(b, TextBlock)]
    words = {b.id: b.paragraphs[0] for b in texts}
    assert words["slot_table12"] == (
        "Nano counterpart: in the study ablations, not part of the study bases "
        "(snakemake --config study=ablations)."
    )
    assert words["elsewhere_claims"].startswith("In the report of the study confirm")


def test_a_table_for_several_ids_is_parted(shown: ReportData) -> None:
    names = ("data_categories", "data_suites", "data_training")
    made = {"data": [TextBlock(name, "Nano: data", ("built",)) for name in names]}
    blocks = arranged(replace(shown.study, exhibits=exhibits("data")), made)
    at = {b.id: b.section.partition(":")[0] for b in blocks if b.id in names}
    assert at == {
        "data_categories": "Table 3",
        "data_suites": "Table 18",
        "data_training": "Table 19",
    }


SENTENCES = ("slot_", "elsewhere_")
"""What says where a table would be, or where it is; no table itself."""


def test_nothing_of_ours_is_lost_or_shown_twice(shown: ReportData, blocks: list[Block]) -> None:
    flat = blocks_of(replace(shown, study=replace(shown.study, published=False)))
    kept = [b for b in blocks if b.id == "published_check" or not b.id.startswith(PREFIX)]
    ours = Counter((type(b).__name__, b.id) for b in kept if not b.id.startswith(SENTENCES))
    del ours["TextBlock", "provenance"]
    assert ours == Counter((type(b).__name__, b.id) for b in flat)


def test_a_table_that_no_chapter_names_stands_at_the_end(shown: ReportData) -> None:
    own = TextBlock("own", "Own", ("words",))
    *_, last, provenance = arranged(shown.study, {"unheard_of": [own]})
    assert (last.id, last.chapter) == ("own", "Further tables and figures")
    assert provenance.id == "provenance"


def test_without_published_nothing_is_added(data: ReportData) -> None:
    plain = blocks_of(
        replace(data, study=replace(data.study, exhibits=exhibits("gates", "hazards")))
    )
    assert [(b.id, b.chapter, b.section) for b in plain] == [
        ("gates", APPENDIX, ""),
        ("hazards", APPENDIX, ""),
    ]


def test_files_of_a_published_table(shown: ReportData, tmp_path: Path) -> None:
    study = replace(shown.study, exhibits=exhibits("gates"))
    build_tables(replace(shown, study=study), tmp_path)
    text = (tmp_path / "tables/published_table1.tex").read_text(encoding="utf-8")
    assert r"58.53\textsuperscript{a}" in text
    assert r"\label{tab:published-table1}" in text
    assert "58.53<sup>a</sup>" in (tmp_path / "tables/published_table1.md").read_text()
    with (tmp_path / "tables/published_table4.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[-1]["hard RSR"] == "99.80"
    assert rows[-1]["model"] == "InternVL2.5-8B + MIRage"
    assert rows[-1]["easy ASR flags"] == ""
    (gemini,) = [row for row in rows if row["model"].startswith("Gemini")]
    assert (gemini["easy RR"], gemini["easy RR flags"]) == ("4.24", "board_gemini_easy")


def test_files_say_every_cell_as_printed_with_its_flags(found: Paper) -> None:
    for key in {cell.table for cell in found.cells}:
        table = published_table(found, key)
        assert table is not None
        lines = list(csv.DictReader(io.StringIO(to_csv(table))))
        columns = [f"{c.group} {c.name}".strip() for c in table.columns]
        at = {(line[columns[0]], name): line for line in lines for name in columns[1:]}
        assert len(at) == len(lines) * (len(columns) - 1)
        for cell in found.of(key):
            line = at[cell.row, cell.column]
            assert line[cell.column].removeprefix("'") == cell.value, cell
            assert line.get(f"{cell.column} flags", "") == " ".join(cell.flags), cell


def test_published_values_decide_the_id_of_reports() -> None:
    sources = set(code_of("report", {}).sources)
    assert {"reports/paper.yaml", "reports/chapters.yaml"} <= sources
    assert {"reports/published/table4.csv", "reports/published/flags.yaml"} <= sources


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("published/table9.csv", "5.67,%,P,", "5.67,%,P,typo", "table9, base, .*no flag 'typo'"),
        ("published/table9.csv", "5.67,%,P,", "5.67,%,X,", "no source 'X'"),
        ("published/table9.csv", "base + MIRage", "base", "stands there twice"),
        ("published/table9.csv", "table9,base,", "table8,base,", "line 2: needs 7 values"),
        ("published/table9.csv", "table,row", "row,table", "line 1: the columns must be"),
        ("published/flags.yaml", "rr_direction:", "old: x\nrr_direction:", "nothing has the flag"),
        ("paper.yaml", "  study: motivation\n", "", "table1: .*exactly one of"),
        ("published/flags.yaml", "rr_direction:", "? [", r"flags\.yaml: while parsing"),
        ("published/sources.yaml", 'HF: "', 'HF: 3 #"', r"sources\.yaml, HF: must be words"),
        ("paper.yaml", "table9:\n", "table99:\n", "table9 is not in paper.yaml"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, file: str, old: str, new: str, told: str) -> None:
    shutil.copytree(SOURCES / "published", tmp_path / "published")
    shutil.copyfile(SOURCES / "paper.yaml", tmp_path / "paper.yaml")
    text = (tmp_path / file).read_text(encoding="utf-8")
    assert old in text
    (tmp_path / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DataError, match=told):
        paper(tmp_path)


@pytest.mark.parametrize(
    ("plain", "told"),
    [
        ({"title": "Main"}, ": Input should be a valid list"),
        ([{"title": "Main", "paper": []}], r", 0\.own: Field required"),
        ([{"title": "Main", "paper": ["table99"], "own": []}], r", Main: .* no table99"),
        ([{"title": "Main", "paper": [], "own": [], "study": "x"}], ", .*'own'"),
    ],
)
def test_broken_chapters_are_named(
    plain: object, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "source", lambda name: plain)
    with pytest.raises(DataError, match=rf"reports/chapters\.yaml{told}"):
        chapters()
