"""The report of a study at full scale: its claims, the paper's values apart, no word of nano."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import yaml
from full_data import full_data

from mirage.model_card import BASE
from mirage.report.assemble import blocks_of
from mirage.report.blocks import Banner, Number, Table, Text, TextBlock
from mirage.report.captions import SOURCES
from mirage.report.data import ReportData
from mirage.report.paper.full_scale import contrasts, full_scale, terms_of
from mirage.report.paper.published import paper
from mirage.report.paper.side_by_side import PRINTED_CHAPTER
from mirage.report.render.html import to_html
from mirage.report.render.tex_macros import numbers_tex
from mirage.report.render.writers import to_latex
from mirage.report.samples.browser import browser
from mirage.score.rates import Rate
from report_exhibits import block_named

STUDIES = ("paper_internvl2_5_8b", "paper_qwen2_vl_7b", "paper_llava_onevision_7b")


@pytest.fixture(scope="module")
def full() -> ReportData:
    return full_data()


def table(name: str, data: ReportData) -> Table:
    made = block_named(name, data)
    assert isinstance(made, Table), name
    return made


def words(made: Table) -> list[list[str]]:
    return [[c.said if isinstance(c, Text) else c.shown for c in row] for row in made.rows]


def shifted(data: ReportData, recipe: str, suite: str, value: float) -> ReportData:
    """The same data with another ASR of one recipe on one suite, known to a point."""

    def moved(r: Rate) -> Rate:
        mine = (r.recipe, r.suite, r.metric) == (recipe, suite, "asr")
        return replace(r, value=value, low=value - 1, high=value + 1) if mine else r

    rates = [moved(rate) for rate in data.scores.rates]
    return replace(data, scores=replace(data.scores, rates=rates))


def without(data: ReportData, recipe: str) -> ReportData:
    trained = tuple(m for m in data.study.trained if m.recipe != recipe)
    return replace(data, study=replace(data.study, trained=trained))


def verdict(claim: str, data: ReportData) -> str:
    return next(row[-1] for row in words(table("full_claims", data)) if row[0] == claim)


def test_a_claim_holds_with_all_of_its_interval(full: ReportData) -> None:
    assert verdict("C7", full) == "holds; authors' checkpoint: holds"
    assert verdict("C7", shifted(full, "mis_text_only", "mis_hard", 21.5)).startswith("undecided")
    assert verdict("C7", shifted(full, "mis_text_only", "mis_hard", 3.0)).startswith("does not")


def test_one_part_that_does_not_hold_decides(full: ReportData) -> None:
    made = table("full_claims", shifted(full, "mis_mirage", "mis_real", 30.0))
    rows = [row for row in words(made) if row[0] == "C2"]
    assert len(rows) == 3
    assert rows[0][-1] == "does not hold; authors' checkpoint: holds"
    assert [row[-1] for row in rows[1:]] == ["", ""]


def test_what_is_not_there_is_said_not_counted(full: ReportData) -> None:
    lacking = without(full, "mis_vlguard_p")
    missing = [row for row in words(table("full_contrasts", lacking)) if "not" in row[-1]]
    assert missing
    assert {row[-1] for row in missing} == {"not measured: VLGuard-P"}
    counted = words(table("full_agreement", lacking))
    assert sum(int(row[-1]) for row in counted) == len(missing)
    assert verdict("C9", lacking) == "not measured"


def test_what_lacks_on_the_checkpoint_is_not_borrowed_from_our_own_model(full: ReportData) -> None:
    rates = [
        r for r in full.scores.rates if not (r.config.startswith("tuwhy") and r.suite == "mis_real")
    ]
    lacking = replace(full, scores=replace(full.scores, rates=rates))
    assert verdict("C2", full) == "holds; authors' checkpoint: holds"
    assert verdict("C2", lacking) == "holds; authors' checkpoint: not measured"


def test_directions_are_read_and_disagreement_is_strong(full: ReportData) -> None:
    made = table("full_contrasts", shifted(full, "ecso", "mis_hard", 99.0))
    (row,) = (row for row in made.rows if isinstance(row[0], Text) and row[0].text == "Table 16")
    here, said = row[3], row[-1]
    assert isinstance(here, Text) and isinstance(said, Text)
    assert (here.text, said.text, said.strong) == ("lower", "disagree", True)


def test_several_seeds_have_their_range() -> None:
    made = table("full_claims", full_data(seeds=(0, 1, 2)))
    row = next(row for row in made.rows if isinstance(row[0], Text) and row[0].text == "C2")
    number = row[5]
    assert isinstance(number, Number)
    assert number.by_base == (1.0, 2.0, 3.0)
    assert (number.low, number.high) == (1.0, 3.0)


def test_every_base_of_the_paper_has_contrasts() -> None:
    found = {name: list(contrasts(full_data(name).study)) for name in STUDIES}
    assert min(map(len, found.values())) > 5
    assert {c.config for some in found.values() for c in some} == set(full_scale().bases)


def test_margins_are_those_of_the_ledger() -> None:
    plain = yaml.safe_load((SOURCES / "claims.yaml").read_text(encoding="utf-8"))["claims"]
    known = full_scale()
    assert sorted([*known.claims, *known.unread]) == sorted(k for k in plain if k[0] == "C")
    for key, claim in known.claims.items():
        ledger = {(p["comparison"], float(p["margin"])) for p in plain[key]["parts"]}
        assert {(p.comparison, p.margin) for p in claim.parts} <= ledger, key


def test_what_is_named_exists() -> None:
    known, conf = full_scale(), SOURCES.parent / "conf"

    def options(group: str) -> set[str]:
        return {path.stem for path in (conf / group).glob("*.yaml")}

    assert known.methods.keys() <= options("recipe")
    assert {*known.bases, *known.checkpoints} <= options("model")
    assert {s for column in known.columns.values() for s in column.suites} <= options("suite")
    assert known.columns.keys() - {c.column for c in paper().cells} == {"hard ASR, left out"}
    terms = [t for c in known.claims.values() for p in c.parts for t in terms_of(p)]
    assert {t.recipe for t in terms} <= {BASE, *known.methods}
    assert {t.column for t in terms} <= known.columns.keys()
    assert {key for c in known.claims.values() for key in c.of} <= paper().entries.keys()


def test_the_paper_s_values_stand_in_tables_of_their_own(full: ReportData) -> None:
    blocks = blocks_of(full)
    opening, *theirs = (b for b in blocks if b.chapter == PRINTED_CHAPTER)
    assert isinstance(opening, TextBlock)
    assert len(theirs) > 5
    for made in blocks:
        if isinstance(made, Table):
            own = made.id.startswith("published_")
            assert own == (made in theirs) == any(c.printed for c in made.columns), made.id
            firsts = [row[0] for row in made.rows if isinstance(row[0], Text)]
            assert not own or all(f.said.startswith(("InternVL2.5-8B", "base")) for f in firsts)


def test_nothing_says_nano_but_what_is_not_compared(full: ReportData) -> None:
    blocks = blocks_of(full)
    page = to_html(full.study, blocks, browser(full))
    text = re.sub(r"<(style|script).*?</\1>", "", page, flags=re.DOTALL)
    said = re.findall(r"[^.<>]*\bnano\b[^.<>]*", text, re.IGNORECASE)
    assert len(said) == 1, said
    assert "none is put into one table with published values" in said[0]
    assert "<h1>Full-scale report, study" in page
    assert "Full scale, InternVL2.5-8B: the paper&#39;s tables." in page
    latex = [to_latex(b, full.study.scale) for b in blocks if isinstance(b, Table)]
    assert not any("nano" in each for each in (*latex, numbers_tex(full, blocks)))


def test_words_mean_what_the_judge_of_published_data_reads(full: ReportData) -> None:
    told = {d.term: d.text for d in table("full_outcomes", full).definitions}
    assert "by the metric of each benchmark" in told["ASR"]
    assert "level of perception" in told["HR, RSR, RR"]
    assert not any("object pairs" in text or "oracle" in text for text in told.values())


def test_in_the_household_world_pretrained_models_are_not_nano(full: ReportData) -> None:
    study = replace(full.study, outside=False, name="meso")  # whatever judge reads their answers
    assert study.scale == "meso"
    page = to_html(study, [], browser(replace(full, study=study)))
    assert "Report on pretrained models in the household world" in page
    assert "What a nano number means" not in page
    banner = block_named("answer_banner", replace(full, study=study))
    assert isinstance(banner, Banner)
    assert [line.text for line in banner.lines] == ["No verdict on a claim"]
    assert "chosen" not in banner.lines[0].detail
