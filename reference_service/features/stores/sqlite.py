"""Listeners in SQLite: in memory and drawn from the seed by default, else in a file that others write."""

import asyncio
import hashlib
import re
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

from reference_service.features.listeners import DEFAULT, FeaturesUnavailable, Listener, SeededStore
from reference_service.features.stores.record import EVERLASTING, MOST_DECODED, Freshness, decode, encode

SELECT = "SELECT record FROM listeners WHERE id = ?"
BUSY_SECONDS = 0.02
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")


class SqliteStore:
    """Reads one table; a file's on a thread of its own, so that a slow disk never holds the event loop."""

    def __init__(self, path: Path | None, seed: int, freshness: Freshness = EVERLASTING) -> None:
        """Open the database at this path, or fill one in memory; raise FeaturesUnavailable if it is none."""
        self._waits = path is not None
        self._freshness = freshness
        # Nobody else can write to one in memory, so a record is read once.
        self._record = lru_cache(maxsize=MOST_DECODED)(self._fetched) if path is None else self._fetched
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="features")
        try:
            self._database, self.digest = self._thread.submit(_opened, path, seed).result()
        except sqlite3.Error as error:
            self._thread.shutdown()
            raise FeaturesUnavailable(f"{path} is no database of listeners: {error}") from None

    async def read(self, listener_id: str) -> Listener:
        """Return this listener, DEFAULT if unknown, or raise FeaturesUnavailable."""
        if not self._waits:
            # A look into memory takes less time than asking a thread for it.
            return self._read(listener_id)
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._read, listener_id)

    async def close(self) -> None:
        """Close the database once the read under way has ended."""
        self._thread.submit(self._database.close)
        self._thread.shutdown(wait=False)

    def _read(self, listener_id: str) -> Listener:
        record = self._record(listener_id)
        return DEFAULT if record is None else self._freshness.checked(decode(listener_id, record))

    def _fetched(self, listener_id: str) -> bytes | None:
        try:
            row = self._database.execute(SELECT, (listener_id,)).fetchone()
        except sqlite3.Error as error:
            raise FeaturesUnavailable(str(error)) from None
        if row is not None and not isinstance(row[0], bytes):
            raise FeaturesUnavailable("the record is no blob")
        return None if row is None else row[0]


def publish(path: Path, seed: int, computed: int | None = None) -> None:
    """Write the listeners of this seed, as computed then, into a new database at this path."""
    with closing(sqlite3.connect(path)) as database:
        _fill(database, seed, computed)


def _opened(path: Path | None, seed: int) -> tuple[sqlite3.Connection, str]:
    if path is None:
        database = sqlite3.connect(":memory:", check_same_thread=False)
        _fill(database, seed, None)
    else:
        database = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=BUSY_SECONDS)
    row = database.execute("SELECT digest FROM content").fetchone()
    if row is None or not _DIGEST.match(str(row[0])):
        raise sqlite3.DataError("its table `content` holds no SHA-256")
    return database, str(row[0])


def _fill(database: sqlite3.Connection, seed: int, computed: int | None) -> None:
    everyone = list(SeededStore(seed).everyone())
    records = [(name, encode(name, one, computed)) for name, one in everyone]
    # Of what is known and not of when: equal features are equal content.
    digest = hashlib.sha256(
        b"\0".join(part for name, one in everyone for part in (name.encode(), encode(name, one)))
    )
    with database:
        database.execute("CREATE TABLE listeners (id TEXT PRIMARY KEY, record BLOB NOT NULL) WITHOUT ROWID")
        database.execute("CREATE TABLE content (digest TEXT NOT NULL)")
        database.executemany("INSERT INTO listeners VALUES (?, ?)", records)
        database.execute("INSERT INTO content VALUES (?)", (digest.hexdigest(),))
