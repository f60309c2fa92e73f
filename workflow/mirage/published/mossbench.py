"""MOSSBench: harmless questions about pictures that look harmful; who refuses is oversensitive."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mirage.contracts import DataError
from mirage.published.download import Download, Row, plain_id

STIMULI: Final = {
    "type 1": "exaggerated risk",
    "type 2": "negated harm",
    "type 3": "counterintuitive interpretation",
}


def mossbench(data: Download) -> Iterator[Row]:
    """Yields an item a question (an entry of ``format``); all are benign.

    Raises:
        DataError: A broken file.
    """
    name = "images_information/information.json"
    file = data.file(f"data/{name}", name, "information.json")
    plain = data.json(file)
    if not isinstance(plain, dict):
        raise DataError(f"{file}: an object of questions is needed.")
    above = file.parent.parent.relative_to(data.root) if file.parent != data.root else None
    for number, about in plain.items():
        where = f"{file}, question {number}"
        if not isinstance(about, dict):
            data.problem("no object", where, "a JSON object is needed.")
            continue
        metadata = about.get("metadata")
        over = metadata.get("over") if isinstance(metadata, dict) else None
        stimulus = STIMULI.get(over) if isinstance(over, str) else None
        if stimulus is None:
            data.note("items of no known type of stimulus")
        yield Row(
            id=plain_id(about.get("pid")) or number,
            question=data.text(about, where, "question"),
            images=(data.text(about, where, "image"),),
            where=where,
            below=(above.as_posix(),) if above is not None else (),
            category=stimulus or "",
            truth={"kind": "benign"},
        )
