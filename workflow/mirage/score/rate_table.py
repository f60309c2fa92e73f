"""Rates as Arrow tables, one per model, and the one tidy file of a study (Parquet and CSV)."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from mirage.contracts import DataError
from mirage.score.rates import Rate

TEXT = pa.dictionary(pa.int32(), pa.string())
"""Each text once: few differ, and reading or writing them one by one takes five times as long."""
TYPES = {"str": TEXT, "int": pa.int64(), "float": pa.float64(), "float | None": pa.float64()}
FIELDS = {f.name: TYPES[str(f.type)] for f in dataclasses.fields(Rate)}
MORE = ("judge", "platform")
"""Columns beside a rate's own, the same for all rates of a model."""
SCHEMA = pa.schema([*FIELDS.items(), *((name, TEXT) for name in MORE)])
TEXTS = [field.name for field in SCHEMA if field.type == TEXT]
MODELS = b"models"
"""Key of a file's metadata: the models of its row groups, in order."""


def rate_table(rates: Sequence[Rate], judge: str = "", platform: str = "") -> pa.Table:
    """Returns one model's rates as a table.

    Args:
        rates: The rates.
        judge: Who gave the verdicts.
        platform: Class of machine that computed the answers; empty where unknown.
    """
    columns = [[getattr(rate, name) for rate in rates] for name in FIELDS]
    return pa.table([*columns, [judge] * len(rates), [platform] * len(rates)], schema=SCHEMA)


def write_rate_table(table: pa.Table, path: Path) -> None:
    """Writes one model's rates."""
    pq.write_table(table, path, store_schema=False)


def read_rate_table(path: Path) -> pa.Table:
    """Reads one model's rates.

    Raises:
        DataError: No such file, or other columns.
    """
    with _opened(path, read_dictionary=TEXTS) as file:
        return file.read(use_threads=False)


def coded(column: pa.ChunkedArray) -> tuple[NDArray[np.int32], list[str]]:
    """Returns a column of texts as numbers, and the texts that these are the places of.

    By DLPack: the arrays' own ``to_numpy`` imports pandas, as slow as reading 500 files.
    """
    array = column.combine_chunks()
    if not isinstance(array.type, pa.DictionaryType):
        array = array.dictionary_encode()
    codes = np.asarray(np.from_dlpack(array.indices), dtype=np.int32)
    return codes, array.dictionary.to_pylist()


def _opened(path: Path, read_dictionary: Sequence[str] | None = None) -> pq.ParquetFile:
    try:
        file = pq.ParquetFile(path, read_dictionary=read_dictionary)
    except (OSError, pa.ArrowInvalid) as broken:
        raise DataError(
            f"{path} is missing or no Parquet file ({broken}). "
            f"Remove {path.parent} and run snakemake again."
        ) from None
    if set(file.schema_arrow.names) != set(SCHEMA.names):
        raise DataError(f"{path}: expected the columns {', '.join(SCHEMA.names)}.")
    return file


class TidyWriter:
    """Writes ``rates.parquet`` (a row group per model) and ``rates.csv``, a model at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names: list[str] = []

    def __enter__(self) -> Self:
        # Without the Arrow schema other tools read texts as texts. A row group holds one model, so
        # no other column's limits would spare a reader anything.
        self._parquet = pq.ParquetWriter(
            self._folder / "rates.parquet", SCHEMA, store_schema=False, write_statistics=["model"]
        )
        # Arrow's 1,024 rows at a time cost a quarter more; a model has some thousands.
        options = pa_csv.WriteOptions(batch_size=16384)
        self._csv = pa_csv.CSVWriter(self._folder / "rates.csv", SCHEMA, write_options=options)
        return self

    def __exit__(self, *_: object) -> None:
        self._parquet.add_key_value_metadata({MODELS: json.dumps(self._names).encode()})
        self._parquet.close()
        self._csv.close()

    def add(self, model: str, table: pa.Table) -> pa.Table:
        """Writes one model's rates and returns them."""
        self._names.append(model)
        self._parquet.write_table(table, row_group_size=max(1, len(table)))
        self._csv.write_table(table)
        return table


def write_tidy(tables: Iterable[tuple[str, pa.Table]], folder: Path) -> None:
    """Writes the rates of all models into a folder.

    Args:
        tables: Model name and its rates.
        folder: Where to write.
    """
    with TidyWriter(folder) as tidy:
        for name, table in tables:
            tidy.add(name, table)


class RateFile:
    """The rates of a study, read a model at a time: all at once they would fill the memory."""

    def __init__(self, path: Path) -> None:
        """Opens a file that ``write_tidy`` wrote.

        Raises:
            DataError: No such file, or other columns.
        """
        self._file = _opened(path)
        names = json.loads(self._file.metadata.metadata.get(MODELS, b"[]"))
        self._groups = {name: at for at, name in enumerate(names)}

    @property
    def models(self) -> tuple[str, ...]:
        """The models it has rates of, in order."""
        return tuple(self._groups)

    def of(self, model: str) -> list[Rate]:
        """Returns one model's rates; none for a model that the file does not have."""
        if model not in self._groups:
            return []
        return rates_of(self._file.read_row_group(self._groups[model]))

    def __iter__(self) -> Iterator[Rate]:
        for model in self._groups:
            yield from self.of(model)

    def __len__(self) -> int:
        return int(self._file.metadata.num_rows)


def rates_of(table: pa.Table) -> list[Rate]:
    """Returns the rows of a table as rates."""
    columns: list[list[Any]] = [table.column(name).to_pylist() for name in FIELDS]
    return [Rate(*row) for row in zip(*columns, strict=True)]
