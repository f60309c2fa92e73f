"""VLGuard: ``train.json`` and ``test.json`` with the pictures of ``train.zip`` and ``test.zip``.

Each picture is safe or not. A safe one has a harmless instruction and an unsafe one (subsets
``safe_safes`` and ``safe_unsafes``), an unsafe one a single instruction (``unsafes``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from mirage.published.download import Download, Row, plain_id

SUBSETS: Final = {
    "safe_safes": ("safe_instruction", "benign"),
    "safe_unsafes": ("unsafe_instruction", "hazard"),
    "unsafes": ("instruction", "hazard"),
}
"""Subset -> key of its instruction, kind of item."""


def vlguard(data: Download) -> Iterator[Row]:
    """Yields the items of one file (an entry of ``format``); ``pick`` names subsets."""
    wanted = data.picked(list(SUBSETS))
    file = data.file("train.json", "test.json")
    home = file.parent.relative_to(data.root)
    split = file.stem.partition("_")[0]  # train_rewritten.json shows the pictures of train.json
    below = tuple((home / name).as_posix() for name in (split, f"{split}/{split}", "images"))
    for where, plain in data.objects(file, data.json(file)):
        pairs, image = plain.get("instr-resp"), data.text(plain, where, "image")
        if not isinstance(plain.get("safe"), bool) or not isinstance(pairs, list):
            data.problem("keys", where, "safe (true or false) and a list instr-resp are needed.")
            continue
        if not image:
            continue
        for pair in pairs:
            if not isinstance(pair, dict):
                data.problem("keys", where, "instr-resp should hold objects.")
                continue
            subset = _subset(bool(plain["safe"]), pair)
            if subset is None:
                data.problem("keys", where, "an entry of instr-resp has no instruction.")
            elif subset in wanted:
                key, kind = SUBSETS[subset]
                name = plain_id(plain.get("id"))
                yield Row(
                    id=f"{name}:{subset}" if name else "",
                    question=data.text(pair, where, key),
                    images=(image,),
                    where=where,
                    below=below,
                    category=_text(plain, "harmful_category"),
                    sub_category=_text(plain, "harmful_subcategory"),
                    truth={"kind": kind, "pair": image},
                    answer=_text(pair, "response"),
                    label=subset,
                )


def _subset(safe: bool, pair: dict[str, Any]) -> str | None:
    names = ("safe_safes", "safe_unsafes") if safe else ("unsafes",)
    return next((name for name in names if SUBSETS[name][0] in pair), None)


def _text(plain: dict[str, Any], key: str) -> str:
    value = plain.get(key)
    return value.strip() if isinstance(value, str) else ""
