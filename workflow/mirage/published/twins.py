"""``mis_benign``: harmless twins of MIS items, which a person writes into a template and checks.

One JSON object: ``originals``, which the template lists (``mirage data template``), and ``twins``,
of which each names its original and has pictures of its own, as many as that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

from mirage.contracts import DataError, TrainSample
from mirage.published.download import Download, Row
from mirage.published.mis import IMAGES

FILE: Final = "mis_benign.json"


def mis_benign(data: Download) -> Iterator[Row]:
    """Yields the twins that are filled in (an entry of ``format``); all are benign.

    Raises:
        DataError: No template, or a broken one.
    """
    file = data.file(FILE)
    plain = data.json(file)
    originals = plain.get("originals") if isinstance(plain, dict) else None
    if not isinstance(originals, dict):
        raise DataError(f"{file}: the key originals is missing; begin with mirage data template.")
    home = file.parent.relative_to(data.root).as_posix()
    often: Counter[str] = Counter()
    same: set[object] = set()
    for where, twin in data.objects(file, plain.get("twins")):
        original, images = twin.get("twin_of"), _images(twin)
        if not isinstance(original, str) or original not in originals:
            data.problem("original", where, f"twin_of {original!r:.60} is no item of originals.")
            continue
        if not images and not str(twin.get("question") or "").strip():
            data.note("twins that are not filled in yet, which are left out")
            continue
        about = originals[original]
        wanted = about.get("images", len(IMAGES)) if isinstance(about, dict) else len(IMAGES)
        if len(images) != wanted:
            data.problem("images", where, f"{len(images)} images; its original has {wanted}.")
            continue
        often[original] += 1
        question = data.text(twin, where, "question")
        if often[original] > 1:
            data.problem("twice", where, f"{original} has a twin already.")
            continue
        if (content := (question, images)) in same:
            data.problem("twice", where, "question and pictures are those of another twin.")
            continue
        same.add(content)
        yield Row(
            id=original.replace("/", ":"),
            question=question,
            images=images,
            where=where,
            below=(home,),
            category=str(about.get("category", "")) if isinstance(about, dict) else "",
            sub_category=original.partition("/")[0],
            truth={"kind": "benign", "twin_of": original, "pair": original},
        )


def _images(twin: dict[str, Any]) -> tuple[str, ...]:
    keys = sorted(key for key in twin if key.startswith("image_path"))
    return tuple(twin[key] for key in keys if isinstance(twin[key], str) and twin[key].strip())


def template(suite: str, rows: Iterable[TrainSample]) -> dict[str, Any]:
    """Returns a template for the twins of a suite: what is asked and shown is left empty.

    The questions of the originals are not copied: who writes twins reads them where they lie.

    Args:
        suite: Name of the suite whose items need twins.
        rows: Its items.
    """
    originals = {f"{suite}/{r.id}": {"images": len(r.images), "category": r.category} for r in rows}
    empty = dict.fromkeys(("question", *IMAGES), "")
    return {"originals": originals, "twins": [{"twin_of": name, **empty} for name in originals]}
