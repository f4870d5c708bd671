"""A rolling restart under load: nobody who asked is left without an answer."""

import asyncio
import json
import signal
from typing import Any

import pytest

from tests.reference_service.processes.service import Connection, Service, served

PATH = "/v1/now-playing/up-next:rank"


async def caller(
    service: Service, question: object, gone: asyncio.Event, statuses: asyncio.Queue[int]
) -> None:
    """Ask again and again, as a balancer lets its clients, until it has noticed that the service drains."""
    connection = await Connection.to(service.socket)
    while not gone.is_set():
        if connection.closing:
            await connection.close()
            connection = await Connection.to(service.socket)
        statuses.put_nowait((await connection.ask("POST", PATH, question))[0])
    await connection.close()


async def balancer(service: Service, gone: asyncio.Event) -> None:
    """Ask for readiness until the answer is no."""
    while not gone.is_set():
        probe = await Connection.to(service.socket)
        if (await probe.ask("GET", "/readyz"))[0] == 503:
            gone.set()
        await probe.close()


def test_a_stop_under_load_fails_no_request_and_refuses_connections_afterwards(
    question: dict[str, Any],
) -> None:
    async def load(service: Service) -> list[int]:
        gone, statuses = asyncio.Event(), asyncio.Queue[int]()
        callers = [asyncio.create_task(caller(service, question, gone, statuses)) for _ in range(6)]
        first = [await statuses.get() for _ in range(60)]
        service.process.send_signal(signal.SIGTERM)
        await balancer(service, gone)
        await asyncio.gather(*callers)
        return first + [statuses.get_nowait() for _ in range(statuses.qsize())]

    with served({"NOW_PLAYING_DRAIN_MS": "700"}) as service:
        statuses = asyncio.run(load(service))
        assert set(statuses) == {200}
        _, logged = service.process.communicate(timeout=30)
        assert service.process.returncode in (0, -signal.SIGTERM)
        with pytest.raises(OSError, match=r"\[Errno"):
            asyncio.run(Connection.to(service.socket))
    events = [json.loads(line)["event"] for line in logged.splitlines()]
    assert "draining" in events
    assert "listener-0003" not in logged


def test_a_second_signal_does_not_wait() -> None:
    with served({"NOW_PLAYING_DRAIN_MS": "60000"}) as service:
        for _ in range(2):
            service.process.send_signal(signal.SIGTERM)
            asyncio.run(_until_draining(service))
        service.process.communicate(timeout=30)


async def _until_draining(service: Service) -> None:
    status = 200
    while status != 503:
        try:
            connection = await Connection.to(service.socket)
        except OSError:
            return
        try:
            status, _ = await connection.ask("GET", "/readyz")
        except (OSError, asyncio.IncompleteReadError):
            return
        finally:
            await connection.close()
