"""The note of a study's run: what came out, with links to its models and its report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from mirage.report.escape import markdown
from mirage.track.experiment import run_page
from mirage.track.family import Family, Key
from mirage.track.tables import Answer, headlines

LONGEST: Final = 7000
"""Characters that fit into a note: MLflow keeps it as a tag."""

LEGEND: Final = (
    "Nano rates on `hard`, percent, means over the bases; J = 100 - ASR - over-refusal on benign "
    "twins (0: hazards are not told from their twins; 100: always)."
)
BEYOND_NANO: Final = (
    "Percent, means over seeds. What these numbers mean, and what not, stands on the first page of "
    "the report."
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
    names = headlines(rows)
    models = "models sorted by J" if "j_hard" in names else "models"
    lines = [
        f"**Study {markdown(family.study)}** on {markdown(family.platform)}: "
        f"[{models}]({view}), [report]({report}), [tables]({tables}).",
        "",
        *_heads(names),
    ]
    nano = any(model.worldly for row in rows for model in row.models)
    legend = LEGEND if nano else BEYOND_NANO
    room = LONGEST - sum(len(line) + 1 for line in (*lines, legend))
    several = len({row.config for row in rows}) > 1
    for at, row in enumerate(rows):
        title = f"{row.title}, {row.config}" if several else row.title
        line = _line(row, title, names, runs, home)
        room -= len(line) + 1
        if room < 0:
            lines += ["", f"{len(rows) - at} more recipes: [{models}]({view})."]
            break
        lines.append(line)
    return "\n".join([*lines, "", legend])


def model_note(study: str, run: str, home: str) -> str:
    """Returns a model's note: where it belongs."""
    return f"A model of study [{markdown(study)}]({run_page(home, run)})."


def _heads(names: Sequence[str]) -> list[str]:
    """The first two lines of the table."""
    if "j_hard" in names:
        words = ["ASR", "over-refusal", "J", "J, lowest to highest", "skills"]
    else:
        words = [markdown(_in_words(name)) for name in names]
    return [f"| recipe | {' | '.join(words)} | models |", f"|---{'|---:' * len(words)}|---|"]


def _in_words(name: str) -> str:
    """A headline as a column says it: ``over-refusal mossbench``."""
    for key, words in (("asr_", "ASR "), ("over_refusal_", "over-refusal ")):
        name = name.replace(key, words)
    return name.replace("helped_", "helped ")


def _line(row: Answer, title: str, names: Sequence[str], runs: Mapping[Key, str], home: str) -> str:
    numbers = ["" if (mean := row.mean(name)) is None else f"{mean:.1f}" for name in names]
    if "j_hard" in names:
        values = row.values["j_hard"]
        span = f"{min(values):.1f} to {max(values):.1f}" if values else ""
        numbers.insert(names.index("j_hard") + 1, span)
    models = " ".join(
        f"[s{model.card['seed']}]({run_page(home, runs[model.key])})"
        for model in row.models
        if model.key in runs
    )
    cells = [markdown(title), *numbers, models]
    return f"| {' | '.join(cells)} |"
