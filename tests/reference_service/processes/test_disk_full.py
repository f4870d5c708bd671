"""A disk that is really full: no event is acknowledged, rankings go on, and space makes it well again."""

import asyncio
import os
import resource
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.reference_service.processes.service import Connection, Service, served

EVENTS, UP_NEXT = "/v1/now-playing/events", "/v1/now-playing/up-next:rank"
SMALL = 64 * 1024

Heal = Callable[[], None]


@contextmanager
def full_file_system() -> Iterator[tuple[Service, Heal]]:
    """A service whose events lie on a file system without a free byte."""
    with tempfile.TemporaryDirectory() as folder:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL}", "tmpfs", folder]
        if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
            pytest.skip("only root, where mounting is allowed, can make a file system")
        try:
            with served({"NOW_PLAYING_EVENTS": folder}) as service:
                filler = Path(folder) / "filler"
                with filler.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
                    while True:
                        file.write(b"x" * 512)
                yield service, filler.unlink
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)


@contextmanager
def full_quota() -> Iterator[tuple[Service, Heal]]:
    """A service whose files may not grow."""
    with tempfile.TemporaryDirectory() as folder, served({"NOW_PLAYING_EVENTS": folder}) as service:
        limit, process = resource.RLIMIT_FSIZE, service.process.pid
        _, hard = resource.prlimit(process, limit)
        resource.prlimit(process, limit, (0, hard))

        def heal() -> None:
            resource.prlimit(process, limit, (hard, hard))

        yield service, heal


def event(number: int) -> dict[str, Any]:
    return {
        "events": [
            {
                "id": f"event-{number}",
                "type": "play",
                "at_ms": 1,
                "listener_id": "listener-0001",
                "item_id": "track-0001",
                "surface": "up_next",
            }
        ]
    }


@pytest.mark.parametrize("full", [full_file_system, full_quota])
def test_a_full_disk_costs_events_and_nothing_else_and_they_are_held_once_there_is_space(
    full: Callable[[], Any], question: dict[str, Any]
) -> None:
    async def ask(service: Service, heal: Heal) -> None:
        connection = await Connection.to(service.socket)
        for number in range(20):
            status, answer = await connection.ask("POST", EVENTS, event(number))
            assert status == 503, answer
            status, answer = await connection.ask("POST", UP_NEXT, question)
            assert (status, answer["degraded"]) == (200, False)
        heal()
        for number in range(20):
            status, answer = await connection.ask("POST", EVENTS, event(number))
            assert (status, answer["accepted"]) == (200, 1)
        await connection.close()

    with full() as (service, heal):
        asyncio.run(ask(service, heal))
