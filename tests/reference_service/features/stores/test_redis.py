"""Redis: a real one read over one connection, and a false one that answers nonsense."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
import uvloop

from reference_service.features.listeners import FeaturesUnavailable, SeededStore
from reference_service.features.stores.record import encode
from reference_service.features.stores.redis import MOST_PENDING, RedisClient, RedisStore
from reference_service.settings import RedisAddress
from tests.reference_service.features.stores.redis_server import redis_server


@pytest.fixture(scope="module")
def real() -> Iterator[Path]:
    with redis_server() as path:
        yield path


@asynccontextmanager
async def false_server(path: Path, says: bytes) -> AsyncIterator[RedisAddress]:
    """A server that answers the same bytes to whatever it is sent."""

    served = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.add(asyncio.current_task())
        with suppress(ConnectionError):
            while await reader.read(65_536):
                writer.write(says)
        writer.close()

    server = await asyncio.start_unix_server(answer, path)
    async with server:
        yield RedisAddress(path=str(path))
        for _ in range(5):
            await asyncio.sleep(0)
        await asyncio.gather(*(task for task in served if task is not None))


@pytest.mark.parametrize("database", [0, 3])
def test_a_real_redis_answers_what_the_seed_draws_with_many_reads_in_flight(
    real: Path, database: int
) -> None:
    async def compared() -> None:
        store, seeded = RedisStore(RedisAddress(path=str(real), database=database)), SeededStore(7)
        await store.publish(7)
        names = [f"listener-{number:04d}" for number in range(1, 251)] + ["nobody"]
        answers = await asyncio.gather(*(store.read(name) for name in names))
        assert answers == [await seeded.read(name) for name in names]
        await store.close()

    asyncio.run(compared())


def test_a_batch_is_read_in_order_and_in_few_round_trips(real: Path) -> None:
    async def compared() -> None:
        store, seeded = RedisStore(RedisAddress(path=str(real))), SeededStore(7)
        await store.publish(7)
        names = ["nobody", *(f"listener-{number:04d}" for number in range(150, 0, -1)), "listener-0007"]
        assert await store.read_many(names) == [await seeded.read(name) for name in names]
        assert await store.read_many([]) == []
        await store.close()

    asyncio.run(compared())


@pytest.mark.parametrize("says", [b"*1\r\n$1\r\nx\r\n", b"$-1\r\n", b"*2\r\n$-1\r\n$2\r\n{}\r\n", b":7\r\n"])
def test_a_batch_of_nonsense_is_an_error(tmp_path: Path, says: bytes) -> None:
    async def asked() -> None:
        async with false_server(tmp_path / "s", says) as address:
            store = RedisStore(address)
            with pytest.raises(FeaturesUnavailable):
                await store.read_many(["listener-0001", "listener-0002"])
            await store.close()

    asyncio.run(asked())


def test_what_does_not_read_back_was_not_published(tmp_path: Path) -> None:
    async def asked() -> None:
        async with false_server(tmp_path / "s", b"+OK\r\n") as address:
            store = RedisStore(address)
            with pytest.raises(FeaturesUnavailable):
                await store.publish(7)
            await store.close()

    asyncio.run(asked())


def test_a_real_error_fails_one_read_and_leaves_the_connection_in_step(real: Path) -> None:
    async def asked() -> None:
        client = RedisClient(RedisAddress(path=str(real)))
        wrong, right = await asyncio.gather(
            client.ask(b"NOSUCH"), client.ask(b"ECHO", b"hello"), return_exceptions=True
        )
        assert isinstance(wrong, FeaturesUnavailable)
        assert right == b"hello"
        await client.close()

    asyncio.run(asked())


def test_a_read_that_was_given_up_late_ends_its_connection_and_the_next_one_is_answered(real: Path) -> None:
    async def asked() -> None:
        client = RedisClient(RedisAddress(path=str(real)), patience=0.0)
        blocked = asyncio.create_task(client.ask(b"BLPOP", b"nothing", b"0"))
        behind = asyncio.create_task(client.ask(b"ECHO", b"behind"))
        await asyncio.sleep(0.05)
        blocked.cancel()
        with pytest.raises(FeaturesUnavailable):
            await behind
        assert await client.ask(b"ECHO", b"next") == b"next"
        await client.close()

    asyncio.run(asked())


def test_a_hasty_reader_costs_the_others_nothing(real: Path) -> None:
    async def asked() -> None:
        client = RedisClient(RedisAddress(path=str(real)), patience=60.0)
        hasty = asyncio.create_task(client.ask(b"ECHO", b"hasty"))
        behind = asyncio.create_task(client.ask(b"ECHO", b"behind"))
        for _ in range(1_000):
            if client.waiting < 2:
                await asyncio.sleep(0)
        hasty.cancel()
        assert await behind == b"behind"
        assert client.waiting == 0
        await client.close()

    asyncio.run(asked())


def test_reads_in_flight_are_bounded(real: Path) -> None:
    async def asked() -> None:
        client = RedisClient(RedisAddress(path=str(real)))
        await client.ask(b"PING")
        blocked = [asyncio.create_task(client.ask(b"BLPOP", b"nothing", b"0")) for _ in range(MOST_PENDING)]
        await asyncio.sleep(0)
        with pytest.raises(FeaturesUnavailable, match="too many"):
            await client.ask(b"PING")
        await client.close()
        assert all(
            isinstance(e, FeaturesUnavailable) for e in await asyncio.gather(*blocked, return_exceptions=True)
        )

    asyncio.run(asked())


OTHER = dict(SeededStore(7).everyone())["listener-0002"]
FOREIGN = encode("listener-0002", OTHER)


@pytest.mark.parametrize(
    "says",
    [
        b"$%d\r\n%s\r\n" % (len(FOREIGN), FOREIGN),
        b"+OK\r\n",
        b":7\r\n",
        b"*1\r\n$1\r\nx\r\n",
        b"-LOADING\r\n",
        b"$3\r\nabc\r\n",
        b"$999999999\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"\x00" * 5_000,
    ],
)
def test_nonsense_is_an_error_and_never_another_listener(tmp_path: Path, says: bytes) -> None:
    async def asked() -> None:
        async with false_server(tmp_path / "s", says) as address:
            store = RedisStore(address)
            for _ in range(3):
                with pytest.raises(FeaturesUnavailable):
                    await store.read("listener-0001")
            await store.close()

    asyncio.run(asked())


def test_nobody_listening_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FeaturesUnavailable, match="no connection"):
        asyncio.run(RedisStore(RedisAddress(path=str(tmp_path / "none"))).read("listener-0001"))


def test_a_closed_transport_is_an_error_of_ours_on_uvloop_as_well(real: Path) -> None:
    async def asked() -> None:
        client = RedisClient(RedisAddress(path=str(real)))
        assert await client.ask(b"ECHO", b"first") == b"first"
        connection = client._connection
        assert connection is not None
        reads = [asyncio.create_task(client.ask(b"ECHO", b"x")) for _ in range(3)]
        connection.writer.transport.abort()
        for answer in await asyncio.gather(*reads, return_exceptions=True):
            assert answer == b"x" or isinstance(answer, FeaturesUnavailable)
        assert await client.ask(b"ECHO", b"again") == b"again"
        await client.close()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(asked())
