"""Where approvals lie: a file or a folder that the caller names. Nothing there is followed, waited for or believed."""

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from guardrails.adapters.consent.document import MAX_BYTES
from guardrails.adapters.consent.hearing import Handed
from guardrails.model.errors import UsageError

MAX_FILES = 1_000


def handed_in(paths: Sequence[Path]) -> Iterator[Handed]:
    """Yield what lies at each path, a file or the files of a folder; raises UsageError for a path that is not there."""
    for path in paths:
        if path.is_dir():
            yield from _of_folder(path)
        elif path.exists() or path.is_symlink():
            yield _of_file(path)
        else:
            raise UsageError(f"--approvals {path}: there is nothing; name a file or a folder with approvals")


def _of_folder(folder: Path) -> Iterator[Handed]:
    try:
        names = sorted(name for name in os.listdir(folder) if not name.startswith("."))  # noqa: PTH208 - names alone
    except OSError as error:
        raise UsageError(f"--approvals {folder}: {error.strerror}; give a folder that can be read") from error
    for name in names[:MAX_FILES]:
        yield _of_file(folder / name)
    if len(names) > MAX_FILES:
        yield Handed(
            str(folder), fault=f"the folder holds more than {MAX_FILES} files; the rest was not read"
        )


def _of_file(path: Path) -> Handed:
    source = str(path)
    try:
        # A link could lead anywhere, and a pipe would let us wait for ever.
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        fault = "it is a symbolic link" if path.is_symlink() else f"it cannot be read ({error.strerror})"
        return Handed(source, fault=fault)
    if not stat.S_ISREG(os.fstat(opened).st_mode):
        os.close(opened)
        return Handed(source, fault="it is no regular file")
    with os.fdopen(opened, "rb") as file:
        return Handed(source, content=file.read(MAX_BYTES + 1))
