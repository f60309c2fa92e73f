"""Relative links of all Markdown files lead to what exists, down to the heading; addresses parse.

No network: whether addresses answer, `make docs-links` asks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
FOLDERS = ("docs", "reports", "tests/golden")
PAGES = [
    path
    for path in [*ROOT.glob("*.md"), *(p for f in FOLDERS for p in (ROOT / f).rglob("*.md"))]
    if "_build" not in path.parts
]
KEYS = {"link_open": "href", "image": "src"}


def _tokens(text: str) -> Iterator[Token]:
    for token in MarkdownIt().enable("table").parse(text):
        yield token
        yield from token.children or ()


@cache
def links(path: Path) -> tuple[str, ...]:
    """Returns where a page's links and pictures lead."""
    found: list[str] = []
    for token in _tokens(path.read_text(encoding="utf-8")):
        if token.type in KEYS:
            found.append(str(token.attrGet(KEYS[token.type])))
        elif token.type.startswith("html_"):
            found += re.findall(r"(?:href|src)=\"([^\"]+)\"", token.content)
    return tuple(found)


@cache
def anchors(path: Path) -> frozenset[str]:
    """Returns what may follow `#`: headings, as code hosts write them, and MyST's own targets."""
    text = path.read_text(encoding="utf-8")
    found: list[str] = re.findall(r"^\(([\w-]+)\)=$", text, re.MULTILINE)
    tokens = MarkdownIt().parse(text)
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open":
            words = "".join(t.content for t in inline.children or ())
            slug = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
            found.append(slug if slug not in found else f"{slug}-{found.count(slug)}")
    return frozenset(found)


def problem(page: Path, link: str) -> str | None:
    """Returns what is wrong with a link, None if nothing is."""
    parts = urlsplit(link)
    if parts.scheme:
        good = parts.scheme in ("http", "https") and "." in parts.netloc
        return None if good else "is no address of the web"
    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    if not target.exists() or not target.is_relative_to(ROOT):
        return "does not exist in the repository"
    if parts.fragment and (target.suffix != ".md" or parts.fragment not in anchors(target)):
        return f"has no heading {parts.fragment!r}"
    return None


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    wrong = {link: why for link in links(page) if (why := problem(page, link))}
    assert not wrong


@pytest.mark.parametrize(
    "link",
    ["nowhere.md", "../README.md#no-such-heading", "http:/broken", "../../outside.md", "conf.py#x"],
)
def test_what_leads_nowhere_is_found(link: str) -> None:
    assert problem(ROOT / "docs/index.md", link)


def test_links_are_found_at_all() -> None:
    for name in ("README.md", "docs/index.md"):
        assert links(ROOT / name)
