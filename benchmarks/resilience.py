"""Faults of the feature store, and of the event log's disk, at 1, 2 and 4 times the capacity of the service.

Capacity is measured first, in this run, by a closed loop. Then each fault acts under an open loop: requests
have the times they should be sent at, and a late one counts from then. Service and generator are pinned to a
processor each, where there are two.

python -m benchmarks.resilience [SECONDS A CELL, default 3] [TOXIC ...]
"""

import asyncio
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from reference_service.features.stores.redis import RedisStore
from reference_service.settings import RedisAddress
from tests.reference_service.faults.proxy import Proxy, Toxic, proxied
from tests.reference_service.features.stores.redis_server import redis_server
from tests.reference_service.processes.service import Service, served

ANSWERED, IN_BUDGET, DEGRADED, GOODPUT, RECOVERY = 99.9, 97.0, 1.0, 70.0, 3.0
BUDGET_SECONDS = 0.15
CONNECTIONS = 64
CANDIDATES = 200
CAPACITY_SECONDS = 3.0
TOXICS: tuple[Toxic, ...] = get_args(Toxic)


@dataclass(slots=True)
class Tally:
    """What became of the requests of one cell."""

    sent: int = 0
    valid: int = 0
    in_time: int = 0
    whole: int = 0
    seconds: list[float] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)


class Generator:
    """Sends rankings over kept-alive connections."""

    def __init__(self, socket: str) -> None:
        self._socket = socket
        self._idle: asyncio.LifoQueue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.LifoQueue()
        self._random = random.Random(7)

    async def open(self) -> None:
        """Open the connections."""
        for _ in range(CONNECTIONS):
            self._idle.put_nowait(await asyncio.open_unix_connection(self._socket, limit=2**20))

    async def close(self) -> None:
        """Close the connections."""
        while not self._idle.empty():
            self._idle.get_nowait()[1].close()

    async def ask(self, tally: Tally, due: float) -> bool:
        """Send one request that should have left at `due`; return whether its answer was of full quality."""
        tally.sent += 1
        reader, writer = await self._idle.get()
        try:
            writer.write(_request(self._random.randrange(1, 401)))
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            body = await reader.readexactly(length)
        except (OSError, asyncio.IncompleteReadError):
            reader, writer = await asyncio.open_unix_connection(self._socket, limit=2**20)
            return False
        finally:
            self._idle.put_nowait((reader, writer))
        seconds = time.monotonic() - due
        whole = b'"degraded":false' in body
        tally.seconds.append(seconds)
        tally.valid += head.startswith(b"HTTP/1.1 200") and body.count(b'"score"') == 30
        tally.in_time += seconds <= BUDGET_SECONDS
        tally.whole += whole
        if not whole:
            tally.reasons[body.split(b'"degraded_reason":"')[1].split(b'"')[0].decode()] += 1
        return whole

    async def flood(self, rate: float, seconds: float) -> Tally:
        """Send at this rate, in a Poisson stream, whether answers come or not."""
        tally, tasks = Tally(), []
        due = time.monotonic()
        end = due + seconds
        while due < end:
            due += self._random.expovariate(rate)
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            tasks.append(asyncio.create_task(self.ask(tally, due)))
        await asyncio.gather(*tasks)
        return tally

    async def capacity(self, seconds: float) -> float:
        """Return how many requests a second are answered in full, with two always in work."""
        end, tally = time.monotonic() + seconds, Tally()

        async def one() -> None:
            while time.monotonic() < end:
                await self.ask(tally, time.monotonic())

        await asyncio.gather(one(), one())
        return tally.whole / seconds

    async def recovery(self) -> float:
        """Return the seconds until an answer is of full quality."""
        began = time.monotonic()
        while not await self.ask(Tally(), time.monotonic()):
            await asyncio.sleep(0.01)
            if time.monotonic() - began > 4 * RECOVERY:
                break
        return time.monotonic() - began


def _request(listener: int) -> bytes:
    body = _BODY.replace(b"listener-0000", b"listener-%04d" % listener)
    return _HEAD + body


