"""From a downloaded data set to rows and pictures that suites and recipes are built from."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from mirage.contracts import DataError, TrainSample
from mirage.files import canonical, sha256
from mirage.own_data import ID, MAX_IMAGES, OwnData, is_storable
from mirage.pictures import Elsewhere
from mirage.published.download import Download, Row

Reader = Callable[[Download], Iterable[Row]]
MAX_TEXT: Final = 1_048_576  # characters of a question or answer


@dataclass
class Published(OwnData):
    """Own data that came in a published format.

    Attributes:
        kinds: Kind of problem -> how many.
        notes: Defect that is put up with -> how many items have it.
        texts: Files of text -> their sha256.
        read: Items of the file, before categories were left out and some were drawn.
    """

    kinds: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    texts: dict[str, str] = field(default_factory=dict)
    read: int = 0

    def checked(self) -> OwnData:
        """Returns itself.

        Raises:
            DataError: Anything is wrong; the text lists it by kind.
        """
        if self.problems and self.kinds:
            kinds = ", ".join(f"{kind}: {count}" for kind, count in self.kinds.most_common())
            self.problems = [f"by kind: {kinds}", *self.problems]
        return super().checked()


def read_published(
    path: Path,
    reader: Reader,
    how: Mapping[str, Any],
    *,
    answers: bool = False,
    decode: bool = False,
    say: Callable[[str], None] | None = None,
) -> Published:
    """Reads and checks a downloaded data set and the pictures of the items that are wanted.

    Args:
        path: Its folder.
        reader: What reads its format.
        how: Which part of it (``plan/schema/published.py``).
        answers: Whether every item must have an answer to train on.
        decode: Whether to decode each distinct picture to its end (see ``read_own``).
        say: Told how far it got.

    Raises:
        DataError: There is no such folder.
    """
    root = path.expanduser().absolute()
    if not root.is_dir():
        what = "is an archive" if root.is_file() else "does not exist"
        more = f" Unpack it: mirage data unpack {root}" if root.suffix == ".zip" else ""
        raise DataError(f"{root} {what}; name the folder of the download.{more}")
    found = Download(root.resolve(), how)
    rows: list[Row] = []
    try:
        rows = [row for row in reader(found) if _whole(row, answers, found)]
    except DataError as wrong:
        found.problem("file", str(found.root), str(wrong))
    made = Published(read=len(rows))
    made.files = list(dict.fromkeys(found.files))
    made.texts = {str(file): sha256(file.read_bytes()) for file in made.files}
    rows = _drawn(_held(_identified(rows, found), how, found), how, found)
    digests: dict[str, str] = {}
    for number, row in enumerate(rows, 1):
        shown = _shown(row, how, found)
        made.look_at(found.root, shown, row.where, digests, decode=decode)
        sample = TrainSample(row.id, "", row.category, row.sub_category, row.question, shown)
        known = replace(sample, truth=row.truth, answer=row.answer, label=row.label)
        made.rows.append(known)
        if say is not None and number % 1000 == 0:
            say(f"{number} items, {len(digests)} pictures")
    if not made.rows and not found.problems:
        found.problem("empty", str(found.root), "holds no items of those that are wanted.")
    made.kinds = found.kinds + Counter(
        {"picture": len(made.problems) + made.more} if made.problems else {}
    )
    made.problems = [*found.problems, *made.problems]
    made.more += found.kinds.total() - len(found.problems)
    made.notes = found.notes
    made.pictures = Elsewhere(found.root, digests)
    made.files += [found.root / name for name in digests]
    made.digest = sha256(canonical([[_plain(row) for row in made.rows], digests]).encode())
    return made


def _plain(row: TrainSample) -> list[object]:
    return [
        row.id,
        row.category,
        row.sub_category,
        row.question,
        row.images,
        row.truth,
        row.answer,
        row.label,
    ]


def _whole(row: Row, answers: bool, found: Download) -> bool:
    """Tells whether a row can be used; what its reader did not find wrong is said here."""
    if not row.question:
        return False  # told where it was read
    texts = {"question": row.question, "answer": row.answer, "category": row.category}
    texts |= {"sub_category": row.sub_category, "id": row.id}
    for name, text in texts.items():
        if not is_storable(text):
            found.problem("text", row.where, f"{name} holds half a character or NUL.")
            return False
        if len(text) > MAX_TEXT:
            found.problem("text", row.where, f"{name} has more than {MAX_TEXT} characters.")
            return False
    if len(row.images) > MAX_IMAGES:
        found.problem("images", row.where, f"{len(row.images)} images; at most {MAX_IMAGES}.")
        return False
    if answers and not row.answer.strip():
        found.problem("answer", row.where, "has no answer, which a recipe needs to train on.")
        return False
    return True


def _identified(rows: list[Row], found: Download) -> list[Row]:
    """Gives every item an id of its own, which other items of the file cannot change.

    An id that is missing, or that several items have, is made of the item's content.
    """
    given = [re.sub(r"[^A-Za-z0-9._:+-]", "-", row.id).strip("-._:+")[:100] for row in rows]
    often = Counter(given)
    seen: Counter[str] = Counter()
    made = []
    for row, published in zip(rows, given, strict=True):
        name = published
        content = sha256(canonical([row.question, row.images, row.answer]).encode())[:10]
        if not name:
            found.note("items without an id, which is made of their content")
            name = f"x{content}"
        elif often[name] > 1:
            found.note("items with the id of another one, which gets their content behind it")
            name = f"{name}-{content}"
        seen[name] += 1
        if seen[name] > 1:
            found.note("items that stand there twice, word by word")
            name = f"{name}-{seen[name]}"
        made.append(replace(row, id=f"{row.prefix}{name}"))
        assert ID.fullmatch(made[-1].id), made[-1].id
    return made


def _held(rows: list[Row], how: Mapping[str, Any], found: Download) -> list[Row]:
    """Leaves out the categories that are held out, and all but those that are asked for."""
    wanted = list(how.get("categories", []))
    out = list(how.get("hold_out", {}).get("categories", []))
    there = sorted({row.category for row in rows if row.category})
    for name in (*wanted, *out):
        if name not in there:
            listed = ", ".join(there) or "none: its items have no category"
            found.problem("category", str(found.root), f"no category {name!r}; there are {listed}.")
    return [r for r in rows if r.category not in out and (not wanted or r.category in wanted)]


def _drawn(rows: list[Row], how: Mapping[str, Any], found: Download) -> list[Row]:
    """Draws ``count`` items with ``seed``: those whose hashed ids come first, in the file's order.

    So an item that a release adds or drops exchanges one of the drawn items at most. ``limit``, for
    a trial, takes the first of them.
    """
    count, limit = how.get("count"), how.get("limit")
    if count is not None and len(rows) < count and limit is None:
        text = f"{count} items are to be drawn, but there are {len(rows)}."
        found.problem("count", str(found.root), text)
    wanted = min((number for number in (count, limit) if number is not None), default=len(rows))
    seed = how.get("seed", 0)
    order = sorted(range(len(rows)), key=lambda k: sha256(f"{seed}:{rows[k].id}".encode()))
    return [rows[k] for k in sorted(order[:wanted])]


def _shown(row: Row, how: Mapping[str, Any], found: Download) -> tuple[str, ...]:
    if how.get("images", "own") != "own":
        return ()
    return tuple(path for name in row.images if (path := found.picture(row, name)))
