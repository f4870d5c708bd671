"""Listeners in Redis, read over one pipelined connection.

The connection is dropped at the first doubt: replies come in the order of the commands, so one that is
missing or malformed makes every later one suspect.
"""

import asyncio
import hashlib
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from reference_service.features.listeners import DEFAULT, FeaturesUnavailable, Listener, SeededStore
from reference_service.features.stores.record import EVERLASTING, LONGEST, Freshness, decode, encode
from reference_service.features.stores.resp import (
    LONGEST_LINE,
    ProtocolError,
    Reply,
    ServerError,
    command,
    reply,
)
from reference_service.settings import RedisAddress

PREFIX = b"now-playing:listener:"
MOST_PENDING = 256
STEP = 64
PATIENCE = 0.04

Pending = deque[asyncio.Future[Reply]]


@dataclass(slots=True)
class _Connection:
    writer: asyncio.StreamWriter
    pending: Pending = field(default_factory=deque)
    pump: asyncio.Task[None] | None = None

    def drop(self, error: BaseException) -> None:
        """Close it, and tell whoever waits."""
        self.writer.transport.abort()
        while self.pending:
            waiting = self.pending.popleft()
            if not waiting.done():
                waiting.set_exception(FeaturesUnavailable(str(error)))
        if self.pump is not None:
            self.pump.cancel()


class RedisClient:
    """Sends commands over one connection, many in flight; connects when needed, and retries nothing."""

    def __init__(self, address: RedisAddress, patience: float = PATIENCE) -> None:
        self._address = address
        self._patience = patience
        self._connection: _Connection | None = None
        self._connecting = asyncio.Lock()

    async def ask(self, *words: bytes) -> Reply:
        """Return the reply to a command, or raise FeaturesUnavailable.

        A caller that gives up after `patience` seconds ends the connection, which may be dead; one that
        had less time than that does not, or a hasty client could take the store from everyone.
        """
        connection = await self._connected()
        if len(connection.pending) >= MOST_PENDING:
            raise FeaturesUnavailable("too many reads are waiting")
        waiting: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        try:
            connection.writer.write(command(*words))
        except RuntimeError:
            # uvloop's transports raise it once they are closed; asyncio's drop what is written.
            self._drop(connection, ConnectionError("the connection is closed"))
            raise FeaturesUnavailable("the connection is closed") from None
        connection.pending.append(waiting)
        asked = time.monotonic()
        try:
            return await waiting
        except asyncio.CancelledError:
            if time.monotonic() - asked >= self._patience:
                self._drop(connection, TimeoutError("a read was given up"))
            raise

    @property
    def waiting(self) -> int:
        """Return how many commands have no reply yet."""
        return 0 if self._connection is None else len(self._connection.pending)

    async def close(self) -> None:
        """End the connection."""
        connection = self._connection
        if connection is not None:
            self._drop(connection, ConnectionError("the service is stopping"))
            with suppress(OSError):
                await connection.writer.wait_closed()

    async def _connected(self) -> _Connection:
        async with self._connecting:
            if self._connection is None or self._connection.writer.is_closing():
                try:
                    self._connection = await self._connect()
                except OSError as error:
                    raise FeaturesUnavailable(f"no connection: {type(error).__name__}") from None
            return self._connection

    async def _connect(self) -> _Connection:
        where = self._address
        opening = (
            asyncio.open_unix_connection(where.path, limit=LONGEST)
            if where.path
            else asyncio.open_connection(where.host, where.port, limit=LONGEST)
        )
        reader, writer = await opening
        connection = _Connection(writer)
        if where.database:
            writer.write(command(b"SELECT", b"%d" % where.database))
            connection.pending.append(asyncio.get_running_loop().create_future())
        connection.pump = asyncio.create_task(self._receive(connection, reader))
        return connection

    async def _receive(self, connection: _Connection, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                answer: Reply | ServerError
                try:
                    answer = await reply(reader)
                except ServerError as error:
                    answer = error
                if not connection.pending:
                    raise ProtocolError("a reply that nobody asked for")
                waiting = connection.pending.popleft()
                if waiting.done():
                    continue
                if isinstance(answer, ServerError):
                    waiting.set_exception(FeaturesUnavailable(f"the store refused: {answer}"))
                else:
                    waiting.set_result(answer)
        except OSError as error:
            connection.pump = None
            self._drop(connection, error)

    def _drop(self, connection: _Connection, error: BaseException) -> None:
        if self._connection is connection:
            self._connection = None
        connection.drop(error)


class RedisStore:
    """Listeners as records under now-playing:listener:ID.

    A ranking reads one listener, by GET: reads that overlap already share a connection and its packets, and
    gathering them into one MGET was measured to cost more than it saves.
    """

    def __init__(self, address: RedisAddress, freshness: Freshness = EVERLASTING) -> None:
        self._client = RedisClient(address)
        self._freshness = freshness
        # A store that others write to at any time has no digest of its content; this names what reads it.
        self.digest = hashlib.sha256(b"redis " + PREFIX + b" %d" % LONGEST_LINE).hexdigest()

    async def read(self, listener_id: str) -> Listener:
        """Return this listener, DEFAULT if unknown, or raise FeaturesUnavailable."""
        return self._read(listener_id, await self._client.ask(b"GET", PREFIX + listener_id.encode()))

    async def read_many(self, listener_ids: Sequence[str]) -> list[Listener]:
        """Return these listeners in order, DEFAULT where unknown, STEP a round trip, or raise FeaturesUnavailable."""
        found: list[Listener] = []
        for start in range(0, len(listener_ids), STEP):
            some = listener_ids[start : start + STEP]
            records = await self._client.ask(b"MGET", *[PREFIX + name.encode() for name in some])
            if not isinstance(records, list) or len(records) != len(some):
                raise FeaturesUnavailable("the store answered something else than a record each")
            found += [self._read(name, record) for name, record in zip(some, records, strict=True)]
        return found

    def _read(self, listener_id: str, record: Reply) -> Listener:
        if record is None:
            return DEFAULT
        if not isinstance(record, bytes):
            raise FeaturesUnavailable("the store answered something else than a record")
        return self._freshness.checked(decode(listener_id, record))

    async def publish(self, seed: int, computed: int | None = None) -> None:
        """Write the listeners of this seed, as computed then; raise FeaturesUnavailable unless they read back."""
        everyone = dict(SeededStore(seed).everyone())
        words = [
            word
            for name, one in everyone.items()
            for word in (PREFIX + name.encode(), encode(name, one, computed))
        ]
        for start in range(0, len(words), STEP):
            await self._client.ask(b"MSET", *words[start : start + STEP])
        if await self.read_many(list(everyone)) != list(everyone.values()):
            raise FeaturesUnavailable(
                "the store does not hold what was written; give it memory, or a key space of its own"
            )

    async def close(self) -> None:
        """End the connection."""
        await self._client.close()
