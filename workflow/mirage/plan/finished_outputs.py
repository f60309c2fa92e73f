"""Snakemake leaves manifests alone: one that is there is whole, and another run may have made it.

For an output flagged ``update`` Snakemake copies what is there aside before a job, in a folder that
all runs of a checkout share; when the job fails it puts the copy back, or removes the output if
there was none. A run beside it may have finished the same artifact in the meantime: copies would
vanish under the other's hands, and a finished manifest would be removed.
"""

from __future__ import annotations

from pathlib import Path

from snakemake.persistence import FileBackupMixin


def leave_outputs_alone() -> None:
    """Makes Snakemake neither copy, put back nor remove outputs flagged ``update``."""
    FileBackupMixin.backup_output = _nothing
    FileBackupMixin.cleanup_backup = _nothing
    FileBackupMixin.restore_output = _is_there


def _nothing(_: FileBackupMixin, path: Path) -> None:
    """Manifests are published whole, by one rename, and never changed: no copy is needed."""


def _is_there(_: FileBackupMixin, path: Path) -> bool:
    """Returns whether a failed job's output is there all the same; Snakemake then lets it be."""
    return path.exists()
