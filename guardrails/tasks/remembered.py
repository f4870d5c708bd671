"""Says again what was said of a tree, while nothing has changed that the answer rests on.

An answer rests on the tree (its files, its folders, what git goes by to list them), on our own code, on the
interpreter and its libraries, on the day, and on who asks for what. Times tell of the files, all else is part
of the answer's name. Whatever cannot be told makes the caller judge anew; so does whatever does not fit.
"""

import marshal
import os
import sys
import time
from collections.abc import Iterable, Mapping, Sequence

import guardrails
from guardrails.adapters.cache import FileCache, user_folder
from guardrails.adapters.files.ground import ground_of, is_unchanged

_FORMAT = 1
_READ = ("PATH", "HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "SUDO_UID", "TMPDIR", "TEMP", "TMP")
_SKIPPED = frozenset({"__pycache__"})
_DAY = "%Y-%m-%d"


def said_of(words: Sequence[str], audience: object) -> tuple[bytes, int] | None:
    """Return what was written and the exit code, when the same words were asked and all stands as it stood."""
    try:
        stored = FileCache(user_folder(os.environ)).get(_key(words, audience))
        if stored is None:
            return None
        ground, text, code = marshal.loads(stored)  # noqa: S302 - our own cache, checked by its digest
        return (text, code) if is_unchanged(ground) else None
    except (OSError, ValueError, EOFError, TypeError):
        return None


def remember(
    words: Sequence[str],
    audience: object,
    watched: tuple[Mapping[str, Iterable[str]], Iterable[str]],
    begun: int,
    said: tuple[bytes, int],
) -> None:
    """Keep what was said, where times can tell that nothing has changed since `begun` (ns of the clock).

    `watched` are the folders and files of the tree, as `ground_of` wants them.
    """
    folders, others = watched
    try:
        every = {folder: set(names) for folder, names in _own_code().items()}
        for folder, names in folders.items():
            every.setdefault(folder, set()).update(names)
        libraries = [one for one in sys.path if one and one != _here()]
        ground = ground_of(every, [*others, *libraries], begun)
        if ground is not None:
            FileCache(user_folder(os.environ)).put(_key(words, audience), marshal.dumps((ground, *said)))
    except OSError:
        return


def _here() -> str:
    return os.getcwd()  # noqa: PTH109 - pathlib would cost every start-up 5 ms


def _key(words: Sequence[str], audience: object) -> str:
    places = [os.path.realpath(word) for word in words if not word.startswith("-")]
    variables = [(name, os.environ.get(name)) for name in _READ]
    python = sys.version, sys.path, sys.flags, sys.executable
    return f"answer/{_FORMAT}/{words!r} {places} {_here()!r} {audience!r} {variables} {python} {_day()}"


def _day() -> str:
    """Return today in UTC, as the clock of our ports tells it; allowances and waivers end by it."""
    return time.strftime(_DAY, time.gmtime())


def _own_code() -> dict[str, list[str]]:
    """Return every folder of the package, with its files."""
    found = {}
    pending = [guardrails.__path__[0]]
    while pending:
        folder = pending.pop()
        found[folder], below = _files_and_folders(folder)
        pending += below
    return found


def _files_and_folders(folder: str) -> tuple[list[str], list[str]]:
    files, below = [], []
    with os.scandir(folder) as entries:
        for one in entries:
            if one.is_dir():
                below += [one.path] if one.name not in _SKIPPED else []
            else:
                files.append(one.name)
    return files, below
