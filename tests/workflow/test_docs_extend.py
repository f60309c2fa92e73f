"""The pages of docs/extend, followed word for word: files, commands, what they print, mistakes."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from follow_page import Page
from toy_checkout import ROOT, Checkout, leave_tracking_out, make_checkout

PAGES = sorted(f"extend/{path.name}" for path in (ROOT / "docs/extend").glob("*.md"))
PAGES.remove("extend/index.md")


@pytest.fixture(scope="module")
def checkout(tiny_run: Checkout, tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A reader's checkout, in which the smallest study has been run."""
    made = make_checkout(tmp_path_factory.mktemp("extend"), "tiny")
    leave_tracking_out(made.root)
    store = tiny_run.root / "results"
    shutil.copytree(store, made.root / "results", symlinks=True, copy_function=os.link)
    shutil.copytree(ROOT / "tests", made.root / "tests", ignore=shutil.ignore_patterns("golden"))
    return made


@pytest.mark.real
@pytest.mark.parametrize("name", PAGES)
def test_a_page_works_as_it_is_written(name: str, checkout: Checkout, tmp_path: Path) -> None:
    page = Page(name, checkout, tmp_path)
    page.follow()
    page.make_mistakes()


def test_what_a_folder_holds_moves_nothing_of_the_suite(checkout: Checkout, tmp_path: Path) -> None:
    for name in PAGES:
        Page(name, checkout, tmp_path).write_files()
    again = "snakemake --config study=tiny extra=~/mine --dry-run"
    assert "Nothing to be done" in Page("", checkout, tmp_path).type(again)
