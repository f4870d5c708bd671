"""Opens the store that an operator chose, and closes it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from reference_service.features.stores.guarded import GuardedStore, Outcome
from reference_service.features.stores.record import Freshness
from reference_service.features.stores.redis import RedisStore
from reference_service.features.stores.sqlite import SqliteStore
from reference_service.settings import StoreChoice

READ_SECONDS = 0.05
"""What one read of a remote store may take; the embedded store is bounded by the request's deadline alone,
because there is nothing to gain by giving up on one's own processor."""


@asynccontextmanager
async def opened(
    choice: StoreChoice, seed: int, freshness: Freshness, count: Callable[[Outcome], None]
) -> AsyncIterator[GuardedStore]:
    """Open the chosen store, guarded; close it at the end."""
    waits = choice.file is not None or choice.redis is not None
    store = (
        await asyncio.to_thread(SqliteStore, choice.file, seed, freshness)
        if choice.redis is None
        else RedisStore(choice.redis, freshness)
    )
    most = None if choice.redis is None else READ_SECONDS
    try:
        yield GuardedStore(store, most, count, waits=waits)
    finally:
        await store.close()
