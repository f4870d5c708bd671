"""Which store an operator chose, read from one setting, opened and closed."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from reference_service.features.listeners import ListenerStore
from reference_service.features.stores.guarded import GuardedStore, Outcome
from reference_service.features.stores.redis import Address, RedisStore
from reference_service.features.stores.sqlite import SqliteStore

READ_SECONDS = 0.05
"""What one read of a remote store may take; the embedded store is bounded by the request's deadline alone,
because there is nothing to gain by giving up on one's own processor."""

_TCP = re.compile(r"redis://([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):([0-9]{1,5})(?:/([0-9]{1,2}))?\Z")
_UNIX = re.compile(r"redis\+unix://(/[^\0?#]{1,100})\Z")
_FILE = re.compile(r"sqlite:([^\0]{1,1000})\Z")


@dataclass(frozen=True, slots=True)
class StoreChoice:
    """A store by name: the seeded database in memory, one in a file, or a Redis."""

    file: Path | None = None
    redis: Address | None = None

    @classmethod
    def from_text(cls, text: str) -> "StoreChoice":
        """Return the choice that reads `sqlite`, `sqlite:PATH`, `redis://HOST:PORT[/DATABASE]` or
        `redis+unix:///PATH`, or raise ValueError."""
        if text == "sqlite":
            return cls()
        if named := _FILE.match(text):
            return cls(file=Path(named[1]))
        if named := _UNIX.match(text):
            return cls(redis=Address(path=named[1]))
        named = _TCP.match(text)
        if named is None or not 0 < int(named[2]) <= 65_535:
            raise ValueError(text)
        return cls(redis=Address(named[1].strip("[]"), int(named[2]), database=int(named[3] or 0)))


@asynccontextmanager
async def opened(
    choice: StoreChoice, seed: int, count: Callable[[Outcome], None]
) -> AsyncIterator[GuardedStore]:
    """Open the chosen store, guarded; close it at the end."""
    store = SqliteStore(choice.file, seed) if choice.redis is None else RedisStore(choice.redis)
    try:
        yield guarded(store, count, remote=choice.redis is not None)
    finally:
        await store.close()


def guarded(store: ListenerStore, count: Callable[[Outcome], None], *, remote: bool) -> GuardedStore:
    """Return the store behind its guard."""
    return GuardedStore(store, READ_SECONDS if remote else None, count)
