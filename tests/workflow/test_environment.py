"""``make env`` repairs an environment in which packages are missing, changed or damaged."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from toy_checkout import ROOT


def wheel(folder: Path, version: str) -> None:
    """A package of one module, as an index would hold it."""
    info = f"tinything-{version}.dist-info"
    files = {
        "tinything.py": f"VERSION = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: tinything\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,{len(text)}\n" for name, text in files.items())
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n"
    with zipfile.ZipFile(folder / f"tinything-{version}-py3-none-any.whl", "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)


def make_env(root: Path) -> str:
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(root), "PIP_NO_CACHE_DIR": "1"}
    clean = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    command = ["make", "env", f"PYTHON={sys.executable}"]
    done = subprocess.run(
        command, cwd=root, env=clean | offline, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout whose one pinned package is installed, with the stamp that says so."""
    root = tmp_path_factory.mktemp("environment")
    (root / "envs").mkdir()
    (root / "workflow/mirage").mkdir(parents=True)
    (root / "workflow/mirage/__init__.py").touch()
    for name in ("Makefile", "pyproject.toml", "envs/check.py"):
        shutil.copy(ROOT / name, root / name)
    (root / "envs/cpu.txt").write_text("# pinned\ntinything==1.0\n")
    for version in ("1.0", "0.9"):
        wheel(root, version)
    subprocess.run([sys.executable, "-m", "venv", root / ".venv"], check=True)
    (packages(root) / "mirage.pth").write_text(str(root / "workflow"))
    (root / ".venv/.cpu").touch()
    assert "tinything==1.0: not installed" in make_env(root)
    return root


def packages(root: Path) -> Path:
    (folder,) = (root / ".venv/lib").glob("python*/site-packages")
    return folder


def installed(root: Path) -> str:
    command = [root / ".venv/bin/python", "-B", "-c", "import tinything; print(tinything.VERSION)"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def remove(root: Path) -> None:
    # Compiled files too: another module of its size and second passes for the old one.
    for path in list(packages(root).rglob("tinything*")):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def remove_the_module(root: Path) -> None:
    (packages(root) / "tinything.py").unlink()


def cut_off(root: Path) -> None:
    (packages(root) / "tinything.py").write_text("VER")


def forget_the_files(root: Path) -> None:
    (packages(root) / "tinything-1.0.dist-info/RECORD").unlink()
    remove_the_module(root)


def another_version(root: Path) -> None:
    remove(root)
    with zipfile.ZipFile(root / "tinything-0.9-py3-none-any.whl") as archive:
        archive.extractall(packages(root))
    assert installed(root) == "0.9"


def remove_python(root: Path) -> None:
    for path in (root / ".venv/bin").glob("python*"):
        path.unlink()
    remove_the_module(root)


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (remove, "tinything==1.0: not installed"),
        (remove_the_module, "tinything==1.0: tinything.py is missing or changed"),
        (cut_off, "tinything==1.0: tinything.py is missing or changed"),
        (forget_the_files, "tinything==1.0: its list of files is gone"),
        (another_version, "tinything==1.0: version 0.9"),
        (remove_python, "Repairing python and pip in .venv"),
    ],
)
def test_an_environment_is_repaired(
    checkout: Path, damage: Callable[[Path], None], why: str
) -> None:
    assert installed(checkout) == "1.0"
    damage(checkout)
    assert why in make_env(checkout)
    assert installed(checkout) == "1.0"


def test_a_sound_environment_is_left_alone(checkout: Path) -> None:
    assert "Repairing" not in make_env(checkout)
