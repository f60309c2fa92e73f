"""The logger plugin ``mirage`` of Snakemake, found by the name of this package.

``logger: mirage`` in profiles/default chooses it; what it does stands in ``mirage.view``.
"""

import sys

try:
    from mirage.context import ConfigError
    from mirage.plan.study.options import check_lists, check_targets
    from mirage.view.handler import LogHandler
except ImportError:
    # A checkout older than the view comes first on the path. It does not ask for this plugin, but
    # Snakemake imports every plugin that it finds, and ends where one cannot be imported.
    from snakemake_interface_logger_plugins.base import (  # type: ignore[assignment]
        LogHandlerBase as LogHandler,
    )
else:
    # A list that the shell took apart ends in a traceback of Snakemake's, which reads --config
    # before the Snakefile, and a forgotten --config in a rule that is missing; nothing of ours is
    # imported earlier than this.
    try:
        check_lists(sys.argv[1:])
        check_targets(sys.argv[1:])
    except ConfigError as wrong:
        sys.exit(f"error: {wrong}")

__all__ = ["LogHandler"]
