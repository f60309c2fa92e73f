"""``snakemake --lint`` with the exceptions we stand by; status 1 on any other finding.

Usage: python .ci/lint_rules.py     (in the repository root)
"""

from __future__ import annotations

import json
import subprocess
import sys

EXCEPTIONS = {
    "Specify a conda environment or container for each rule.": (
        "One pinned virtual environment (envs/cpu.txt) serves all rules; a container is envs/Containerfile."
    ),
}


def main() -> int:
    """Lints the workflow and prints what is left."""
    command = [sys.executable, "-m", "snakemake", "--lint", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    start = done.stdout.find("{")
    if start < 0:
        print(done.stderr or done.stdout, file=sys.stderr)
        return done.returncode
    found = json.loads(done.stdout[start:])
    left = 0
    for file in found["files"] if "files" in found else [found]:
        print(json.dumps(file)[:2000])
        left += 1
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
