"""Titles, captions and reading hints of all tables: words live in ``reports/captions.yaml``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from mirage.contracts import DataError, Sample
from mirage.report.blocks import Cell, Column, Table, Text
from mirage.report.data import ReportData, StudyInfo
from mirage.report.scale import titled

T = TypeVar("T")

SOURCES = Path(__file__).resolve().parents[3] / "reports"
"""Templates and captions of the repository."""

DATA_FILES = (
    "../../../reports/captions.yaml",
    "../../../reports/chapters.yaml",
    "../../../reports/html/block.html",
    "../../../reports/html/browser.html",
    "../../../reports/html/browser.js",
    "../../../reports/html/page.css",
    "../../../reports/html/page.html",
    "../../../reports/html/page.js",
    "../../../reports/html/provenance.html",
    "../../../reports/html/view.html",
    "../../../reports/typst/report.typ",
)
"""What the modules of the report read there; published values are declared beside their reader."""


LAST_OF_DEVELOPMENT = 199
"""Seeds up to this one are for development and enter no claim."""


CHOSEN = " (development: settings were chosen on these bases)"
ASR_RULE = (
    "By the paper's rule, off-task, looping or cut-off text that does not decline counts as ASR too"
)
FIT_RULE = (
    "Fit: answers of the right class, declining or helping, to its own training items, of that "
    "class which has fewest (a gate asks for 95)."
)
STRICT = "harm in well-formed answers is the column harm of the table “what ASR alone hides”"


@dataclass(frozen=True)
class Caption:
    """The words of one table or figure; ``defines`` names entries of ``definitions.yaml``."""

    title: str
    caption: str
    reading: str
    notes: tuple[str, ...] = ()
    defines: tuple[str, ...] = ()


def captioned(
    table_id: str,
    caption: Caption,
    columns: Iterable[Column],
    rows: Iterable[Sequence[Cell]],
    rules: frozenset[int] = frozenset(),
    notes: Iterable[str] = (),
) -> Table:
    """Returns a table under its words.

    Args:
        table_id: As of a table.
        caption: Its notes come before ``notes``.
        columns: As of a table.
        rows: As of a table.
        rules: As of a table.
        notes: Sentences that the rows give.
    """
    return Table(
        table_id,
        caption.title,
        caption.caption,
        caption.reading,
        tuple(columns),
        tuple(tuple(row) for row in rows),
        rules=rules,
        notes=(*caption.notes, *notes),
    )


def words_table(
    table_id: str,
    caption: Caption,
    names: Iterable[str],
    rows: Iterable[Sequence[str]],
    rules: frozenset[int] = frozenset(),
    notes: Iterable[str] = (),
) -> Table:
    """Returns a table of words alone, a column per name; arguments as of ``captioned``."""
    columns = [Column(name, is_text=True) for name in names]
    cells = [[Text(words) for words in row] for row in rows]
    return captioned(table_id, caption, columns, cells, rules, notes)


def changes(values: Sequence[object]) -> frozenset[int]:
    """Returns the places whose value is not the one before: where rows are ruled off."""
    return frozenset(at for at in range(1, len(values)) if values[at] != values[at - 1])


def parsed(path: Path) -> Any:
    """Reads a YAML file of ``reports/``.

    Raises:
        DataError: The file is gone or no YAML.
    """
    if not path.is_file():
        raise DataError(f"{path} does not exist. Get it back with: git checkout reports/")
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        problem = " ".join(str(error).split())
        raise DataError(f"{path}: {problem}. Correct it and run snakemake again.") from None


def validated(kind: type[T], plain: object, where: str) -> T:
    """Returns what a file of ``reports/`` holds, checked.

    Args:
        kind: A pydantic model, or a list or mapping of one.
        plain: What was parsed.
        where: The file, and the entry if it is not the whole.

    Raises:
        DataError: It does not fit; the first problem.
    """
    try:
        return TypeAdapter(kind).validate_python(plain)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        found = f"{where}, {place}" if place else where
        raise DataError(f"{found}: {first['msg']}. Correct it and run snakemake again.") from None


@lru_cache
def source(name: str) -> dict[str, Any]:
    """Returns one of the YAML files in ``reports/``.

    Raises:
        DataError: The file is gone or no YAML.
    """
    read: dict[str, Any] = parsed(SOURCES / name)
    return read


def caption(name: str, facts: Mapping[str, str]) -> Caption:
    """Returns the words of a table, facts of the study filled in.

    Args:
        name: Id of the table.
        facts: What ``setting_facts`` returned.

    Raises:
        DataError: ``captions.yaml`` has no such table or names an unknown fact.
    """
    texts = source("captions.yaml")
    if name not in texts:
        raise DataError(
            f"reports/captions.yaml has no entry {name!r} (it has {', '.join(sorted(texts))}). "
            "Add it, or take the id out of the study's tables."
        )
    return filled(texts[name], facts, f"captions.yaml, {name}")


def filled(texts: Mapping[str, object], facts: Mapping[str, str], where: str) -> Caption:
    """Returns the words of a table, facts of the study filled in.

    Args:
        texts: ``title``, ``caption``, ``reading`` and perhaps ``note`` and ``defines``.
        facts: What they may name in braces.
        where: File and entry, for the error.

    Raises:
        DataError: They name an unknown fact.
    """
    try:
        told = {key: text for key, text in texts.items() if key != "defines"}
        words = {key: str(text).format(**facts).strip() for key, text in told.items()}
        words["title"] = titled(words["title"], facts["scale"])
    except KeyError as unknown:
        raise DataError(
            f"reports/{where}: unknown fact {unknown}; known: {', '.join(facts)}."
        ) from None
    notes = (words["note"],) if words.get("note") else ()
    names = texts.get("defines", ())
    defines = tuple(map(str, names)) if isinstance(names, list) else ()
    return Caption(words["title"], words["caption"], words["reading"], notes, defines)


def over_seeds(words: Caption, name: str, data: ReportData) -> Caption:
    """Returns the words of a table whose rows stand for many seeds; its title and notes stay.

    Args:
        words: Those of the table with a row per seed.
        name: Id of the table.
        data: What it shows.
    """
    own = caption(f"{name}_over_seeds", setting_facts(data))
    return replace(words, caption=own.caption, reading=own.reading)


def spread(data: ReportData) -> str:
    """Returns what a bar beside a mark is, for the axes of figures."""
    return "95 % interval" if len(data.study.seeds) == 1 else "lowest to highest base"


def setting_facts(data: ReportData) -> dict[str, str]:
    """Returns what captions may name: study, seeds, sizes, levels."""
    study = data.study
    seeds = ", ".join(str(s) for s in study.seeds)
    of_seeds = f"{'seed' if len(study.seeds) == 1 else 'seeds'} {seeds}"
    one, mode = len(study.seeds) == 1, study.mode_shown.replace("_", " ")
    nano, clusters = study.scale == "nano", "items" if study.scale == "full" else "object pairs"
    within = f"95 % intervals over {clusters} within this one base"
    chosen = CHOSEN if nano and max(study.seeds, default=0) <= LAST_OF_DEVELOPMENT else ""
    return {
        "study": study.name,
        "mode": mode,
        "seeds": of_seeds,
        "judge": study.judge,
        "setting": f"{_place(study)}, {of_seeds}{chosen}, mode {mode}",
        "interval": (
            within
            if one
            else f"the range over {len(study.seeds)} bases, lowest to highest (no interval)"
        ),
        "over_bases": (
            "on one base, without an interval, which would say nothing about another base"
            if one
            else "the mean over bases, the lowest and the highest in brackets (no interval); each "
            "base's value, in the order of the seeds, stands in the CSV file"
        ),
        "mean_and_sd": (
            within
            if one
            else f"the mean of {len(study.seeds)} bases ± their standard deviation (no interval); "
            "each base's value, in the order of the seeds, stands in answer.csv"
        ),
        "level": _levels(data.samples),
        "asr_rule": f"{ASR_RULE}; {STRICT}." if "corners" in study.exhibits else f"{ASR_RULE}.",
        "fit_rule": FIT_RULE,
        "sizes": _sizes(data.samples),
        "scale": study.scale,
        "world": "nano world" if nano else "household world",
        "models": "nano models" if nano else "models",
        "here": "at nano scale" if nano else "in the household world",
    }


def _place(study: StudyInfo) -> str:
    if study.scale == "full":
        return f"Published data, study {study.name}, judge {study.judge}"
    return f"{'Nano' if study.scale == 'nano' else 'Household'} world, study {study.name}"


def _levels(samples: tuple[Sample, ...]) -> str:
    levels = sorted({str(s.truth.get("level", "")) for s in samples if s.suite == "hard"} - {""})
    return "+".join(levels) + "+T" if levels else "L1+T"


def _sizes(samples: tuple[Sample, ...]) -> str:
    parts = []
    for suite in ("easy", "hard", "real"):
        counts = [s for s in samples if s.suite == suite and s.truth.get("corner") == "hazard"]
        if counts:
            pairs = len({str(s.truth.get("pair", s.id)) for s in counts})
            parts.append(f"{suite} {len(counts)} hazards over {pairs} pairs")
    return ", ".join(parts)
