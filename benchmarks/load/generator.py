"""An open-loop generator: requests have the instants they should be sent at, whether answers come or not.

A closed loop slows down with the service that it measures, and so hides every pause of it (what G. Tene calls
coordinated omission). Here a late answer counts from when its request was due.
"""

import asyncio
import random
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from benchmarks.load.requests import Prepared

HEAD_END, LENGTH = b"\r\n\r\n", b"content-length: "
SAMPLE = 40
"""Of so many answers one is kept whole, for the invariants to judge."""


@dataclass(slots=True)
class Tally:
    """What became of the requests of one run; seconds are from when a request was due."""

    sent: int = 0
    valid: int = 0
    whole: int = 0
    whole_in_time: int = 0
    seconds: list[float] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    sample: list[tuple[Prepared, bytes]] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        """Add what became of the requests of another run."""
        self.sent += other.sent
        self.valid += other.valid
        self.whole += other.whole
        self.whole_in_time += other.whole_in_time
        self.seconds += other.seconds
        self.reasons += other.reasons
        self.sample += other.sample

    def in_time(self, budget: float) -> int:
        """Return how many valid answers came within so many seconds."""
        return sum(seconds <= budget for seconds in self.seconds)

    def percentile(self, share: float) -> float:
        """Return the seconds that this share of the valid answers stayed below."""
        return sorted(self.seconds)[int(len(self.seconds) * share)] if self.seconds else float("nan")


Done = Callable[["Caller", bytes, bytes], None]


class Caller(asyncio.Protocol):
    """One kept-alive connection, one request at a time."""

    def __init__(self, done: Done, lost: Callable[["Caller"], None]) -> None:
        self._done = done
        self._lost = lost
        self._parts: list[bytes] = []
        self._left = 0
        self._transport: asyncio.Transport | None = None
        self.request: tuple[Prepared, float] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport) or hasattr(transport, "write")
        self._transport = transport  # type: ignore[assignment]  # uvloop's has no common class

    def send(self, request: Prepared, due: float) -> None:
        """Send a request; `done` or `lost` is called in the end."""
        assert self._transport is not None
        self.request = (request, due)
        self._transport.write(request.wire)

    def data_received(self, data: bytes) -> None:
        """Gather an answer."""
        if self._parts:
            self._left -= len(data)
        else:
            end = data.find(HEAD_END)
            at = data.lower().find(LENGTH, 0, end) + len(LENGTH)
            self._left = int(data[at : data.index(b"\r", at)]) - (len(data) - end - len(HEAD_END))
        self._parts.append(data)
        if self._left <= 0:
            head, _, body = b"".join(self._parts).partition(HEAD_END)
            self._parts.clear()
            self._done(self, head, body)

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002  the protocol's
        """Tell that the connection ended."""
        self._lost(self)

    def close(self) -> None:
        """End the connection."""
        if self._transport is not None:
            self._transport.close()


class Generator:
    """Sends prepared rankings over kept-alive connections to a unix socket."""

    def __init__(self, socket: str, requests: Sequence[Prepared], budget: float, seed: int = 7) -> None:
        self._socket = socket
        self._requests = requests
        self._budget = budget
        self._random = random.Random(seed)
        self._connections = 0
        self._idle: list[Caller] = []
        self._queue: deque[tuple[Prepared, float]] = deque()
        self._tally = Tally()
        self._open = 0
        self._closed_loop = False
        self._settled = asyncio.Event()

    async def open(self, connections: int) -> None:
        """Open so many connections, and keep as many."""
        self._connections = connections
        await self._refill()

    async def _refill(self) -> None:
        """Open what the service has closed meanwhile: most stand idle for long, and it may."""
        while len(self._idle) < self._connections:
            await self._connect()

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        _, caller = await loop.create_unix_connection(lambda: Caller(self._done, self._lost), self._socket)
        self._idle.append(caller)

    async def close(self) -> None:
        """Close the connections."""
        for caller in self._idle:
            caller.close()
        await asyncio.sleep(0)

    async def flood(self, rate: float, seconds: float) -> Tally:
        """Send at this rate, in a Poisson stream, and wait for the last answer, 10 s at most."""
        await self._refill()
        self._begin()
        began = due = time.monotonic()
        while due < began + seconds:
            due += self._random.expovariate(rate)
            wait = due - time.monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
            self._send(self._random.choice(self._requests), due)
        return await self._end()

    async def capacity(self, seconds: float, at_once: int) -> tuple[float, Tally]:
        """Return the full answers a second with so many requests always in work."""
        await self._refill()
        self._begin()
        began = time.monotonic()
        self._closed_loop = True
        for _ in range(at_once):
            self._send(self._random.choice(self._requests), time.monotonic())
        await asyncio.sleep(seconds)
        self._closed_loop = False
        whole, took = self._tally.whole, time.monotonic() - began
        return whole / took, await self._end()

    async def recovery(self, patience: float) -> float:
        """Return the seconds until ten answers in a row are of full quality, asked one after the other."""
        began, whole = time.monotonic(), 0
        first = began
        while whole < 10 and time.monotonic() - began < patience:
            self._begin()
            self._send(self._random.choice(self._requests), time.monotonic())
            tally = await self._end()
            whole = whole + 1 if tally.whole else 0
            first = first if whole else time.monotonic()
        return first - began if whole >= 10 else patience

    def _begin(self) -> None:
        self._tally = Tally()

    async def _end(self) -> Tally:
        try:
            async with asyncio.timeout(10):
                while self._open:
                    self._settled.clear()
                    await self._settled.wait()
        except TimeoutError:
            self._queue.clear()
        return self._tally

    def _send(self, request: Prepared, due: float) -> None:
        self._tally.sent += 1
        self._open += 1
        if self._idle:
            self._idle.pop().send(request, due)
        else:
            self._queue.append((request, due))

    def _done(self, caller: Caller, head: bytes, body: bytes) -> None:
        assert caller.request is not None
        request, due = caller.request
        caller.request = None
        self._judge(request, head, body, time.monotonic() - due)
        if self._closed_loop:
            self._open -= 1
            self._tally.sent += 1
            self._open += 1
            caller.send(self._random.choice(self._requests), time.monotonic())
        elif self._queue:
            self._open -= 1
            caller.send(*self._queue.popleft())
        else:
            self._open -= 1
            self._idle.append(caller)
        if not self._open:
            self._settled.set()

    def _judge(self, request: Prepared, head: bytes, body: bytes, seconds: float) -> None:
        tally = self._tally
        if not head.startswith(b"HTTP/1.1 200") or body.count(b'"score"') != request.body["limit"]:
            tally.reasons[head[9:12].decode()] += 1
            return
        tally.valid += 1
        tally.seconds.append(seconds)
        at = body.index(b'"degraded":') + 11
        if body.startswith(b"false", at):
            tally.whole += 1
            tally.whole_in_time += seconds <= self._budget
        else:
            tally.reasons[body[at : at + 60].split(b'"')[3].decode()] += 1
        if tally.valid % SAMPLE == 1:
            tally.sample.append((request, body))

    def _lost(self, caller: Caller) -> None:
        if caller.request is not None:
            caller.request = None
            self._tally.reasons["lost"] += 1
            self._open -= 1
            if not self._open:
                self._settled.set()
        elif caller in self._idle:
            self._idle.remove(caller)
