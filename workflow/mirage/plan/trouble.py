"""Errors that a person can do something about, as sentences; all others keep their traceback."""

from __future__ import annotations

import errno
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from mirage.context import ConfigError
from mirage.contracts import DataError

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
DENIED = {errno.EACCES, errno.EPERM}
LEAST_BYTES = 4 << 20
"""Less free space than this explains a failed write whose library hides the reason."""
_OS_ERROR = re.compile(r"os error (\d+)")


def known_error(wrong: BaseException, store: Path) -> str | None:
    """Returns the sentence for a known kind of error, else None.

    Args:
        wrong: What was raised.
        store: Where the job or command writes.
    """
    if isinstance(wrong, ConfigError | DataError):
        return str(wrong)
    if isinstance(wrong, MemoryError):
        return "out of memory; ask for more: resources in conf/model and conf/site."
    for each in _chain(wrong):
        number = _number(each)
        if number in FULL or (_failed_write(each) and _free(store) < LEAST_BYTES):
            return (
                f"The disk of {store} is full ({each}). Make room (mirage gc lists what no plan "
                "needs) and type the same command again: it goes on from the last checkpoint."
            )
        if number == errno.EROFS or (number in DENIED and _inside(each, store)):
            return (
                f"The store {store} cannot be written ({each}). Choose one that can be: "
                "snakemake --config store=<folder>"
            )
    return None


def _chain(wrong: BaseException) -> Iterator[BaseException]:
    """Yields an error, what caused it, what caused that, and so on."""
    each: BaseException | None = wrong
    while each is not None:
        yield each
        each = each.__cause__ or each.__context__


def _number(wrong: BaseException) -> int | None:
    """Returns the number of the system's error; libraries in Rust put it into their text."""
    if isinstance(wrong, OSError):
        return wrong.errno
    number = _OS_ERROR.search(str(wrong))
    return int(number[1]) if number else None


def _failed_write(wrong: BaseException) -> bool:
    # torch.save says where in its own source it stopped ("inline_container.cc"), and no more.
    text = str(wrong)
    return isinstance(wrong, RuntimeError) and ("write" in text or "inline_container" in text)


def _free(folder: Path) -> int:
    return shutil.disk_usage(next(path for path in (folder, *folder.parents) if path.exists())).free


def _inside(wrong: BaseException, store: Path) -> bool:
    name = getattr(wrong, "filename", None)
    return isinstance(name, str) and Path(name).absolute().is_relative_to(store.absolute())
