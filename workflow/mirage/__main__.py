"""``mirage`` and ``python -m mirage``: a stage runs one job, every other word is a command.

A job must start fast, so nothing heavier than the runtime is imported before the word is known.
"""

from __future__ import annotations

import sys

from mirage.plan.job import STAGES


def main() -> None:
    """Runs the command line and ends the process with its status."""
    arguments = sys.argv[1:]
    job = len(arguments) < 2 or not arguments[1].startswith("-")
    if arguments and arguments[0] in STAGES and (job or arguments[0] != "judge"):
        from mirage.plan import runtime

        sys.exit(runtime.main(arguments[0], arguments[1:]))
    from mirage.cli import run

    sys.exit(run(arguments))


if __name__ == "__main__":
    main()
