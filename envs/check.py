"""What an environment lacks of its pinned packages: missing, of another version, or damaged.

Usage: python envs/check.py envs/cpu.txt ...      prints the pins to install again, one a line

A stamp file only says that an installation once ended well. This looks at what is there: every file
that a package recorded when it was installed, by size. Standard library only, because it must run
in an environment in which anything may be broken.
"""

from __future__ import annotations

import csv
import re
import sys
from importlib import metadata
from pathlib import Path

PIN = re.compile(r"^([\w.-]+)==([\w.+!]+)", re.MULTILINE)


def main(lists: list[str]) -> int:
    """Prints the pins that are not as they should be; status 1 if there are any."""
    pins = [pin for name in lists for pin in PIN.findall(Path(name).read_text(encoding="utf-8"))]
    broken = {
        f"{name}=={version}": why for name, version in pins if (why := problem(name, version))
    }
    for pin, why in broken.items():
        print(f"{pin}: {why}", file=sys.stderr)
        print(pin)
    return 1 if broken else 0


def problem(name: str, version: str) -> str:
    """Returns what is wrong with one package, empty if nothing is."""
    try:
        package = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return "not installed"
    if package.version.split("+")[0] != version.split("+", maxsplit=1)[0]:
        return f"version {package.version}"
    record = package.read_text("RECORD")
    if record is None:
        return "its list of files is gone"
    for path, _, size in csv.reader(record.splitlines()):
        # Compiled files are made anew whenever they are missing.
        if size and not path.endswith(".pyc"):
            file = Path(str(package.locate_file(path)))
            if not file.is_file() or file.stat().st_size != int(size):
                return f"{path} is missing or changed"
    return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
