"""``mirage gallery``: copies a study's tables and figures into reports/gallery and the README.

The gallery is what a reader sees before running anything, so a command makes it, never a hand. The
default study fills the README; every other one gets a folder with its nano tables and figures.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from mirage.cli.cells import FILE, cells_of, write_cells
from mirage.context import ConfigError

DEFAULT = "quick"
ELSEWHERE = ("published_", "gallery", "hazards")
"""First words of tables that a study's folder does not need: other files hold the same."""
COPIED = (".md", ".png", ".csv")
BEGIN, END = "<!-- gallery:begin -->", "<!-- gallery:end -->"
TABLES = (
    "answer",
    "basins",
    "discrimination",
    "discrimination_read",
    "fig4",
    "corners",
    "reading",
    "harmless",
    "position",
    "position_values",
    "table12",
    "skills",
    "contrasts",
    "recipe_sizes",
    "gates",
)
MAIN_TABLE = "answer"
FIGURES = {
    "answer_figure.svg": "ASR, over-refusal and J of each recipe on hard",
    "fig4.svg": "Outcomes of all recipes on easy, hard and real",
    "asr_vs_overrefusal.svg": "ASR against over-refusal on hard",
}
MAIN_FIGURE = "answer_figure.svg"
DRAWN = "_figure.png"
"""How figures end that draw a table; of these a gallery has the answer's alone."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the command's options."""
    parser.add_argument("--study", default=DEFAULT, help=f"a finished study (default: {DEFAULT})")
    parser.add_argument("--store", type=Path, default=Path("results"), help="root of artifacts")
    parser.add_argument(
        "--into", type=Path, help="a folder instead of the study's (another machine's run)"
    )


def run(options: argparse.Namespace) -> int:
    """Refreshes gallery and README from ``<store>/report/<study>``.

    Raises:
        ConfigError: The study has no finished report.
    """
    report = options.store / "report" / options.study
    if not (report / "manifest.json").is_file():
        again = f"snakemake --config study={options.study}"
        raise ConfigError(f"{report} is not finished. Run: {again}")
    gallery = Path("reports/gallery")
    if options.into or options.study != DEFAULT:
        into = options.into or gallery / options.study
        copied = copy_whole(report, into)
        write_cells(cells_of(report), into / FILE)
        print(f"refreshed {into}: {copied} files from {report}")
        return 0
    gallery.mkdir(parents=True, exist_ok=True)
    for name in FIGURES:
        shutil.copyfile(report / "figures" / name, gallery / name)
    write_cells(cells_of(report), gallery / FILE)
    for name in TABLES:
        for ending in ("md", "csv"):
            shutil.copyfile(report / "tables" / f"{name}.{ending}", gallery / f"{name}.{ending}")
    readme = Path("README.md")
    text = readme.read_text(encoding="utf-8")
    readme.write_text(filled(text, section(gallery)), encoding="utf-8")
    print(f"refreshed {gallery} and {readme} from {report}")
    return 0


def copy_whole(report: Path, gallery: Path) -> int:
    """Copies the nano tables (Markdown, CSV) and figures (PNG) of a study, over what was there.

    Returns:
        The number of files.

    Raises:
        ConfigError: The folder holds something else than such a copy.
    """
    old = sorted(gallery.iterdir()) if gallery.is_dir() else []
    other = [path.name for path in old if path.suffix not in COPIED or not path.is_file()]
    if other or (old and gallery / FILE not in old):
        raise ConfigError(
            f"{gallery} holds other files than a gallery ({', '.join(other) or old[0].name}), and "
            "what is there would be replaced. Name a new folder."
        )
    for path in old:
        path.unlink()
    gallery.mkdir(parents=True, exist_ok=True)
    tables = [p for ending in COPIED for p in report.glob(f"tables/*{ending}")]
    shown = [p for p in tables if not p.stem.startswith(ELSEWHERE)]
    drawn = report.glob("figures/*.png")
    opening = Path(MAIN_FIGURE).with_suffix(".png").name
    figures = [p for p in drawn if p.name == opening or not p.name.endswith(DRAWN)]
    files = sorted([*shown, *figures])
    for path in files:
        shutil.copyfile(path, gallery / path.name)
    return len(files)


def section(gallery: Path) -> str:
    """Returns the README's section: the answer's figure and table, then where the rest is."""
    lines = [f"![{FIGURES[MAIN_FIGURE]}]({gallery.as_posix()}/{MAIN_FIGURE})", ""]
    lines += [(gallery / f"{MAIN_TABLE}.md").read_text(encoding="utf-8").strip(), ""]
    others = [name for name in FIGURES if name != MAIN_FIGURE]
    others += [f"{name}.md" for name in TABLES if name != MAIN_TABLE]
    rest = ", ".join(f"[{Path(n).stem}]({gallery.as_posix()}/{n})" for n in others)
    lines.append(f"More in the report and in the gallery: {rest}.")
    return "\n".join(lines)


def filled(text: str, section_: str) -> str:
    """Returns a README with its gallery replaced.

    Raises:
        ConfigError: The README has lost one of its two marks.
    """
    if BEGIN not in text or END not in text:
        raise ConfigError(f"README.md: the marks {BEGIN} and {END} are gone; put them back.")
    head, _, rest = text.partition(BEGIN)
    tail = rest.partition(END)[2]
    return f"{head}{BEGIN}\n{section_}\n{END}{tail}"
