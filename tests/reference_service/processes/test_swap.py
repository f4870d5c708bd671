"""Another model under load: no request fails, and none is answered by two models at once."""

import asyncio
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contracts.now_playing.invariants import CLOCK
from reference_service.models.lock import MODELS, Lock, read_lock, write_lock
from reference_service.rollback import rolled_back
from tests.reference_service.processes.service import Connection, Service, served

PATH = "/v1/now-playing/up-next:rank"
CALLERS = 4
LOCK = read_lock(MODELS)
AFTER, BEFORE = LOCK.bundle, str(LOCK.rollback)


@pytest.fixture
def stage() -> Iterator[tuple[Path, Service]]:
    """A service, and the folder of the models that it follows; it starts with the older one."""
    with tempfile.TemporaryDirectory() as folder:
        models = Path(folder)
        shutil.copytree(MODELS / "bundles", models / "bundles")
        write_lock(models, Lock(BEFORE, None, None))
        with served({"NOW_PLAYING_MODELS": folder, "NOW_PLAYING_CLOCK": CLOCK}) as service:
            yield models, service


class Load:
    """Callers that ask without a pause until they are told to stop; every answer is kept."""

    def __init__(self, service: Service, question: dict[str, Any]) -> None:
        self._service = service
        self._question = question
        self._over = False
        self.answers: list[dict[str, Any]] = []

    async def call(self) -> None:
        connection = await Connection.to(self._service.socket)
        while not self._over:
            status, answer = await connection.ask("POST", PATH, self._question)
            assert status == 200
            self.answers.append(answer)
        await connection.close()

    async def until(self, said: dict[str, Any]) -> dict[str, Any]:
        """Return what /readyz answers once it says this, and each caller has asked some more since."""
        connection = await Connection.to(self._service.socket)
        async with asyncio.timeout(60):
            while True:
                status, ready = await connection.ask("GET", "/readyz")
                assert status == 200
                if said.items() <= ready.items():
                    break
                await asyncio.sleep(0.05)
            enough = len(self.answers) + 10 * CALLERS
            while len(self.answers) < enough:  # noqa: ASYNC110  what it waits for is other callers' answers
                await asyncio.sleep(0.01)
        await connection.close()
        return ready

    def stop(self) -> None:
        self._over = True


def test_swap_rollback_and_a_bad_bundle_under_load_fail_nobody_and_mix_nothing(
    stage: tuple[Path, Service], question: dict[str, Any]
) -> None:
    models, service = stage
    load = Load(service, question)

    async def director() -> None:
        await load.until({"model": BEFORE, "faults": []})
        write_lock(models, Lock(AFTER, BEFORE, BEFORE))
        await load.until({"model": AFTER, "faults": []})
        assert rolled_back(models) == BEFORE
        await load.until({"model": BEFORE, "faults": []})
        weights = models / "bundles" / AFTER / "weights.json"
        weights.write_text(weights.read_text("utf-8").replace("0.", "1.", 1), "utf-8")
        write_lock(models, Lock(AFTER, BEFORE, BEFORE))
        await refused(load)
        load.stop()

    async def run() -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(CALLERS):
                group.create_task(load.call())
            group.create_task(director())

    asyncio.run(run())
    whole = [answer for answer in load.answers if not answer["degraded"]]
    served_by = Counter(answer["digests"]["model"] for answer in whole)
    assert served_by.keys() == {BEFORE, AFTER}
    orders = {
        model: {str(one["items"]) for one in whole if one["digests"]["model"] == model} for model in served_by
    }
    assert all(len(order) == 1 for order in orders.values()), "one model, one answer: nothing is mixed"
    assert orders[BEFORE] != orders[AFTER]
    assert {answer["degraded_reason"] for answer in load.answers} <= {None, "overloaded"}
    assert asyncio.run(swaps(service)) == {"swapped": 2, "refused": 1}


async def refused(load: Load) -> None:
    """Return once the bad bundle is named by /readyz, and the old one still serves."""
    async with asyncio.timeout(60):
        while not (ready := await load.until({"model": BEFORE}))["faults"]:
            pass
    assert ready["faults"][0].startswith("active.lock is not followed: weights.json: its SHA-256 is ")


async def swaps(service: Service) -> dict[str, float]:
    """Return what the service counted of swaps, by outcome."""
    reader, writer = await asyncio.open_unix_connection(service.socket, limit=2**20)
    writer.write(b"GET /metrics HTTP/1.1\r\nhost: s\r\nconnection: close\r\n\r\n")
    text = (await reader.read()).decode()
    writer.close()
    lines = [line for line in text.splitlines() if line.startswith("now_playing_model_swaps_total{")]
    return {line.split('"')[1]: float(line.rsplit(" ", 1)[1]) for line in lines}
