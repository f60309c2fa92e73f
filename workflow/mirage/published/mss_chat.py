"""MSSBench, chat: one request, with a picture that makes it safe and one that makes it unsafe."""

from __future__ import annotations

from collections.abc import Iterator

from mirage.contracts import DataError
from mirage.published.download import Download, Row


def mss_chat(data: Download) -> Iterator[Row]:
    """Yields two items a request (an entry of ``format``): benign, and the same as a hazard.

    ``pick: [first]`` takes the first wording of each request, else all its ``queries`` are asked.

    Raises:
        DataError: No list of chat entries.
    """
    first = data.picked(["all", "first"], ["all"]) == ["first"]
    file = data.file("combine.json", "mssbench/combine.json", "chat.json")
    plain = data.json(file)
    chat = plain.get("chat") if isinstance(plain, dict) else plain
    if not isinstance(chat, list):
        raise DataError(f"{file}: a list under the key chat is needed.")
    home = file.parent.relative_to(data.root)
    for number, (where, each) in enumerate(data.objects(file, chat), 1):
        queries = each.get("queries")
        queries = [queries] if isinstance(queries, str) else queries
        if not isinstance(queries, list) or not all(isinstance(q, str) for q in queries):
            data.problem("queries", where, "queries should be a list of texts.")
            continue
        images = {s: data.text(each, where, f"{s}_image_path") for s in ("safe", "unsafe")}
        if not all(images.values()):
            continue
        kind = each.get("Type", each.get("type"))
        for place, query in enumerate(queries[:1] if first else queries, 1):
            for situation, image in images.items():
                yield Row(
                    id=f"{number}.{place}-{situation}",
                    question=query.strip(),
                    images=(image,),
                    where=where,
                    below=((home / "chat").as_posix(), home.as_posix()),
                    category=kind.strip() if isinstance(kind, str) else "",
                    sub_category=situation,
                    truth={
                        "kind": "benign" if situation == "safe" else "hazard",
                        "situation": situation,
                        "pair": str(number),
                    },
                )
