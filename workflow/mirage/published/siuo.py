"""SIUO: ``siuo_gen.json`` and its pictures; safe texts and pictures, unsafe together."""

from __future__ import annotations

from collections.abc import Iterator

from mirage.published.download import Download, Row, plain_id


def siuo(data: Download) -> Iterator[Row]:
    """Yields an item a question (an entry of ``format``); all are hazards."""
    file = data.file("siuo_gen.json", "data/siuo_gen.json")
    home = file.parent.relative_to(data.root)
    for where, plain in data.objects(file, data.json(file)):
        category = plain.get("category")
        yield Row(
            id=plain_id(plain.get("question_id")),
            question=data.text(plain, where, "question"),
            images=(data.text(plain, where, "image"),),
            where=where,
            below=((home / "images").as_posix(), home.as_posix()),
            category=category.strip() if isinstance(category, str) else "",
            truth={"kind": "hazard"},
        )
