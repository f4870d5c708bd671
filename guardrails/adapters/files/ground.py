"""What an answer rests on, told by times alone: every file that was looked at, and every folder that was listed.

This is git's index and its untracked cache in small. A folder's times tell whether names came or went,
so nothing is listed again; a file's times, size, inode and device tell whether its content may be another.
Nothing that changed shortly before is believed, for a later change could have left the same times, and
folders are believed only on file systems that are known to keep their times.
"""

import marshal
import os
import sys
from array import array
from collections.abc import Iterable, Mapping
from hashlib import sha256

# Coarser than the clock of any file system that we know: FAT's modification times have 2 s.
RACY_NS = 2_000_000_000

_MOUNTS = "/proc/self/mountinfo"
_KEEPING_TIMES = frozenset({"ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "tmpfs", "overlay"})
_ABSENT = (0, 0, 0, 0, 0)


def ground_of(folders: Mapping[str, Iterable[str]], others: Iterable[str], begun: int) -> bytes | None:
    """Return what tells later whether anything has changed since `begun`, in ns of the system's clock.

    `folders` are absolute folders whose listing counts, each with the names of the files in it whose
    content counts; `others` are absolute files that may be absent. None when times cannot tell.
    """
    listed = sorted((folder, sorted(names)) for folder, names in folders.items())
    stamps = _stamps(listed, further := sorted(set(others)))
    if stamps is None or not _are_old(stamps, begun - RACY_NS) or not _devices(listed) <= _trusted():
        return None
    return marshal.dumps((listed, further, sha256(stamps).digest()))


def is_unchanged(ground: bytes) -> bool:
    """Whether everything is what it was when `ground_of` looked."""
    try:
        listed, others, digest = marshal.loads(ground)  # noqa: S302 - our own cache, checked by its digest
        stamps = _stamps(listed, others)
    except (ValueError, EOFError, TypeError):
        return False
    return stamps is not None and sha256(stamps).digest() == digest


def _stamps(listed: Iterable[tuple[str, Iterable[str]]], others: Iterable[str]) -> "array[int] | None":
    """Return modification, change, size, inode and device of everything; None where that cannot be told."""
    found: list[int] = []
    look = os.lstat
    try:
        for folder, names in listed:
            prefix = f"{folder}/"
            for path in (folder, *[prefix + name for name in names]):
                try:
                    held = look(path)
                except (FileNotFoundError, NotADirectoryError):
                    found += _ABSENT
                else:
                    found += (held.st_mtime_ns, held.st_ctime_ns, held.st_size, held.st_ino, held.st_dev)
        for path in others:
            found += _followed(path)
        return array("Q", found)
    except (OSError, ValueError, OverflowError):
        return None


def _followed(path: str) -> tuple[int, ...]:
    """Return the same of a file, and again of what it points to where it is a link."""
    found: tuple[int, ...] = ()
    for look in (os.lstat, os.stat):
        try:
            held = look(path)
        except (FileNotFoundError, NotADirectoryError):
            found += _ABSENT
        else:
            found += (held.st_mtime_ns, held.st_ctime_ns, held.st_size, held.st_ino, held.st_dev)
    return found


def _are_old(stamps: "array[int]", limit: int) -> bool:
    fields = len(_ABSENT)
    return max(stamps[0::fields], default=0) < limit and max(stamps[1::fields], default=0) < limit


def _devices(listed: Iterable[tuple[str, Iterable[str]]]) -> set[int]:
    return {os.lstat(folder).st_dev for folder, _ in listed if os.path.lexists(folder)}


def _trusted() -> set[int]:
    """Return the devices of mounted file systems that keep the times of folders; none where nobody tells."""
    if not sys.platform.startswith("linux"):
        return set()
    try:
        with open(_MOUNTS, encoding="utf-8", errors="surrogateescape") as stream:  # noqa: PTH123 - pathlib would cost every start-up 5 ms
            rows = [line.split(" - ", 1) for line in stream]
    except OSError:
        return set()
    found = set()
    for mounted, kind in (row for row in rows if len(row) == len(("mount", "file system"))):
        major, _, minor = mounted.split()[2].partition(":")
        if kind.split()[0] in _KEEPING_TIMES:
            found.add(os.makedev(int(major), int(minor)))
    return found
