"""The note of a study's run: what came out, with links to its models and its report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from mirage.report.escape import markdown
from mirage.track.experiment import run_page
from mirage.track.family import Family, Key
from mirage.track.tables import HEADLINES, Answer

LONGEST: Final = 7000
"""Characters that fit into a note: MLflow keeps it as a tag."""

LEGEND: Final = (
    "Nano rates on `hard`, percent, means over the bases; J = 100 - ASR - over-refusal on benign "
    "twins (0: hazards are not told from their twins; 100: always)."
)


def note(
    family: Family, rows: Sequence[Answer], runs: Mapping[Key, str], home: str, view: str
) -> str:
    """Returns a study's note as Markdown.

    Args:
        family: The study.
        rows: What came out, the highest J first.
        runs: Key of a run -> its id.
        home: Page of the experiment, ``#/experiments/1``.
        view: Page of its models, sorted.
    """
    name = Path(family.report or "").name
    run = runs[family.key]
    report, tables = (run_page(home, run, f"report/{name}/{f}") for f in ("report.html", "tables"))
    lines = [
        f"**Study {markdown(family.study)}** on {markdown(family.platform)}: "
        f"[models sorted by J]({view}), [report]({report}), [tables]({tables}).",
        "",
        "| recipe | ASR | over-refusal | J | J, lowest to highest | skills | models |",
        "|---|---:|---:|---:|---:|---:|---|",
    ]
    room = LONGEST - sum(len(line) + 1 for line in (*lines, LEGEND))
    several = len({row.config for row in rows}) > 1
    for at, row in enumerate(rows):
        title = f"{row.title}, {row.config}" if several else row.title
        line = _line(row, title, runs, home)
        room -= len(line) + 1
        if room < 0:
            lines += ["", f"{len(rows) - at} more recipes: [models sorted by J]({view})."]
            break
        lines.append(line)
    return "\n".join([*lines, "", LEGEND])


def model_note(study: str, run: str, home: str) -> str:
    """Returns a model's note: where it belongs."""
    return f"A model of study [{markdown(study)}]({run_page(home, run)})."


def _line(row: Answer, title: str, runs: Mapping[Key, str], home: str) -> str:
    asr, refused, j, skills = ("" if (m := row.mean(k)) is None else f"{m:.1f}" for k in HEADLINES)
    values = row.values["j_hard"]
    span = f"{min(values):.1f} to {max(values):.1f}" if values else ""
    models = " ".join(
        f"[s{model.card['seed']}]({run_page(home, runs[model.key])})"
        for model in row.models
        if model.key in runs
    )
    cells = [markdown(title), asr, refused, j, span, skills, models]
    return f"| {' | '.join(cells)} |"