_CONTEXT: dict[str, Any] = {
    "listener_id": "listener-0000",
    "market": "GB",
    "product_tier": "premium",
    "explicit_allowed": True,
    "age_band": "adult",
    "hour_local": 9,
    "device": "phone",
    "now_playing": "track-0005",
}
_BODY = json.dumps(
    {
        "context": _CONTEXT,
        "candidates": [{"id": f"track-{one:04d}", "source": "radio"} for one in range(1, CANDIDATES + 1)],
    }
).encode()
_HEAD = (
    b"POST /v1/now-playing/up-next:rank HTTP/1.1\r\nhost: s\r\ncontent-type: application/json\r\n"
    b"content-length: %d\r\n\r\n" % len(_BODY)
)


@contextmanager
def _stage() -> Iterator[tuple[Path, Path, Service]]:
    """Yield the path of a filled Redis, the path that the service reads it through, and the service."""
    with redis_server() as upstream, tempfile.TemporaryDirectory() as folder:
        asyncio.run(_filled(upstream))
        between = Path(folder) / "p"
        with served({"NOW_PLAYING_FEATURES": f"redis+unix://{between}"}) as service:
            _pin(service)
            yield upstream, between, service


def _pin(service: Service) -> None:
    processors = sorted(os.sched_getaffinity(0))
    if len(processors) > 1:
        os.sched_setaffinity(service.process.pid, {processors[0]})
        os.sched_setaffinity(0, set(processors[1:]))


async def _filled(path: Path) -> None:
    store = RedisStore(RedisAddress(path=str(path)))
    await store.publish(7)
    await store.close()


async def _measure(
    upstream: Path, between: Path, service: Service, seconds: float, toxics: tuple[Toxic, ...]
) -> None:
    async with proxied(upstream, between) as proxy:
        generator = Generator(service.socket)
        await generator.open()
        await generator.capacity(1.0)
        capacity = await generator.capacity(CAPACITY_SECONDS)
        print(f"capacity {capacity:.0f} full answers a second, {CANDIDATES} candidates, one processor")
        print("fault       load   sent answered%  in 150 ms%  degraded%  full goodput%  p99 ms  recovery s")
        for toxic in toxics:
            for load in (1, 2, 4):
                await _cell(proxy, generator, toxic, load, capacity, seconds)
        await generator.close()
    print(
        f"targets: answered {ANSWERED} %, in budget {IN_BUDGET} %, degraded without a fault at load 1 at most "
        f"{DEGRADED} %,\n  full goodput at load 4 without a fault {GOODPUT} %, recovery {RECOVERY} s"
    )


async def _cell(
    proxy: Proxy, generator: Generator, toxic: Toxic, load: int, capacity: float, seconds: float
) -> None:
    proxy.poison("none")
    await generator.recovery()
    proxy.poison(toxic)
    tally = await generator.flood(load * capacity, seconds)
    proxy.poison("none")
    recovered = await generator.recovery()
    answered, in_time, whole = (100 * one / tally.sent for one in (tally.valid, tally.in_time, tally.whole))
    goodput = 100 * tally.whole / seconds / capacity
    p99 = sorted(tally.seconds)[int(len(tally.seconds) * 0.99)] * 1_000 if tally.seconds else float("nan")
    print(
        f"{toxic:<11} {load:>4} {tally.sent:>6} {answered:>9.2f} {in_time:>11.2f} {100 - whole:>10.2f} "
        f"{goodput:>14.0f} {p99:>7.0f} {recovered:>11.2f}"
        f"  {' '.join(f'{reason}:{count}' for reason, count in tally.reasons.most_common())}",
        flush=True,
    )


def main() -> None:
    """Print the table."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
    toxics = tuple(toxic for toxic in TOXICS if toxic in sys.argv[2:] or not sys.argv[2:])
    with _stage() as (upstream, between, service):
        asyncio.run(_measure(upstream, between, service, seconds, toxics))


if __name__ == "__main__":
    main()
