"""Tables of claims: contrasts of the paper, its large effects, verdicts with their parts."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from wide_data import data_of

from mirage.report.blocks import Number, Table, Text, TextBlock
from mirage.report.data import ReportData
from mirage.report.exhibits import known_answers
from mirage.score.claims.parts import ClaimPart
from mirage.score.claims.verdicts import ClaimVerdict
from mirage.score.paper_contrasts import NanoContrast
from report_exhibits import EXHIBITS, block_named, blocks_under
from synthetic_wide import published_cards, wide


@pytest.fixture(scope="module")
def published() -> ReportData:
    return data_of(wide(published_cards(), 4, ("hard",)), "paper", tuple(EXHIBITS))


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


def test_an_effect_read_on_one_base_is_not_said_of_every_base(
    published: ReportData, monkeypatch: pytest.MonkeyPatch
) -> None:
    hard = {"a": "fig4: InternVL2.5-8B + Textual SFT: hard ASR",
            "b": "fig4: InternVL2.5-8B + MIRage: hard ASR"}  # fmt: skip
    signs = {"5": "+", "0": "mixed", "-5": "-"}
    rows = [replace(_contrast(value, value, sign), **hard) for value, sign in signs.items()]
    monkeypatch.setattr(known_answers, "source", lambda name: {"at_least": 15, "mechanisms": {}})
    changed = replace(published, scores=replace(published.scores, paper_contrasts=rows))
    table = block_named("known_answers", changed)
    assert isinstance(table, Table)
    answers = [row[3].text for row in table.rows if isinstance(row[3], Text)]
    assert answers == [
        "the other way round, on this base",
        "no difference on this base",
        "appears, on this base",
    ]
    assert [note for note in table.notes if "the sign alone is read" in note]


def _contrast(name: str, per_seed: str, sign: str) -> NanoContrast:
    values = [float(v) for v in per_seed.split()]
    return NanoContrast(
        contrast=name, claim="C1", words="words", a="table6: InternVL2.5-8B + MIRage: avg",
        b="table6: InternVL2.5-8B: avg", quantity="accuracy(mirage)", reason="why", seeds="0 1 2",
        n_seeds=len(values), n=96, per_seed=per_seed, value=sum(values) / max(1, len(values)),
        low=min(values, default=None), high=max(values, default=None),
        above=sum(v > 0 for v in values), below=sum(v < 0 for v in values), sign=sign,
        missing="", sha256="ab" * 32,
    )  # fmt: skip


def test_claims_with_verdict_margin_bases_and_power(published: ReportData) -> None:
    verdicts = [
        _claim("C1", "holds"),
        replace(_claim("H1", "not testable"), n_passed=2, gates="base 202 fails two_hop"),
        replace(_claim("H2", "undecided"), seeds="200 201 203 204 205 207"),
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
    assert table.rows[2][5] == Text("200, 201, 203 to 205, 207")
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


def test_own_claims_have_the_rows_of_claims_and_promise_nothing_of_when(
    published: ReportData,
) -> None:
    scores = replace(
        published.scores, claims=[_part("H10", 20.0)], claim_verdicts=[_claim("H10", "holds")]
    )
    changed = replace(published, scores=scores)
    table, detail = blocks_under("own_claims", changed)
    suites = blocks_under("claims", changed)
    assert isinstance(table, Table) and isinstance(suites[0], Table)
    assert isinstance(detail, Table) and isinstance(suites[1], Table)
    assert (table.id, detail.id) == ("own_claims", "own_claims_parts")
    assert (table.rows, detail.rows) == (suites[0].rows, suites[1].rows)
    assert "cat <folder>/reports/claims.yaml conf/score/default.yaml" in table.notes[0]
    assert "fixed beforehand" in suites[0].notes[0]
    assert "fixed beforehand" not in table.notes[0]


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
