"""Responses that someone else generated: read with suspicion, every problem told at once."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from mirage.contracts import DataError, Response
from mirage.own_data import is_storable

LONGEST_LINE = 2**20
"""Bytes of a line: no answer is longer, and a file without line ends must not fill the memory."""
FINISHED = ("stop", "length")
KEYS = frozenset({"id", "text", "n_tokens", "finish_reason"})
SHOWN = 20


def read_brought(path: Path, known: Collection[str]) -> list[Response]:
    """Reads a JSONL file of ``{id, text[, n_tokens, finish_reason]}``.

    Args:
        path: The file.
        known: Ids of the items there are.

    Raises:
        DataError: Naming file, line and problem of the first twenty that are wrong.
    """
    if not path.is_file():
        what = "is no regular file" if path.exists() else "does not exist"
        raise DataError(f"{path} {what}. Name a JSONL file: mirage judge --responses FILE")
    responses: dict[str, Response] = {}
    problems = []
    for number, line in _lines(path):
        try:
            response = _response(line)
            if response.id not in known:
                raise ValueError(f"id {response.id[:80]!r} is in none of the suites")
            if response.id in responses:
                raise ValueError(f"id {response.id!r} was answered on an earlier line")
            responses[response.id] = response
        except ValueError as wrong:
            problems.append(f"{path}, line {number}: {wrong}.")
    if problems:
        more = f"\nand {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
        raise DataError("\n".join(problems[:SHOWN]) + more)
    if not responses:
        raise DataError(f"{path} holds no response.")
    return list(responses.values())


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    number = 0
    with path.open("rb") as file:
        while line := file.readline(LONGEST_LINE + 1):
            number += 1
            if len(line) > LONGEST_LINE:
                raise DataError(f"{path}, line {number}: longer than {LONGEST_LINE} bytes.")
            if line.strip():
                yield number, line


def _response(line: bytes) -> Response:
    """Reads one line.

    Raises:
        ValueError: What is wrong with it.
    """
    try:
        row: Any = json.loads(line)
    except UnicodeDecodeError:
        raise ValueError("not UTF-8 text") from None
    except json.JSONDecodeError as broken:
        raise ValueError(f"not valid JSON ({broken.msg})") from None
    except RecursionError:
        raise ValueError("JSON nested too deeply") from None
    except ValueError:  # the one that is left; Python's own text advises to change Python
        raise ValueError("holds a whole number of thousands of digits") from None
    if not isinstance(row, dict) or not {"id", "text"} <= row.keys() <= KEYS:
        raise ValueError("expected an object with id and text, and perhaps n_tokens, finish_reason")
    name, text = row["id"], row["text"]
    count, reason = row.get("n_tokens", 0), row.get("finish_reason", "stop")
    if not isinstance(name, str) or not isinstance(text, str):
        raise ValueError("id and text should be texts")
    if not is_storable(name + text):
        raise ValueError("id or text holds half a character (an unpaired surrogate) or a NUL")
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise ValueError(f"n_tokens should be a count, found {str(count)[:40]}")
    if reason not in FINISHED:
        raise ValueError(f"finish_reason should be stop or length, found {str(reason)[:40]!r}")
    return Response(name, text, count, reason)
