"""``outcomes.parquet``: what a model's answers amount to, a row per item, in the suites' order.

A few bytes an item: comparisons of hundreds of models read these columns and no verdicts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from mirage.contracts import DataError
from mirage.model_card import ModelCard
from mirage.score.frame import COLUMNS, Coded, JudgedSuite, Suite
from mirage.score.rate_table import coded

SIZES = b"suites"
"""Key of the file's metadata: suite -> number of items, in the order of the rows."""


def write_outcomes(answers: Sequence[JudgedSuite], path: Path) -> None:
    """Writes one model's outcomes; texts are dictionaries, so other tools read them as text."""
    ids = [name for a in answers for name in a.suite.column("id").tolist()]
    columns: dict[str, pa.Array] = {"id": pa.array(ids, pa.string())}
    for name, texts in COLUMNS.items():
        codes = [getattr(a, name).codes for a in answers] or [np.zeros(0, dtype=np.uint8)]
        indices = pa.array(np.concatenate(codes).astype(np.int8))
        columns[name] = pa.DictionaryArray.from_arrays(indices, list(texts))
    sizes = {a.suite.name: len(a.suite) for a in answers}
    table = pa.table(columns).replace_schema_metadata({SIZES: json.dumps(sizes).encode()})
    pq.write_table(table, path)


def read_outcomes(path: Path, model: ModelCard, suites: Mapping[str, Suite]) -> list[JudgedSuite]:
    """Reads one model's outcomes on some suites; the file may hold more.

    Args:
        path: What ``write_outcomes`` wrote.
        model: Whose they are.
        suites: The suites to read, by name.

    Raises:
        DataError: No such file, other columns or texts, or a suite of another size.
    """
    try:
        # pq.read_table would import pandas, as ``coded`` says.
        with pq.ParquetFile(path) as file:
            table = file.read(columns=list(COLUMNS), use_threads=False)
        sizes: dict[str, int] = json.loads((table.schema.metadata or {})[SIZES])
        columns = {name: _coded(table.column(name), texts) for name, texts in COLUMNS.items()}
    except (OSError, KeyError, ValueError, pa.ArrowException) as broken:
        raise DataError(
            f"{path} is missing or not what this version writes ({broken}). "
            f"Remove {path.parent} and run snakemake again."
        ) from None
    answers, start = [], 0
    for name, size in sizes.items():
        end = start + size
        if name in suites:
            if len(suites[name]) != size:
                raise DataError(
                    f"{path}: {size} items of suite {name}, which has {len(suites[name])}. "
                    f"Remove {path.parent} and run snakemake again."
                )
            own = {key: Coded(c.codes[start:end], c.names) for key, c in columns.items()}
            answers.append(JudgedSuite(model=model, suite=suites[name], **own, unseen=()))
        start = end
    return sorted(answers, key=lambda a: a.suite.name)


def _coded(column: pa.ChunkedArray, texts: tuple[str, ...]) -> Coded:
    indices, own = coded(column)
    place = {text: code for code, text in enumerate(texts)}
    codes = np.array([place[text] for text in own], dtype=np.uint8)
    return Coded(codes[indices], texts)
