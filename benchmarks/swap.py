"""Models swapped back and forth under load: requests that fail, answers of two models at once, and the CPU it costs.

Callers ask one real service without a pause, first while its model stays, then while `active.lock` changes every
second. Each answer must be the one that the model it names gives to that request when nothing else happens.

python -m benchmarks.swap [SWAPS, default 20]
"""

import asyncio
import shutil
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.load.requests import prepared
from benchmarks.remote import seconds_of
from contracts.now_playing.invariants import CLOCK
from reference_service.models.lock import MODELS, Lock, read_lock, write_lock
from tests.reference_service.processes.service import Connection, Service, served

PATH = "/v1/now-playing/up-next:rank"
CALLERS, REQUESTS, CANDIDATES = 4, 24, 200
LOCK = read_lock(MODELS)
PAIR = (LOCK.bundle, str(LOCK.rollback))


@dataclass(slots=True)
class Seen:
    """What the callers saw: the items that each model gave to each request, and what should not be."""

    answers: int = 0
    failed: int = 0
    mixed: int = 0
    degraded: int = 0
    models: Counter[str] = field(default_factory=Counter)
    items: dict[tuple[int, str], list[Any]] = field(default_factory=dict)


def main(words: list[str]) -> int:
    """Measure and print; return 1 if a request failed or an answer was mixed."""
    swaps = int(words[0]) if words else 20
    with tempfile.TemporaryDirectory() as folder:
        models = Path(folder)
        shutil.copytree(MODELS / "bundles", models / "bundles")
        write_lock(models, Lock(PAIR[0], None, None))
        with served({"NOW_PLAYING_MODELS": folder, "NOW_PLAYING_CLOCK": CLOCK}) as service:
            return asyncio.run(measure(models, service, swaps))


async def measure(models: Path, service: Service, swaps: int) -> int:
    """Load the service without swaps, and with them."""
    seen = Seen()
    # Each model's answers are known first, while nobody else asks.
    for model in (PAIR[1], PAIR[0]):
        await swapped(models, service, model)
        await call(service, seen, asyncio.Event(), once=True)
    calm = await loaded(service, seen, asyncio.sleep(swaps / 2))
    swapping = await loaded(service, seen, back_and_forth(models, service, swaps))
    print(f"{seen.answers} answers, {seen.failed} failed, {seen.mixed} mixed, {seen.degraded} degraded")
    print(f"{swaps} swaps under {CALLERS} callers; by model: {sorted(seen.models.values())}")
    print(
        f"CPU ms a request: {calm:.2f} while the model stays, {swapping:.2f} while it is swapped every second"
    )
    print(f"target: 0 failed, 0 mixed; reached {seen.failed} and {seen.mixed}")
    return int(bool(seen.failed or seen.mixed))


async def loaded(
    service: Service, seen: Seen, meanwhile: Any
) -> float:  # Any: what is awaited, whatever it gives
    """Return the CPU ms a request of the service, under callers that ask until `meanwhile` has happened."""
    over, before, answers = asyncio.Event(), seconds_of(service.process.pid), seen.answers
    callers = [asyncio.create_task(call(service, seen, over)) for _ in range(CALLERS)]
    await meanwhile
    over.set()
    await asyncio.gather(*callers)
    return 1_000 * (seconds_of(service.process.pid) - before) / (seen.answers - answers)


async def call(service: Service, seen: Seen, over: asyncio.Event, *, once: bool = False) -> None:
    """Ask the same requests again and again until it is over, or once."""
    bodies = [one.body for one in prepared(REQUESTS, CANDIDATES, deadline_ms=60_000)]
    connection = await Connection.to(service.socket)
    while not over.is_set():
        for number, body in enumerate(bodies):
            status, answer = await connection.ask("POST", PATH, body)
            seen.answers += 1
            seen.failed += status != 200
            if status == 200 and answer["degraded"]:
                seen.degraded += 1
            elif status == 200:
                model = answer["digests"]["model"]
                seen.models[model] += 1
                seen.mixed += seen.items.setdefault((number, model), answer["items"]) != answer["items"]
        if once:
            break
    await connection.close()


async def back_and_forth(models: Path, service: Service, swaps: int) -> None:
    """Swap so many times, and wait each time until the service says that it has followed."""
    for number in range(swaps):
        await swapped(models, service, PAIR[(number + 1) % 2])


async def swapped(models: Path, service: Service, model: str) -> None:
    """Name this model in the lock, and wait until the service serves it."""
    write_lock(models, Lock(model, None, None))
    connection = await Connection.to(service.socket)
    while (await connection.ask("GET", "/readyz"))[1].get("model") != model:  # noqa: ASYNC110  it asks
        await asyncio.sleep(0.02)
    await connection.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
