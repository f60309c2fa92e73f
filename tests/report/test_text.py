"""Foreign text in every format: shown, never run or typeset."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mirage.report.escape import LATEX, LATIN, breakable, csv_cell, latex, markdown, visible
from synthetic_study import HOSTILE

QUICK = settings(max_examples=100)
ANY = st.text(max_size=60) | st.text("-,–—'`?!<>[]{}\\שéж′−", max_size=20)


@QUICK
@given(ANY)
def test_nothing_invisible_is_left(text: str) -> None:
    shown = visible(text)
    assert shown == visible(shown)
    assert all(c.isprintable() or c == "\n" for c in shown)
    for mark in "\u202e\u202d\u2066\u200f\u200b\ufeff\x00\x1b":
        assert mark not in shown


@QUICK
@given(ANY)
def test_latex_holds_no_active_character(text: str) -> None:
    set_ = latex(text)
    assert "--" not in set_
    assert ",," not in set_
    bare = set_.replace("-{}", "-").replace(",{}", ",")
    for command in sorted(set(LATEX.values()), key=len, reverse=True):
        bare = bare.replace(command, "")
    assert not set(bare) & set("\\&%$#_{}~^'`\"<>")
    assert all(c.isascii() or c in LATIN for c in bare)


@pytest.mark.parametrize(
    ("text", "typeset"),
    [
        ("a--b---c", "a-{}-b-{}-{}-c"),
        ("–-", r"\textendash{}-"),
        ("−0.5, d′ ≥ 1", r"\ensuremath{-}0.5, d\ensuremath{'} \ensuremath{\geq} 1"),
        ("“x” †", r"\textquotedblleft{}x\textquotedblright{} \textdagger{}"),
        ("Zoë", "Zoë"),
        ("ש", r"\textless{}U+05E9\textgreater{}"),
        ("😀", r"\textless{}U+1F600\textgreater{}"),
    ],
)
def test_latex_sets_what_pdflatex_can(text: str, typeset: str) -> None:
    assert latex(text) == typeset


def test_latex_of_hostile_text() -> None:
    text = latex(HOSTILE)
    assert r"\textbackslash{}input\{x\}" in text
    assert r"\$x\_1\textasciicircum{}2\$" in text
    assert "\\input" not in text


@QUICK
@given(ANY)
def test_markdown_stays_in_its_cell(text: str) -> None:
    cell = markdown(text)
    assert "\n" not in cell
    assert "<" not in cell
    assert not re.search(r"(?<!\\)(\\\\)*\|", cell)
    plain = html.unescape(re.sub(r"\\(.)", r"\1", cell))
    assert plain == visible(text).replace("\n", " ") or "&" in text


def test_markdown_of_hostile_text_has_no_link_image_or_mention() -> None:
    text = markdown(HOSTILE + " https://a.b www.c.d ![x](y)")
    assert r"\[a\](javascript:b)" in text
    assert "@" not in text
    assert "://" not in text
    assert "www." not in text
    assert r"\`code\`" in text


def test_spreadsheets_see_no_formula() -> None:
    assert csv_cell("=1+1") == "'=1+1"
    assert csv_cell("@x") == "'@x"
    assert csv_cell("plain") == "plain"


@QUICK
@given(ANY)
def test_breaks_add_nothing_but_breaks(text: str) -> None:
    broken = breakable(text, "|")
    assert broken.replace("|", "") == text.replace("|", "")
    assert all(len(part) <= 28 for word in broken.split() for part in word.split("|"))
