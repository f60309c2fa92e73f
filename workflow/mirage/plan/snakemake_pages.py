"""What ``snakemake --report`` shows of a study: a copy of what its report stage made to be shown.

Snakemake can only show declared outputs, and an artifact declares its manifest alone. So a light
rule of its own copies the pages, and Snakemake may delete and make that copy again as it likes.
"""

from __future__ import annotations

import html
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

PAGES = "report_pages"
PARTS = ("tables", "figures", "document")
DOCUMENT = "report.pdf"


def folders(store: str, reports: list[str]) -> list[str]:
    """Returns the folders that the copies of some reports go to.

    Args:
        store: Root of all artifacts.
        reports: Artifact folders relative to the store.
    """
    return [f"{store}/{PAGES}/{Path(report).name}/{part}" for report in reports for part in PARTS]


def copy_pages(report: Path, out: Path) -> int:
    """Copies a finished report's pages and its PDF; what was there before goes.

    Returns:
        The number of files.
    """
    for part in PARTS:
        shutil.rmtree(out / part, ignore_errors=True)
        (out / part).mkdir(parents=True)
    sources = {part: sorted((report / PAGES / part).glob("*.html")) for part in PARTS}
    sources["document"] = [path for path in (report / DOCUMENT,) if path.is_file()]
    for part, paths in sources.items():
        for path in paths:
            shutil.copyfile(path, out / part / path.name)
    return sum(map(len, sources.values()))


def labels(store: str, part: str) -> Callable[[Any], dict[str, str]]:
    """Returns what Snakemake calls to label a page, given its ``artifact`` and its ``name``."""

    def label(wildcards: Any) -> dict[str, str]:
        page = Path(store, PAGES, wildcards.artifact, part, f"{wildcards.name}.html")
        return {"title": title(page), "file": str(wildcards.name)}

    return label


def title(page: Path) -> str:
    """Returns the title of a page, or its name where it has none."""
    match = re.search(r"<title>(.*?)</title>", page.read_text(encoding="utf-8"), re.DOTALL)
    return html.unescape(match[1]) if match else page.stem
