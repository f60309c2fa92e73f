"""Making foreign text harmless: what a model wrote is shown, never run or typeset.

Every format escapes for itself. Before that, `visible` turns characters that cannot be seen, or
that change how neighbours are shown, into ASCII such as ``<U+202E>``.
"""

from __future__ import annotations

import re
import unicodedata

LONG = 28
"""Letters after which a word may break: longer than any word of the world."""

LATEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "[": "{[}",
    "]": "{]}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    '"': r"\textquotedbl{}",
    "`": r"\textasciigrave{}",
    "'": r"\textquotesingle{}",
    "|": r"\textbar{}",
    "–": r"\textendash{}",
    "—": r"\textemdash{}",
    "‘": r"\textquoteleft{}",
    "’": r"\textquoteright{}",
    "“": r"\textquotedblleft{}",
    "”": r"\textquotedblright{}",
    "…": r"\textellipsis{}",
    "†": r"\textdagger{}",
    "‡": r"\textdaggerdbl{}",
    "−": r"\ensuremath{-}",
    "≥": r"\ensuremath{\geq}",
    "≤": r"\ensuremath{\leq}",
    "×": r"\ensuremath{\times}",
    "±": r"\ensuremath{\pm}",
    "′": r"\ensuremath{'}",
    "\n": r"\newline{}",
}

LATIN = frozenset(map(chr, range(0xC0, 0x100))) - frozenset("ÐÞð÷þ")
"""Letters beyond ASCII that pdflatex sets in every font encoding it knows by default."""

LIGATURE = re.compile(r"(?<=-)(?=-)|(?<=,)(?=,)")
"""Between equal characters that LaTeX's fonts would join: ``--`` and ``,,``."""

MARKDOWN = set("\\`*_{}[]#|~^$")
HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;", "@": "&#64;"}


_LATEX = str.maketrans(LATEX)
_MARKDOWN = str.maketrans({**HTML, **{c: "\\" + c for c in MARKDOWN}})


def visible(text: str) -> str:
    """Shows control, bidirectional and other invisible characters as ``<U+XXXX>``."""
    if text.isascii() and text.isprintable():
        return text  # all but a few texts are, and reports show thousands
    return "".join(c if _plain(c) else _code(c) for c in text)


def _code(character: str) -> str:
    return f"<U+{ord(character):04X}>"


def _plain(character: str) -> bool:
    if character in " \n":
        return True
    return unicodedata.category(character)[0] not in "CZM"


def breakable(text: str, mark: str = "\u200b") -> str:
    """Puts an invisible break opportunity into words longer than ``LONG`` letters."""
    return "".join(_broken(word, mark) for word in _words(text))


def _words(text: str) -> list[str]:
    """Splits before and after white space, keeping all characters."""
    parts, start = [], 0
    for i in range(1, len(text) + 1):
        if i == len(text) or text[i].isspace() != text[i - 1].isspace():
            parts.append(text[start:i])
            start = i
    return parts


def _broken(word: str, mark: str) -> str:
    return mark.join(word[i : i + LONG] for i in range(0, len(word), LONG))


def latex(text: str) -> str:
    """Escapes text for LaTeX: no command, no math, no ligature of dashes or commas survives.

    What plain pdflatex (UTF-8 input) may not be able to set becomes ASCII such as ``<U+05D0>``.
    """
    plain = visible(text)
    settable = plain if plain.isascii() else "".join(c if _settable(c) else _code(c) for c in plain)
    return LIGATURE.sub("{}", settable.translate(_LATEX))


def _settable(character: str) -> bool:
    return character.isascii() or character in LATEX or character in LATIN


def markdown(text: str) -> str:
    """Escapes text for a Markdown table cell: no markup, no HTML, no line break, no mention."""
    plain = visible(text).replace("\n", " ")
    return plain.translate(_MARKDOWN).replace("://", "&#58;//").replace("www.", "www&#46;")


def csv_cell(text: str) -> str:
    """Keeps spreadsheets from reading text as a formula."""
    plain = visible(text)
    return "'" + plain if plain[:1] in tuple("=+-@") else plain
