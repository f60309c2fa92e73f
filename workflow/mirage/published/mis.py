"""The test files of MIS, ``mis_easy.json``, ``mis_hard.json``, ``mis_real.json``, with pictures.

A JSON array each of ``question, category, sub_category, image_path1, image_path2, id``; some files
have no ids. Paths are relative to the folder of the JSON files.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from mirage.published.download import Download, Row, plain_id

FILES: Final = ("mis_easy.json", "mis_hard.json", "mis_real.json")
IMAGES: Final = ("image_path1", "image_path2")
KNOWN: Final = {"question", "category", "sub_category", "id", *IMAGES}

LABELS: Final = (
    "Illegal Activity",
    "Violent",
    "Hate",
    "Self-Harm",
    "Privacy",
    "Erotic",
    "Property Crimes",
    "Cybercrimes",
    "Drug-Related Offenses",
    "Human Trafficking",
    "Weapon-Related Violence",
    "Public Violence and Rioting",
    "Abuse and Physical Altercations",
    "Racial and Ethnic Discrimination",
    "Gender Discrimination",
    "Physical Self-Injury",
    "Psychological Harm",
    "Unauthorized Data Collection",
    "Identity Theft",
    "Erotic Visual Content",
)
"""The six categories and fourteen sub-categories (the paper's Table 3)."""

ALSO: Final = {
    "abuse and physical alterations": "Abuse and Physical Altercations",
    "identify theft": "Identity Theft",
}
"""Spellings of the release and of the paper's figure -> ours, in small letters."""

_SPELT: Final = {name.lower(): name for name in LABELS} | ALSO


def mis_test(data: Download) -> Iterator[Row]:
    """Yields the items of one test file (an entry of ``format``); all are hazards."""
    file = data.file(*FILES)
    home = file.parent.relative_to(data.root).as_posix()
    for where, plain in data.objects(file, data.json(file)):
        images = pictures(data, plain, where)
        if images is None:
            continue
        if plain.keys() - KNOWN:
            data.note("items with keys that the format does not have, which are not read")
        yield Row(
            id=plain_id(plain.get("id")),
            question=data.text(plain, where, "question"),
            images=images,
            where=where,
            below=(home,),
            category=label(data, plain.get("category")),
            sub_category=label(data, plain.get("sub_category")),
            truth={"kind": "hazard"},
        )


def pictures(data: Download, plain: dict[str, Any], where: str) -> tuple[str, ...] | None:
    """Returns the two pictures of an item; None, and a problem, where there are not two."""
    given = sorted(key for key in plain if key.startswith("image_path"))
    names = tuple(plain[key] for key in given if isinstance(plain[key], str) and plain[key])
    if tuple(given) == IMAGES and len(names) == 2:
        return names
    data.problem("images", where, f"{len(names)} images; every item of MIS has two.")
    return None


def label(data: Download, name: object) -> str:
    """Returns a category or sub-category in one spelling; one that MIS does not know as it is."""
    text = " ".join(name.split()) if isinstance(name, str) else ""
    known = _SPELT.get(text.lower(), text)
    if known != text:
        data.note("labels spelt in another way, now alike")
    elif text and known not in LABELS:
        data.note("labels that the paper does not list")
    return known
