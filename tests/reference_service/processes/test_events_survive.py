"""A killed process loses no event that it acknowledged."""

import asyncio
from pathlib import Path

import pytest

from reference_service.events.segment import event_of, lines_of
from tests.reference_service.api.test_events import EVENT, PATH
from tests.reference_service.processes.service import Connection, Service, served


@pytest.mark.parametrize("kill_after", [1, 40, 150])
def test_no_acknowledged_event_is_lost_on_kill(tmp_path: Path, kill_after: int) -> None:
    async def sender(service: Service, name: int, acknowledged: set[str], enough: asyncio.Event) -> None:
        connection = await Connection.to(service.socket)
        for number in range(1_000_000):
            ids = [f"e-{name}-{number}-{place}" for place in range(3)]
            sent = {"events": [{**EVENT, "id": one} for one in ids]}
            try:
                status, _ = await connection.ask("POST", PATH, sent)
            except (OSError, asyncio.IncompleteReadError):
                await connection.close()
                return
            assert status == 200
            acknowledged.update(ids)
            if len(acknowledged) >= kill_after:
                enough.set()

    async def load(service: Service) -> set[str]:
        acknowledged, enough = set[str](), asyncio.Event()
        senders = [asyncio.create_task(sender(service, name, acknowledged, enough)) for name in range(8)]
        await enough.wait()
        service.process.kill()
        await asyncio.gather(*senders)
        return acknowledged

    with served({"NOW_PLAYING_EVENTS": str(tmp_path)}) as service:
        acknowledged = asyncio.run(load(service))
    log = tmp_path / "events-00.log"
    held = b"\n".join(event for event in map(event_of, lines_of(log)) if event is not None).decode()
    assert all(f'"{one}"' in held for one in acknowledged)

    async def resend(service: Service) -> dict[str, object]:
        connection = await Connection.to(service.socket)
        again = sorted(acknowledged)[:100]
        _, answer = await connection.ask("POST", PATH, {"events": [{**EVENT, "id": one} for one in again]})
        await connection.close()
        return {**answer, "sent": len(again)}

    with served({"NOW_PLAYING_EVENTS": str(tmp_path)}) as service:
        answer = asyncio.run(resend(service))
    assert (answer["accepted"], answer["duplicates"]) == (0, answer["sent"])
