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
from mirage.report.blocks import Banner, Figure, Number, Table, Text, TextBlock
from mirage.report.captions import caption, setting_facts, source
from mirage.report.data import ReportData
from mirage.report.exhibits.probes import tokens
from mirage.report.exhibits.tables import Block
from mirage.report.render.tex_macros import numbers_tex
from mirage.report.render.writers import to_csv
from mirage.score.lengths import Length
from mirage.score.means import means
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
OWN_LEDGER = ("own_claims", "own_claims_parts")
SEVERAL_BASES = ("position", "position_values")
"""Shown in test_position: these studies have one base."""
FULL_SCALE = {e.id for name, some in EXHIBITS.items() if name.startswith("full_") for e in some}
"""Of real models on published data: nothing to show in a nano study."""
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
    made = wide(cards, 4, ("hard", "conflict", "general", "more_images"))
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
    assert bare == {*LEDGER, *OWN_LEDGER, *SEVERAL_BASES, *FULL_SCALE}
    for name, block in paper_blocks.items():
        if isinstance(block, TextBlock):
            assert "paper" in " ".join(block.paragraphs), name


def test_titles_say_nano_but_at_full_scale_and_tables_how_to_read_them(
    paper_blocks: dict[str, Block],
) -> None:
    for name, block in paper_blocks.items():
        assert ("nano" in block.title.lower()) == (name not in FULL_SCALE), name
        assert name in FULL_SCALE or block.title.startswith("Nano"), name
        if isinstance(block, Table | Figure):
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
        "Base", "textual sft", "vlguard p",
    ]  # fmt: skip
    assert names(table_of(paper_blocks, "table4")) == [
        "Base, nano internvl", "MIRage, nano internvl",
        "Base, nano qwen2 vl", "MIRage, nano qwen2 vl",
    ]  # fmt: skip
    twins = names(table_of(paper_blocks, "table12_twins"))
    assert twins[-1] == "MIRage twins (ours)"
    assert len(twins) == 4
    share = [row[1] for row in table_of(paper_blocks, "table6").rows]
    assert [c.value for c in share[:8] if isinstance(c, Number)] == [
        None, 33.3, 42.9, 33.3, 42.9, 75.0, 0.0, 11.3,
    ]  # fmt: skip


def test_bases_that_think_stay_out_of_other_tables(
    published: ReportData, paper_blocks: dict[str, Block]
) -> None:
    assert "All rows: nano reasoning." in table_of(paper_blocks, "table8").notes
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
        assert isinstance(block, TextBlock | Table | Banner), name
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
    lengths = [each.value for (name, _), each in sorted(data.lengths.items()) if "mirage" in name]
    cell = table.rows[1][1]
    assert isinstance(cell, Number)
    assert (cell.low, cell.high) == (min(lengths), max(lengths))
    assert cell.value == pytest.approx(sum(lengths) / 5)


def test_lengths_of_cells_are_those_of_the_bases_together() -> None:
    cards = [
        {**each, "seed": seed, "name": f"{each['recipe']}-s{seed}"}
        for each in factorial_cards(images=("two",), labels=("cot",))[:3:2]
        for seed in range(2)
    ]
    data = data_of(wide(cards, 2, ("hard",)), "factorial", ("tokens",))
    table = block_named("tokens", data)
    assert isinstance(table, Table)
    assert names(table) == [data.study.label(m) for m in data.study.drawn]
    assert all("mean of 2 bases" in name for name in names(table))


def test_lengths_are_of_suites_that_several_recipes_answer(published: ReportData) -> None:
    data = published
    mirage, other = data.study.recipes[:2]
    answers = [(mirage.name, "own"), (mirage.name, "hard"), (other.name, "hard")]
    lengths = [Length(*place, 9.0, 8.0, 10.0, 3) for place in answers]
    suites = (*data.study.suites, "own")
    study = replace(data.study, suites=suites)
    changed = replace(data, study=study, scores=replace(data.scores, lengths=lengths))
    table = tokens(changed, caption("tokens", setting_facts(changed)))
    assert isinstance(table, Table)
    assert [c.name for c in table.columns[1:]] == ["hard"]


def test_tables_and_figures_are_written(matched: ReportData, tmp_path: Path) -> None:
    shown = ("sensitivity", "factorial_cells", "factorial_effects")
    build_tables(
        replace(matched, study=replace(matched.study, exhibits=exhibits(*shown))), tmp_path
    )
    assert (tmp_path / "figures" / "factorial_effects.svg").is_file()
    assert (tmp_path / "tables" / "sensitivity_effects.csv").is_file()
    assert r"\nanoTableFactorialCells" in (tmp_path / "numbers.tex").read_text(encoding="utf-8")
