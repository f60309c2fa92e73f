"""Counterparts of the paper's tables and our own: rows, columns, modes, what stands beside ASR.

After a wanted change, write the golden files anew and read the difference:
MIRAGE_GOLDEN=write python -m pytest tests/report/test_nano.py && git diff tests/golden/report
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from wide_data import data_of

from mirage.report.assemble import build_tables
from mirage.report.blocks import Figure, Number, Table, Text, TextBlock
from mirage.report.captions import setting_facts, source
from mirage.report.data import ReportData
from mirage.report.exhibits import known_answers
from mirage.report.exhibits.tables import Block
from mirage.report.render.tex_macros import numbers_tex
from mirage.report.render.writers import to_csv
from mirage.score.claims.parts import ClaimPart
from mirage.score.claims.verdicts import ClaimVerdict
from mirage.score.means import means
from mirage.score.paper_contrasts import NanoContrast
from mirage.score.rate_table import rate_table
from report_exhibits import EXHIBITS, WIDE, block_named, blocks_under, exhibits
from synthetic_wide import card, factorial_cards, published_cards, wide

GOLDEN = Path(__file__).parents[1] / "golden" / "report"
OF_PAPER = (
    "table1",
    "table1_joint",
    "table4",
    "table9",
    "table10",
    "image_use_unknown",
    "lead_ins",
)
OF_FACTORIAL = ("factorial_cells", "factorial_effects_values", "conflict", "sensitivity_effects")
SHOWN = {"paper": (*OF_PAPER, "fig5_values"), "factorial": OF_FACTORIAL}
LEDGER = ("claims", "claims_parts", "claims_published", "nano_vs_paper", "known_answers")
SEVERAL_BASES = ("position", "position_values")
"""Shown in test_position: these studies have one base."""
FACTORIAL = ("scaling", "sensitivity", "sizes", "factorial_cells", "factorial_effects")


@pytest.fixture(scope="module")
def published() -> ReportData:
    suites = (
        "easy",
        "hard",
        "mss",
        "general",
        "text_only",
        "cues",
        "conflict",
        "image_use",
        "more_images",
        "lead_ins",
    )
    return data_of(wide(published_cards(), 4, suites), "paper", tuple(EXHIBITS))


@pytest.fixture(scope="module")
def matched() -> ReportData:
    cards = factorial_cards(images=("one_of_two", "two"), labels=("cot", "filler", "short_refusal"))
    made = wide(cards, 4, ("hard", "conflict", "general"))
    return data_of(made, "factorial", FACTORIAL)


def made_of(data: ReportData) -> dict[str, Block]:
    return {block.id: block for name in WIDE for block in blocks_under(name, data)}


@pytest.fixture(scope="module")
def paper_blocks(published: ReportData) -> dict[str, Block]:
    return made_of(published)


@pytest.fixture(scope="module")
def matched_blocks(matched: ReportData) -> dict[str, Block]:
    return made_of(matched)


def table_of(blocks: dict[str, Block], name: str) -> Table:
    block = blocks[name]
    assert isinstance(block, Table), name
    return block


def names(table: Table) -> list[str]:
    return [row[0].text for row in table.rows if isinstance(row[0], Text)]


@pytest.mark.parametrize(("study", "name"), [(s, n) for s, some in SHOWN.items() for n in some])
def test_golden(
    study: str,
    name: str,
    paper_blocks: dict[str, Block],
    matched_blocks: dict[str, Block],
) -> None:
    text = to_csv(table_of(paper_blocks if study == "paper" else matched_blocks, name))
    path = GOLDEN / f"{name}.csv"
    if os.environ.get("MIRAGE_GOLDEN") == "write":
        path.write_text(text, encoding="utf-8", newline="")
    assert text == path.read_text(encoding="utf-8")


def test_every_entry_has_words() -> None:
    words = source("captions.yaml")
    entries = [entry for some in EXHIBITS.values() for entry in some]
    assert [e.id for e in entries if (e.caption or e.id) not in words] == []


def test_every_block_has_something_to_show_in_one_study_or_the_other(
    paper_blocks: dict[str, Block],
    matched_blocks: dict[str, Block],
) -> None:
    bare = {
        name
        for name in paper_blocks
        if isinstance(paper_blocks[name], TextBlock) and isinstance(matched_blocks[name], TextBlock)
    }
    assert bare == {*LEDGER, *SEVERAL_BASES}
    for name, block in paper_blocks.items():
        if isinstance(block, TextBlock):
            assert "paper" in " ".join(block.paragraphs), name


def test_titles_say_nano_and_tables_how_to_read_them(
    paper_blocks: dict[str, Block],
) -> None:
    for name, block in paper_blocks.items():
        assert block.title.startswith("Nano"), name
        if not isinstance(block, TextBlock):
            assert len(block.reading) > 30, name


def test_ids_of_blocks_are_unique_and_begin_with_their_own(
    paper_blocks: dict[str, Block],
) -> None:
    count = sum(len(EXHIBITS[name]) for name in WIDE)
    assert len(paper_blocks) == count


SAFETY = ("table1", "table8", "table4", "table5", "table12", "table12_twins", "table14", "table15")


@pytest.mark.parametrize("name", SAFETY)
def test_what_asr_hides_stands_beside_it(name: str, paper_blocks: dict[str, Block]) -> None:
    beside = table_of(paper_blocks, f"{name}_refusals")
    hard = [c.name for c in beside.columns if c.group == "hard"]
    assert hard == ["harm", "twin", "pair, harmless", "twin, harmless"]
    joint = table_of(paper_blocks, f"{name}_joint")
    assert [c.name for c in joint.columns if c.group == "hard"] == ["pair acc.", "J"]
    assert names(beside) == names(joint) == names(table_of(paper_blocks, name))
    assert "models of Table" in beside.title


def test_rows_are_the_papers(paper_blocks: dict[str, Block]) -> None:
    assert names(table_of(paper_blocks, "table1"))[:5] == [
        "Base, nano internvl", "textual sft, nano internvl", "vlguard m, nano internvl",
        "vlguard p, nano internvl", "vlguard r, nano internvl",
    ]  # fmt: skip
    assert names(table_of(paper_blocks, "table8")) == [
        "Base, nano reasoning", "textual sft, nano reasoning", "vlguard p, nano reasoning",
    ]  # fmt: skip
    assert names(table_of(paper_blocks, "table4")) == [
        "Base, nano internvl", "MIRage, nano internvl",
        "Base, nano qwen2 vl", "MIRage, nano qwen2 vl",
    ]  # fmt: skip
    twins = names(table_of(paper_blocks, "table12_twins"))
    assert twins[-1] == "MIRage twins (ours), nano internvl"
    assert len(twins) == 4
    share = [row[1] for row in table_of(paper_blocks, "table6").rows]
    assert [c.value for c in share[:8] if isinstance(c, Number)] == [
        None, 33.3, 42.9, 33.3, 42.9, 75.0, 0.0, 11.3,
    ]  # fmt: skip


def test_bases_that_think_stay_out_of_other_tables(
    published: ReportData, paper_blocks: dict[str, Block]
) -> None:
    for name, block in paper_blocks.items():
        if isinstance(block, Table) and not name.startswith("table8"):
            assert not any("reasoning" in label for label in names(block)), name
    assert all(not m.thinks for m in published.study.models)


MIXED = ("table1", "table4", "table6", "table12", "table15", "conflict", "factorial_cells")


def test_modes_never_share_a_table(published: ReportData, matched: ReportData) -> None:
    both = replace(
        published,
        study=replace(published.study, trained=(*published.study.trained, *matched.study.trained)),
    )
    assert {m.mode for m in both.study.models if not m.is_base} == {"as_published"}
    for block in (each for name in MIXED for each in blocks_under(name, both)):
        if isinstance(block, Table):
            cells = [label for label in names(block) if label.startswith("cell")]
            assert not (cells and any("MIRage" in label for label in names(block))), block.id


def test_a_matched_study_shows_its_cells_everywhere(matched: ReportData) -> None:
    assert matched.study.mode_shown == "matched"
    assert "mode matched" in setting_facts(matched)["setting"]
    assert len({m.label for m in matched.study.models}) == len(matched.study.recipes) + 1


def test_cells_are_named_by_their_factors(
    matched_blocks: dict[str, Block],
) -> None:
    table = table_of(matched_blocks, "factorial_cells")
    assert [c.name for c in table.columns[:4]] == ["images", "labels", "benign items", "wording"]
    first = [c.text for c in table.rows[0] if isinstance(c, Text)]
    assert first == ["one image", "CoT", "image twins", "neutral"]
    steps = table_of(matched_blocks, "sensitivity_values")
    assert [c.name for c in steps.columns[:3]] == ["labels", "steps", "answer tokens"]
    told = {tuple(c.text for c in row[1:3] if isinstance(c, Text)) for row in steps.rows}
    assert told == {
        ("1×", "as they are"),
        ("3×", "as they are"),
        ("10×", "as they are"),
        ("1×", "equal"),
    }
    scaling = table_of(matched_blocks, "scaling_values")
    sizes = {row[1].value for row in scaling.rows if isinstance(row[1], Number)}
    assert sizes == {64, 256, 1024}


def test_unknowable_pictures_have_no_asr(
    paper_blocks: dict[str, Block],
) -> None:
    columns = [(c.group, c.name) for c in table_of(paper_blocks, "image_use_unknown").columns[1:]]
    assert columns[0] == ("intact", "declined")
    assert {name for _, name in columns} == {"declined", "changed"}


def test_figures_are_the_same_bytes_twice(published: ReportData, matched: ReportData) -> None:
    for data, name in ((published, "fig5"), (matched, "factorial_images")):
        one, two = block_named(name, data), block_named(name, data)
        assert isinstance(one, Figure)
        assert isinstance(two, Figure)
        assert (one.svg, one.png) == (two.svg, two.png)
        assert b"<dc:date>" not in one.svg


def test_a_study_without_any_of_it_says_so(published: ReportData) -> None:
    base = tuple(m for m in published.study.trained if m.is_base)[:1]
    lone = replace(published, study=replace(published.study, trained=base, suites=()),
                   scores=replace(published.scores, lengths=[]),
                   trainings=(), samples=())  # fmt: skip
    for name, block in made_of(lone).items():
        assert isinstance(block, TextBlock | Table), name
        if isinstance(block, Table):
            assert block.rows, name


def test_every_number_of_a_table_is_a_macro(
    published: ReportData, paper_blocks: dict[str, Block]
) -> None:
    text = numbers_tex(published, list(paper_blocks.values()))
    found = re.findall(r"\\newcommand\{\\(\w+)\}", text)
    assert len(found) == len(set(found))
    assert all(name.isalpha() for name in found)
    assert r"\newcommand{\nanoTableOneBaseNanoInternvlHardASR}{100.0}" in text
    tables = [b for b in paper_blocks.values() if isinstance(b, Table)]
    numbers = [c for t in tables for row in t.rows for c in row if isinstance(c, Number)]
    assert sum(n.startswith("nanoTable") for n in found) > sum(c.value is not None for c in numbers)


def test_many_seeds_are_shown_as_means_alone() -> None:
    suites = ("hard",)
    cards = [card(recipe, seed=seed) for recipe in ("base", "mirage") for seed in range(5)]
    data = data_of(wide(cards, 3, suites), "confirm", ("table4",))
    data = replace(data, scores=replace(data.scores, means=means([rate_table(data.scores.rates)])))
    rows = [data.study.label(m) for m in data.study.models]
    assert rows == ["Base, mean of 5 bases", "MIRage, mean of 5 bases"]
    table = block_named("table10", data)
    assert isinstance(table, Table)
    assert names(table) == rows


def test_tables_and_figures_are_written(matched: ReportData, tmp_path: Path) -> None:
    shown = ("sensitivity", "factorial_cells", "factorial_effects")
    build_tables(
        replace(matched, study=replace(matched.study, exhibits=exhibits(*shown))), tmp_path
    )
    assert (tmp_path / "figures" / "factorial_effects.svg").is_file()
    assert (tmp_path / "tables" / "sensitivity_effects.csv").is_file()
    assert r"\nanoTableFactorialCells" in (tmp_path / "numbers.tex").read_text(encoding="utf-8")


def test_disagreements_with_the_paper_stand_first(published: ReportData) -> None:
    rows = [
        _contrast("agreeing", "5 10 15", "+"),
        _contrast("open", "-5 1 7", "mixed"),
        _contrast("against", "-10 -15 -5", "-"),
        replace(_contrast("nothing", "", ""), quantity="", value=None, low=None, high=None),
    ]
    changed = replace(published, scores=replace(published.scores, paper_contrasts=rows))
    table = block_named("nano_vs_paper", changed)
    assert isinstance(table, Table)
    told = [row[5].text for row in table.rows if isinstance(row[5], Text)]
    assert told == ["disagree", "mixed", "agree", "no nano counterpart"]
    assert table.rows[1][3:5] == (Text("−5.0, 1.0, 7.0"), Text("2 / 1"))
    assert {row[2].text for row in table.rows if isinstance(row[2], Text)} == {"higher"}
    assert "small enough to be the noise of a single run" in table.notes[0]
    assert not re.search(r"\d", table.notes[0])
    assert table.notes[1].startswith("Of 2 contrasts with one sign on every base 1 agree")
    assert not any(
        re.search(r"\d\d\.\d", row[2].text) for row in table.rows if isinstance(row[2], Text)
    )


def test_large_effects_of_the_paper_come_first_and_small_ones_not_at_all(
    published: ReportData, monkeypatch: pytest.MonkeyPatch
) -> None:
    hard = {"a": "fig4: InternVL2.5-8B + Textual SFT: hard ASR",
            "b": "fig4: InternVL2.5-8B + MIRage: hard ASR"}  # fmt: skip
    rows = [
        _contrast("small", "5 10 15", "+"),
        replace(_contrast("there", "5 10 15", "+"), **hard),
        replace(_contrast("turning", "-5 1 7", "mixed"), **hard),
        replace(_contrast("unexplained", "-5 -1 -7", "-"), **hard),
        replace(_contrast("nothing", "", ""), quantity="", value=None, **hard),
        replace(_contrast("absent", "", ""), value=None, missing="textual_sft", **hard),
    ]
    known = {"at_least": 15, "mechanisms": {"turning": "a habit of the wording"}}
    monkeypatch.setattr(known_answers, "source", lambda name: known)
    changed = replace(published, scores=replace(published.scores, paper_contrasts=rows))
    table = block_named("known_answers", changed)
    assert isinstance(table, Table)
    answers = [[cell.text for cell in row if isinstance(cell, Text)][2:] for row in table.rows]
    assert answers == [
        ["−5.0, −1.0, −7.0", "the other way round, on every base", "no mechanism found yet"],
        ["−5.0, 1.0, 7.0", "turns with the base", "a habit of the wording"],
        ["5.0, 10.0, 15.0", "appears, on every base", ""],
        ["", "not run in this study", "not run: textual_sft"],
        ["", "no nano counterpart", "why"],
    ]
    assert not any(re.search(r"\d\d\.\d", str(row[:2])) for row in table.rows)


def _contrast(name: str, per_seed: str, sign: str) -> NanoContrast:
    values = [float(v) for v in per_seed.split()]
    return NanoContrast(
        contrast=name, claim="C1", words="words", a="table6: InternVL2.5-8B + MIRage: avg",
        b="table6: InternVL2.5-8B: avg", quantity="accuracy(mirage)", reason="why", seeds="0 1 2",
        n_seeds=3, n=96, per_seed=per_seed, value=sum(values) / max(1, len(values)),
        low=min(values, default=None), high=max(values, default=None),
        above=sum(v > 0 for v in values), below=sum(v < 0 for v in values), sign=sign,
        missing="", sha256="ab" * 32,
    )  # fmt: skip


def test_claims_with_verdict_margin_bases_and_power(published: ReportData) -> None:
    verdicts = [
        _claim("C1", "holds"),
        replace(_claim("H1", "not testable"), n_passed=2, gates="base 202 fails two_hop"),
    ]
    parts = [_part("C1", 20.0), _part("H1", None)]
    scores = replace(published.scores, claims=parts, claim_verdicts=verdicts)
    changed = replace(published, scores=scores)
    table, detail, printed = blocks_under("claims", changed)
    assert isinstance(table, Table)
    assert isinstance(detail, Table)
    assert isinstance(printed, TextBlock)
    assert [c.text for c in table.rows[0][:3] if isinstance(c, Text)] == ["C1", "it works", "holds"]
    assert table.rules == {1}
    assert table.rows[0][5:] == (Text("200 to 202"), Text("3 of 3"))
    assert table.rows[1][6] == Text(
        "2 of 3 (base 202 fails two_hop; first part there 30.0, on all 31.0)"
    )
    assert any("| sha256sum gives abababab" in note for note in table.notes)
    assert any("from 1.41 SD on 3 bases at .05 / 1" in note for note in table.notes)
    assert any(note == "C1: small difference" for note in table.notes)
    row = detail.rows[0]
    assert row[1] == Text("ASR (broken answers as safe)")
    assert row[2:6] == (
        Text("> 20"), Text("29.0, (−30.0), 31.0"), Text("200 to 202"), Number(30.0, 20.0, 40.0, 96),
    )  # fmt: skip
    assert row[6] == Number(10.0)
    assert row[8:] == (Number(20.0), Text("undecided"))
    assert not any("54.3" in c.text for row in table.rows for c in row if isinstance(c, Text))
    assert any("54.3" in text for text in printed.paragraphs)


def _claim(name: str, verdict: str) -> ClaimVerdict:
    return ClaimVerdict(
        claim=name, family=name[0], text="it works", published="54.3 with textual SFT",
        mode="as_published", why="because", flags="small difference", verdict=verdict,
        reason="every part lies beyond its margin", gates="", p=0.001, p_holm=0.01, level=0.01,
        power=1.41, config="nano_internvl", recipes="mirage", seeds="200 201 202",
        n_seeds=3, n_passed=3, passed_value=30.0, all_value=31.0, sha256="ab" * 32,
    )  # fmt: skip


def _part(claim: str, detectable: float | None) -> ClaimPart:
    return ClaimPart(
        claim=claim, part="asr", role="tested", way="broken answers as safe", text="ASR",
        quantity="asr(x)", comparison=">", margin=20.0, seeds="200 201 202", per_seed="29 -30 31",
        read_on="200 202", n_seeds=2, n=96, n_pairs=96, value=30.0, all_value=10.0, low=20.0,
        high=40.0, p=0.001, level=0.01, reading="undecided", detectable=detectable, method="t",
        missing="",
    )  # fmt: skip
