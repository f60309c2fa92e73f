"""The logger plugin ``mirage`` of Snakemake, found by the name of this package.

``logger: mirage`` in profiles/default chooses it; what it does stands in ``mirage.view``.
"""

from mirage.view.handler import LogHandler

__all__ = ["LogHandler"]
