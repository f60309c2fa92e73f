"""Snakemake finds the plugin, also beside an older checkout that has no view."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from mirage.plan.code_version import PACKAGE

ASK = (
    "from snakemake_interface_logger_plugins.registry import LoggerPluginRegistry as R;"
    "print(R().get_plugin('mirage').log_handler.__module__)"
)


def found(*places: Path) -> str:
    path = [str(place) for place in places]
    code = f"import sys; sys.path[:0] = {path!r}; {ASK}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_plugin_is_found_by_its_place_on_the_path() -> None:
    assert found(PACKAGE.parent) == "mirage.view.handler"


def test_an_older_checkout_before_it_breaks_no_snakemake(tmp_path: Path) -> None:
    (tmp_path / "mirage").mkdir()
    (tmp_path / "mirage/__init__.py").touch()
    assert found(tmp_path, PACKAGE.parent) == "snakemake_interface_logger_plugins.base"
