"""Results by content digest in the user's cache folder.

It only ever saves time: a damaged, evicted or unwritable entry reads as nothing, so no
outcome may depend on what is stored. The box never sees the folder. A folder that somebody else
owns or may write to could hold anything, so nothing of it is believed.
"""

import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from guardrails.model.digest import sha256

_SHARDS = 16
_DIGEST_BYTES = 32
_EVICTS_AT = 16


def user_folder(environment: Mapping[str, str]) -> Path:
    """Return the user's cache folder for Guardrails; it may not exist yet."""
    home = environment.get("XDG_CACHE_HOME", "")
    if not Path(home).is_absolute():
        home = str(Path(environment.get("HOME") or "/nonexistent") / ".cache")
    return Path(home) / "guardrails"


class FileCache:
    """A cache of files, bounded to about `limit_bytes`; safe under concurrent writers."""

    def __init__(self, folder: Path, limit_bytes: int = 512 << 20) -> None:
        self._folder = folder / "results"
        self._shard_bytes = limit_bytes // _SHARDS

    def get(self, key: str) -> bytes | None:
        """Return what was stored under `key`, or None when there is nothing or it is damaged."""
        if not self._is_ours:
            return None
        path, stamp = self._place(key)
        try:
            content = path.read_bytes()
        except OSError:
            return None
        value = content[_DIGEST_BYTES:]
        return value if content[:_DIGEST_BYTES] == _framed(stamp, value) else None

    def put(self, key: str, value: bytes) -> None:
        """Store `value` under `key`; does nothing when the folder cannot be written to."""
        path, stamp = self._place(key)
        if len(value) * 4 > self._shard_bytes or not self._is_ours:
            return
        aside = path.with_name(f"{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            try:
                aside.write_bytes(_framed(stamp, value) + value)
                aside.replace(path)
            except BaseException:
                with suppress(OSError):
                    aside.unlink()
                raise
            if stamp[-1] % _EVICTS_AT == 0:
                self._evict(path.parent)
        except OSError:
            return

    @cached_property
    def _is_ours(self) -> bool:
        """Whether the folder is a real one that we own and not everybody may write to; made where there is none."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            held = self._folder.lstat()
        except OSError:
            return False
        return stat.S_ISDIR(held.st_mode) and held.st_uid == os.geteuid() and not held.st_mode & stat.S_IWOTH

    def _place(self, key: str) -> tuple[Path, bytes]:
        stamp = sha256(key.encode("utf-8", "surrogateescape")).digest()
        name = stamp.hex()
        return self._folder / name[0] / name, stamp

    def _evict(self, shard: Path) -> None:
        """Delete the oldest files of one shard until it is a fifth below its bound."""
        with os.scandir(shard) as found:
            files = sorted((entry.stat().st_mtime, entry.stat().st_size, entry.path) for entry in found)
        total = sum(size for _, size, _ in files)
        if total <= self._shard_bytes:
            return
        for _, size, path in files:
            with suppress(FileNotFoundError):
                Path(path).unlink()
            total -= size
            if total <= self._shard_bytes * 4 // 5:
                return


def _framed(stamp: bytes, value: bytes) -> bytes:
    """Return the digest that a sound entry begins with; it binds the value to its key."""
    return sha256(stamp + value).digest()
