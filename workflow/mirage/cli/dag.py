"""The picture of a study's DAG: its six stages as columns, a line for every artifact."""

from __future__ import annotations

import argparse
from pathlib import Path

from mirage.context import ConfigError
from mirage.plan.job import STAGES, Job

_ROW, _COLUMN, _TOP = 0.19, 2.75, 0.75  # inches
_INK, _LINE = "#222222", "#9bb4c9"
_FORMATS = (".svg", ".png")
_NOTE = (
    "Lines join neighbouring stages. Not drawn: all data come from images; fit_ suites come from "
    "training data; recipes start from the base of their model and seed; suites feed respond, "
    "judge, score and report; the report reads all earlier stages."
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of ``mirage dag``."""
    parser.add_argument("--out", type=Path, default=Path("dag.svg"), help="SVG or PNG to write")
    parser.add_argument(
        "config", nargs="*", metavar="key=value", help="as behind snakemake --config"
    )


def run(options: argparse.Namespace) -> int:
    """Draws the DAG of a study."""
    from mirage.plan.dag import make_plan
    from mirage.plan.study.options import from_words

    config = from_words(options.config)
    check_out(options.out)
    plan, _ = make_plan(config)
    try:
        draw(list(plan.jobs.values()), options.out)
    except OSError as wrong:
        why = f"{options.out} cannot be written ({wrong.strerror or wrong})"
        raise ConfigError(f"{why}. Choose another file: mirage dag --out dag.svg") from None
    print(f"wrote {options.out}")
    return 0


def check_out(out: Path) -> None:
    """Checks the picture's path before anything is planned.

    Raises:
        ConfigError: The ending is unknown or the folder does not exist.
    """
    if out.suffix not in _FORMATS:
        endings = " or ".join(_FORMATS)
        raise ConfigError(f"{out} should end in {endings}. For instance: mirage dag --out dag.svg")
    if not out.parent.is_dir():
        raise ConfigError(
            f"There is no folder {out.parent} for {out}. Make it: mkdir -p {out.parent}"
        )


def draw(jobs: list[Job], out: Path) -> None:
    """Draws jobs by name in their stage's column, with a line from every parent one stage earlier.

    A line under the columns says which dependencies are left out.

    Args:
        jobs: All jobs of a plan, parents before children.
        out: File to write; its ending decides the format. Same jobs, same bytes.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    columns = {stage: [job for job in jobs if job.stage == stage] for stage in STAGES}
    rows = max(len(column) for column in columns.values())
    height = _TOP + rows * _ROW + 0.4
    style = {"svg.hashsalt": "mirage", "svg.fonttype": "none", "font.family": "DejaVu Sans"}
    with plt.rc_context(style):
        figure = plt.figure(figsize=(_COLUMN * len(STAGES), height))
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, _COLUMN * len(STAGES)), ylim=(height, 0))
        axes.axis("off")
        places = {}
        for k, stage in enumerate(STAGES):
            top = _TOP + (rows - len(columns[stage])) / 2 * _ROW
            count = len(columns[stage])
            title = f"{stage}  ({count} job{'s' if count > 1 else ''})"
            axes.text(k * _COLUMN + 0.15, 0.4, title, fontsize=13, weight="bold", color=_INK)
            for n, job in enumerate(columns[stage]):
                places[job.folder] = (k * _COLUMN + 0.15, top + n * _ROW + _ROW / 2)
        for job in jobs:
            several = (folder for folders in job.parents.values() for folder in folders)
            for parent in dict.fromkeys(several):  # a set's order changes with every process
                if parent not in places:
                    continue
                (x, y), (u, v) = places[parent], places[job.folder]
                if u - x < 1.5 * _COLUMN and u > x:  # longer arrows would hide the names
                    axes.plot([x + 1.75, u - 0.06], [y, v], color=_LINE, lw=0.5, zorder=1)
        for job in jobs:
            x, y = places[job.folder]
            axes.text(x, y, job.name, fontsize=7.5, va="center", color=_INK, zorder=2)
        axes.text(0.15, height - 0.15, _NOTE, fontsize=7.5, va="center", color=_INK)
        figure.savefig(out, metadata={"Date": None} if out.suffix == ".svg" else None, dpi=110)
        plt.close(figure)
