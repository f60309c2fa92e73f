"""What the rule ``report_pages`` does: a copy of a report's pages for ``snakemake --report``."""

from __future__ import annotations

import argparse
from pathlib import Path

from mirage.plan.snakemake_pages import copy_pages


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the command's options."""
    parser.add_argument("report", type=Path, help="folder of a finished report")
    parser.add_argument("out", type=Path, help="folder to fill")


def run(options: argparse.Namespace) -> int:
    """Copies the pages."""
    print(f"{copy_pages(options.report, options.out)} files in {options.out}")
    return 0
