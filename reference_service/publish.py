"""Fills a feature store with the seeded listeners: python -m reference_service.publish STORE

STORE is written as NOW_PLAYING_FEATURES is: sqlite:PATH, redis://HOST:PORT[/DATABASE] or redis+unix:///PATH.
"""

import asyncio
import sys
import time

from reference_service.features.listeners import FeaturesUnavailable
from reference_service.features.stores.redis import RedisStore
from reference_service.features.stores.sqlite import publish
from reference_service.settings import Settings

USAGE = "usage: python -m reference_service.publish sqlite:PATH | redis://HOST:PORT[/DATABASE] | redis+unix:///PATH"


def main(words: list[str]) -> None:
    """Write the listeners, or end with what is wrong."""
    if len(words) != 1:
        sys.exit(USAGE)
    settings = Settings.from_environment({"NOW_PLAYING_FEATURES": words[0]})
    chosen = settings.features
    if chosen.redis is not None:
        asyncio.run(_into_redis(RedisStore(chosen.redis), settings.seed, int(time.time())))
    elif chosen.file is not None:
        publish(chosen.file, settings.seed, int(time.time()))
    else:
        sys.exit(f"the store in memory is filled by itself\n{USAGE}")


async def _into_redis(store: RedisStore, seed: int, computed: int) -> None:
    try:
        await store.publish(seed, computed)
    except FeaturesUnavailable as error:
        sys.exit(f"not published: {error}")
    finally:
        await store.close()


if __name__ == "__main__":
    main(sys.argv[1:])
