"""A proxy that injects faults between a client and a server on unix sockets, by toxiproxy's names.

https://github.com/Shopify/toxiproxy#toxics - latency, timeout, reset_peer, slow_close, bandwidth, slicer, limit_data,
and `down`; `jitter` is latency's, `corrupt` and `flap` are ours.
"""

import asyncio
import random
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Literal

Toxic = Literal[
    "none",
    "latency",
    "jitter",
    "timeout",
    "reset_peer",
    "slow_close",
    "bandwidth",
    "slicer",
    "limit_data",
    "corrupt",
    "down",
    "flap",
]

LATENCY_SECONDS = 0.3
JITTER_SECONDS = 0.08
TRICKLE_SECONDS = 0.02
LIMIT_BYTES = 128
FLAP_SHARE = 0.3


class Proxy:
    """Passes bytes on, as its current toxic has it; a change of toxic ends the connections that stand."""

    def __init__(self, upstream: Path, seed: int) -> None:
        self._upstream = upstream
        self._random = random.Random(seed)
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self.toxic: Toxic = "none"

    def poison(self, toxic: Toxic) -> None:
        """Let this toxic act from now on."""
        self.toxic = toxic
        for writer in list(self._writers):
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        try:
            if self.toxic == "down":
                return
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._joined(reader, writer)
        finally:
            if self.toxic == "slow_close":
                await asyncio.sleep(LATENCY_SECONDS)
            writer.transport.abort()
            self._writers.discard(writer)
            self._tasks.discard(task)

    async def close(self) -> None:
        """End every connection."""
        self.poison("down")
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream, onward = await asyncio.open_unix_connection(self._upstream)
        self._writers.add(onward)
        try:
            ends = {
                asyncio.create_task(self._pass(reader, onward)),
                asyncio.create_task(self._answer(upstream, writer)),
            }
            _, left = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            for one in left:
                one.cancel()
            await asyncio.gather(*ends, return_exceptions=True)
        finally:
            self._writers.discard(onward)
            onward.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while content := await reader.read(65_536):
            writer.write(content)
            await writer.drain()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while content := await reader.read(65_536):
            toxic = self.toxic
            if toxic == "flap":
                toxic = "reset_peer" if self._random.random() < FLAP_SHARE else "none"
            if toxic == "timeout":
                continue
            if toxic == "reset_peer":
                linger = struct.pack("ii", 1, 0)
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                return
            if toxic == "latency":
                await asyncio.sleep(LATENCY_SECONDS)
            if toxic == "jitter":
                await asyncio.sleep(self._random.uniform(0, JITTER_SECONDS))
            if toxic == "corrupt":
                content = self._corrupted(content)
            if toxic == "limit_data":
                content = content[:LIMIT_BYTES]
            await self._send(content, writer, toxic)
            if toxic in {"slow_close", "limit_data"}:
                return

    async def _send(self, content: bytes, writer: asyncio.StreamWriter, toxic: Toxic) -> None:
        step = {"bandwidth": 1, "slicer": 64}.get(toxic, len(content))
        for start in range(0, len(content), step):
            writer.write(content[start : start + step])
            await writer.drain()
            if toxic == "bandwidth":
                await asyncio.sleep(TRICKLE_SECONDS)

    def _corrupted(self, content: bytes) -> bytes:
        spoilt = bytearray(content)
        for _ in range(max(1, len(spoilt) // 16)):
            spoilt[self._random.randrange(len(spoilt))] = self._random.randrange(256)
        return bytes(spoilt)


@asynccontextmanager
async def proxied(upstream: Path, path: Path, seed: int = 7) -> AsyncIterator[Proxy]:
    """Serve a proxy of this socket at this path."""
    proxy = Proxy(upstream, seed)
    server = await asyncio.start_unix_server(proxy.serve, path)
    async with server:
        yield proxy
        server.close()
        # Connections that were accepted this instant have handlers that must begin before they can end.
        for _ in range(5):
            await asyncio.sleep(0)
        await proxy.close()
