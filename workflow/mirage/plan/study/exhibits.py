"""What reports can show: ``reports/tables.yaml``, and a user's own file of the same form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mirage.plan.schema.exhibit import ColumnGroup, Exhibit, Tables
from mirage.plan.study.problems import Problem
from mirage.plan.study.strict_yaml import read_mapping
from mirage.plan.study.validate import check

FILE = "tables.yaml"
COMPANIONS = ("refusals", "joint")
"""Groups of columns of the two tables beside a table of ASR."""

Exhibits = dict[str, list[Exhibit]]


@dataclass(frozen=True)
class Shown:
    """Id in a study's ``tables`` -> its exhibits, self-contained; and all that is wrong."""

    exhibits: Exhibits
    problems: list[Problem] = field(default_factory=list)


def read_exhibits(reports: Path, extra: Path | None = None) -> Shown:
    """Reads what reports can show.

    Args:
        reports: The folder ``reports/``.
        extra: A user's folder; its ``reports/tables.yaml`` adds ids, and groups of columns.
    """
    problems: list[Problem] = []
    own = extra / "reports" / FILE if extra is not None else None
    paths = [reports / FILE, *([own] if own is not None and own.is_file() else [])]
    columns: dict[str, list[ColumnGroup]] = {}
    tables: Exhibits = {}
    for path in paths:
        name = f"reports/{FILE}" if path != own else str(path)
        read = _read(path, name, problems)
        for key in [k for k in (*read.tables, *read.columns) if k in tables or k in columns]:
            problems.append(Problem(name, key, f"stands in reports/{FILE} already."))
        columns |= read.columns
        tables |= read.tables
    for key, exhibits in tables.items():
        for exhibit in exhibits:
            for name in _unknown(exhibit, columns):
                text = f"there are no columns {name!r}; there are {', '.join(columns)}."
                problems.append(Problem(f"reports/{FILE}", f"tables.{key}.{exhibit.id}", text))
    if problems:
        return Shown(tables, problems)
    return Shown({key: _whole(exhibits, columns) for key, exhibits in tables.items()})


def _read(path: Path, name: str, problems: list[Problem]) -> Tables:
    plain, unreadable = read_mapping(path, name)
    tables, wrong_keys = check(Tables, plain, name, Path(name).stem, None)
    problems += unreadable or wrong_keys
    return tables or Tables()


def _unknown(exhibit: Exhibit, columns: Mapping[str, object]) -> list[str]:
    names = [each for each in exhibit.columns if isinstance(each, str) and ":" not in each]
    return [name for name in names if name not in columns]


def _whole(
    exhibits: Sequence[Exhibit], columns: Mapping[str, Sequence[ColumnGroup]]
) -> list[Exhibit]:
    """Fills in shared columns, and adds the tables that stand beside others."""
    whole: list[Exhibit] = []
    for exhibit in exhibits:
        beside = exhibit.companions
        parts: list[str | ColumnGroup] = []
        for each in exhibit.columns:
            shared = columns.get(each) if isinstance(each, str) else None
            parts += shared or [each]
        plain = exhibit.model_copy(update={"columns": parts, "companions": None})
        whole.append(plain)
        if beside is None:
            continue
        for name in COMPANIONS:
            groups = list(columns[name])
            if beside.suites:
                groups = [g.model_copy(update={"suites": beside.suites}) for g in groups]
            changed = {"id": f"{exhibit.id}_{name}", "caption": f"beside_{name}", "of": beside.of}
            place = {"drawn": False, "detail": exhibit.detail or exhibit.drawn}
            whole.append(plain.model_copy(update={**changed, **place, "columns": groups}))
    return whole
