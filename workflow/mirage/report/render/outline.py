"""Headings of the HTML page and its list of contents: chapters, sections, blocks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Entry:
    """A line of the contents.

    Attributes:
        anchor: Where it leads to on the page.
        below: Lines one level deeper.
    """

    title: str
    anchor: str
    below: list[Entry] = field(default_factory=list)


def outline(blocks: Sequence[dict[str, Any]]) -> list[Entry]:
    """Returns the contents and gives every block the headings that open before it.

    A heading stands where its words differ from those of the block before. Afterwards each block
    has ``level`` (of its own heading) and ``opens`` ((level, title, anchor) of those above it).

    Args:
        blocks: With ``chapter``, ``section``, ``title`` and ``anchor``, in the page's order.
    """
    top: list[Entry] = []
    used = {block["anchor"] for block in blocks}
    open_titles: list[str] = []
    lists: list[list[Entry]] = [top]
    for block in blocks:
        titles = [title for title in (block["chapter"], block["section"]) if title]
        keep = _shared(open_titles, titles)
        lists = lists[: keep + 1]
        block["opens"] = []
        for depth in range(keep, len(titles)):
            anchor = _fresh(titles[depth], used)
            block["opens"].append((depth + 2, titles[depth], anchor))
            entry = Entry(titles[depth], anchor)
            lists[-1].append(entry)
            lists.append(entry.below)
        open_titles = titles
        block["level"] = len(titles) + 2
        if block["title"]:
            lists[-1].append(Entry(short(block["title"]), block["anchor"]))
    return top


def short(title: str) -> str:
    """A title for the list of contents, whose page says "nano" already."""
    rest = title.removeprefix("Nano: ").removeprefix("Nano counterpart of ")
    return rest[:1].upper() + rest[1:]


def _shared(old: Sequence[str], new: Sequence[str]) -> int:
    count = 0
    while count < min(len(old), len(new)) and old[count] == new[count]:
        count += 1
    return count


def _fresh(title: str, used: set[str]) -> str:
    """An anchor made of a title's letters and digits that no other heading has."""
    base = "part-" + (re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "x")
    anchor, number = base, 2
    while anchor in used:
        anchor, number = f"{base}-{number}", number + 1
    used.add(anchor)
    return anchor
