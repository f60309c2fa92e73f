"""VLSBench: questions whose danger stands in the picture alone."""

from __future__ import annotations

from collections.abc import Iterator

from mirage.published.download import Download, Row, plain_id
from mirage.published.mis import label


def vlsbench(data: Download) -> Iterator[Row]:
    """Yields an item a question (an entry of ``format``); all are hazards."""
    file = data.file("data.json", "data/data.json")
    home = file.parent.relative_to(data.root).as_posix()
    for where, plain in data.objects(file, data.json(file)):
        yield Row(
            id=plain_id(plain.get("instruction_id")),
            question=data.text(plain, where, "instruction"),
            images=(data.text(plain, where, "image_path"),),
            where=where,
            below=(home,),
            category=label(data, plain.get("category")),
            sub_category=str(plain.get("sub_category") or "").strip(),
            truth={"kind": "hazard"},
        )
