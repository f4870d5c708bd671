"""One file of events that only ever grows, and what is whole in it after a crash.

A line is a CRC-32 in hexadecimal, a space, the event as JSON. A crash in the middle of a write leaves a torn
tail, which is cut off; a line that was spoilt later is skipped and counted, for cutting there would lose what
was acknowledged after it.
"""

import fcntl
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

LONGEST_LINE = 4_096


class Disk(Protocol):
    """The calls that may fail when a disk does."""

    def write(self, file: int, content: bytes) -> int:
        """Write some of this and return how much, or raise OSError."""

    def sync(self, file: int) -> None:
        """Return once what was written is durable, or raise OSError."""


class RealDisk:
    """The machine's disk."""

    def write(self, file: int, content: bytes) -> int:
        """Write some of this and return how much, or raise OSError."""
        return os.write(file, content)

    def sync(self, file: int) -> None:
        """Return once what was written is durable, or raise OSError."""
        os.fdatasync(file)


class Full(OSError):
    """The segment has reached the size that it may have."""


def line_of(event: bytes) -> bytes:
    """Return the line that holds this event, which has no line feed."""
    return b"%08x %s\n" % (zlib.crc32(event), event)


def event_of(line: bytes) -> bytes | None:
    """Return the event of this line, or None if it is not whole."""
    checksum, _, event = line[:-1].partition(b" ")
    return event if line.endswith(b"\n") and checksum == b"%08x" % zlib.crc32(event) else None


def lines_of(path: Path) -> Iterator[bytes]:
    """Yield the lines of this file, none longer than a line may be."""
    with path.open("rb") as file:
        yield from iter(lambda: file.readline(LONGEST_LINE), b"")


class Segment:
    """A file that this process alone appends to.

    spoilt  how many of the lines it began with are not whole
    """

    def __init__(self, path: Path, most_bytes: int, disk: Disk) -> None:
        """Open or create the file, cut its torn tail off, or raise OSError (BlockingIOError if it is taken)."""
        self._disk = disk
        self._most = most_bytes
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._size, self.spoilt = _recovered(path)
            os.ftruncate(self._file, self._size)
            self._disk.sync(self._file)
            _sync_folder(path.parent)
        except BaseException:
            os.close(self._file)
            raise

    def append(self, events: list[bytes]) -> None:
        """Write these events and return once they are durable, or raise OSError and hold none of them."""
        content = memoryview(b"".join(map(line_of, events)))
        if self._size + len(content) > self._most:
            raise Full("the event log has reached the size that it may have")
        try:
            rest = content
            while rest:
                rest = rest[self._disk.write(self._file, bytes(rest)) :]
            self._disk.sync(self._file)
        except OSError:
            # After a failed sync the kernel may have dropped the pages: what is not known to be durable goes.
            os.ftruncate(self._file, self._size)
            raise
        self._size += len(content)

    def close(self) -> None:
        """Close the file, and let others take it."""
        os.close(self._file)


def _recovered(path: Path) -> tuple[int, int]:
    """Return the size up to the last whole line, and how many lines before it are not whole."""
    size = place = spoilt = torn = 0
    for line in lines_of(path):
        place += len(line)
        if event_of(line) is None:
            torn += 1
        else:
            size, spoilt, torn = place, spoilt + torn, 0
    return size, spoilt


def _sync_folder(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
