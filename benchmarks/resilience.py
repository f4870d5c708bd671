"""Faults at 1, 2 and 4 times the capacity of the service, measured by turns in the same run.

Each fault acts while an open loop sends rankings of 500 candidates; then it ends, and the time until full quality
is measured. Capacity is what a closed loop gets through without a fault: each load is a multiple of what it was just
before, and goodput a share of what it was before and after, since machines do not keep their pace. Service and
generator have a processor each. A sample of the answers is judged by the contract's invariants. While the event
log's disk is full, events are sent too, and none may be acknowledged.

python -m benchmarks.resilience [SECONDS A CELL, default 3] [FAULT ...] [--trees TREES]
"""

import argparse
import asyncio
import json
import os
import subprocess
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import get_args

import uvloop

from benchmarks.load.generator import Generator, Tally
from benchmarks.load.model import write_models
from benchmarks.load.requests import prepared
from benchmarks.load.stage import come_first, pin
from contracts.now_playing.invariants import CLOCK, INVARIANTS
from reference_service.features.stores.redis import RedisStore
from reference_service.settings import RedisAddress
from tests.reference_service.faults.proxy import Proxy, Toxic, proxied
from tests.reference_service.features.stores.redis_server import redis_server
from tests.reference_service.models.remote.liar import Liar, listening
from tests.reference_service.processes.service import Connection, Service, served

ANSWERED, IN_BUDGET, DEGRADED, GOODPUT, RECOVERY = 99.9, 97.0, 1.0, 70.0, 3.0
BUDGET_MS = 150
CANDIDATES, LOADS = 500, (1, 2, 4)
CONNECTIONS, AT_ONCE = 300, 16
CAPACITY_SECONDS, WARM_SECONDS = 0.5, 0.2
TURN_SECONDS = 1.0
DISK_BYTES = 2 * 2**20
EVENTS_A_SECOND = 20
CATALOGUE = Path(__file__).parent.parent / "contracts" / "now_playing" / "catalogue.json"

