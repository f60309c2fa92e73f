"""The logger plugin ``mirage`` of Snakemake, found by the name of this package.

``logger: mirage`` in profiles/default chooses it; what it does stands in ``mirage.view``.
"""

try:
    from mirage.view.handler import LogHandler
except ModuleNotFoundError:
    # A checkout older than the view comes first on the path. It does not ask for this plugin, but
    # Snakemake imports every plugin that it finds, and ends where one cannot be imported.
    from snakemake_interface_logger_plugins.base import (  # type: ignore[assignment]
        LogHandlerBase as LogHandler,
    )

__all__ = ["LogHandler"]
