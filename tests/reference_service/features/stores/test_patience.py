"""The bound on a read: it ends what is slow, and forgives what only a busy loop made late."""

import asyncio
import socket
import time

import pytest

from reference_service.features.stores.patience import within


def test_what_takes_too_long_is_ended() -> None:
    async def wait() -> None:
        async with within(0.01):
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        asyncio.run(wait())


def test_a_reply_that_came_while_the_loop_was_away_is_in_time() -> None:
    async def ask() -> bytes:
        ours, theirs = socket.socketpair()
        reader, writer = await asyncio.open_connection(sock=ours)
        loop = asyncio.get_running_loop()

        def away() -> None:
            theirs.send(b"reply\n")
            # The loop itself is held, as by work on it, until the bound is long past.
            until = time.monotonic() + 0.06
            while time.monotonic() < until:
                pass

        loop.call_soon(away)
        async with within(0.03, late=0.01):
            said = await reader.readline()
        writer.close()
        theirs.close()
        return said

    assert asyncio.run(ask()) == b"reply\n"


def test_the_end_of_the_body_ends_the_bound() -> None:
    async def wait() -> None:
        async with within(0.001), within(None):
            pass
        await asyncio.sleep(0.01)

    asyncio.run(wait())