Change = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong, and how it begins and ends."""

    name: str
    begin: Change
    end: Change


@contextmanager
def small_disk() -> Iterator[Path | None]:
    """Yield a folder on a file system of its own, or None where this process may not make one."""
    with tempfile.TemporaryDirectory() as folder:
        made = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", folder],
            check=False,
            capture_output=True,
        )
        if made.returncode:
            yield None
            return
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder: Path) -> None:
    """Leave no byte on the file system of this folder."""
    with (folder / "filler").open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4_096):
                pass
        except OSError:
            return


async def _filled(path: Path) -> None:
    store = RedisStore(RedisAddress(path=str(path)))
    await store.publish(7)
    await store.close()


async def _nothing() -> None:
    """Change nothing."""


def store_faults(proxy: Proxy) -> list[Fault]:
    """Return the faults of the way to the feature store."""

    async def poison(toxic: Toxic) -> None:
        proxy.poison(toxic)

    return [Fault(toxic, partial(poison, toxic), partial(poison, "none")) for toxic in get_args(Toxic)]


def disk_fault(disk: Path, socket: str) -> Fault:
    """Return a full disk, with events that are sent meanwhile; none may be acknowledged until it ends."""
    sending: list[asyncio.Task[None]] = []

    async def send() -> None:
        connection, number = await Connection.to(socket), 0
        while True:
            number += 1
            event = {"id": f"full-{number}", "type": "play", "at_ms": 1, "listener_id": "listener-0001"}
            body = {"events": [{**event, "item_id": "track-0001", "surface": "up_next"}]}
            status, _ = await connection.ask("POST", "/v1/now-playing/events", body)
            assert status == 503, f"an event was answered {status} by a full disk"
            await asyncio.sleep(1 / EVENTS_A_SECOND)

    async def begin() -> None:
        fill(disk)
        sending.append(asyncio.create_task(send()))

    async def end() -> None:
        task = sending.pop()
        if task.done():
            task.result()
        task.cancel()
        (disk / "filler").unlink()

    return Fault("disk full", begin, end)


def server_faults(liar: Liar) -> list[Fault]:
    """Return the faults of a model server."""

    async def lie(fault: str) -> None:
        liar.fault = fault

    names = {"server: none": "none", "server: slow": "slow", "server: shape": "another shape"}
    return [Fault(name, partial(lie, fault), partial(lie, "none")) for name, fault in names.items()]


class Matrix:
    """Measures the faults of one service."""

    def __init__(self, service: Service, seconds: float) -> None:
        self._generator = Generator(
            service.socket, prepared(64, CANDIDATES, BUDGET_MS), BUDGET_MS / 1_000, seed=7
        )
        self._seconds = seconds
        self._catalogue = json.loads(CATALOGUE.read_text("utf-8"))

    async def measure(self, faults: list[Fault]) -> None:
        """Print the table of these faults."""
        generator = self._generator
        await generator.open(CONNECTIONS)
        await generator.recovery(2 * RECOVERY)
        print(
            "fault          load capacity   sent answered% in budget% degraded% goodput%  p50 ms  p99 ms  back s"
        )
        for fault in faults:
            for load in LOADS:
                await self._cell(fault, load)
        await generator.close()

    async def _capacity(self) -> float:
        """Return the answers of full quality a second."""
        await self._generator.capacity(WARM_SECONDS, AT_ONCE)
        capacity, _ = await self._generator.capacity(CAPACITY_SECONDS, AT_ONCE)
        return capacity

    async def _cell(self, fault: Fault, load: int) -> None:
        tally, back, wanted = Tally(), 0.0, 0.0
        turns = max(1, round(self._seconds / TURN_SECONDS))
        capacities = [await self._capacity()]
        for _ in range(turns):
            await fault.begin()
            tally.add(await self._generator.flood(load * capacities[-1], self._seconds / turns))
            await fault.end()
            back = max(back, await self._generator.recovery(2 * RECOVERY))
            capacities.append(await self._capacity())
            wanted += (capacities[-2] + capacities[-1]) / 2 * self._seconds / turns
        self._judge(tally)
        share = 100 / tally.sent
        print(
            f"{fault.name:<14} {load:>4} {wanted / self._seconds:>8.0f} {tally.sent:>6} {share * tally.valid:>9.2f}"
            f" {share * tally.in_time(BUDGET_MS / 1_000):>10.2f} {100 - share * tally.whole:>9.2f}"
            f" {100 * tally.whole_in_time / wanted:>8.1f} {1_000 * tally.percentile(0.5):>7.1f}"
            f" {1_000 * tally.percentile(0.99):>7.1f} {back:>7.2f}"
            f"  {' '.join(f'{reason}:{count}' for reason, count in tally.reasons.most_common())}",
            flush=True,
        )

    def _judge(self, tally: Tally) -> None:
        """Raise AssertionError if an answer of the sample breaks an invariant of the contract."""
        for request, body in tally.sample:
            asked = {"operation": request.operation, "body": request.body}
            for name, invariant in INVARIANTS.items():
                fault = invariant(asked, json.loads(body), self._catalogue)
                assert fault is None, f"{name}: {fault}"


async def _store_and_disk(
    upstream: Path, between: Path, disk: Path | None, service: Service, seconds: float, only: list[str]
) -> None:
    async with proxied(upstream, between) as proxy:
        faults = store_faults(proxy) + ([] if disk is None else [disk_fault(disk, service.socket)])
        await Matrix(service, seconds).measure([one for one in faults if not only or one.name in only])


async def _model_server(environment: Mapping[str, str], seconds: float, only: list[str]) -> None:
    liar = Liar()
    async with listening("http", liar) as port:
        address = {"NOW_PLAYING_MODEL_SERVER": f"http://127.0.0.1:{port}/model"}
        with await asyncio.to_thread(ExitStack().__enter__) as held:
            service = held.enter_context(served({**environment, **address}))
            pin(service.process.pid)
            faults = server_faults(liar)
            await Matrix(service, seconds).measure([one for one in faults if not only or one.name in only])


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.resilience")
    parser.add_argument("seconds", type=float, nargs="?", default=3.0)
    parser.add_argument("faults", nargs="*")
    parser.add_argument("--trees", type=int, default=200, help="0 for the active model")
    options = parser.parse_args()
    come_first()
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory()))
        environment = {"NOW_PLAYING_CLOCK": CLOCK}
        if options.trees:
            write_models(folder, options.trees, depth=6)
            environment["NOW_PLAYING_MODELS"] = str(folder)
        size = f"{options.trees} trees of depth 6" if options.trees else "the active model"
        print(f"{CANDIDATES} candidates, {size}, budget {BUDGET_MS} ms, {os.cpu_count()} processors")
        upstream, between = held.enter_context(redis_server()), folder / "p"
        asyncio.run(_filled(upstream))
        disk = held.enter_context(small_disk())
        chosen = {"NOW_PLAYING_FEATURES": f"redis+unix://{between}"}
        if disk is not None:
            chosen["NOW_PLAYING_EVENTS"] = str(disk)
        with served({**environment, **chosen}) as service:
            pin(service.process.pid)
            uvloop.run(_store_and_disk(upstream, between, disk, service, options.seconds, options.faults))
        uvloop.run(_model_server(environment, options.seconds, options.faults))
    print(
        f"targets: answered {ANSWERED} %, in budget {IN_BUDGET} %, without a fault at load 1 degraded {DEGRADED} %"
        f" and at load 4 goodput {GOODPUT} %, back in {RECOVERY} s"
    )


if __name__ == "__main__":
    main()
