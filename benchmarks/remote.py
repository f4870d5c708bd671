"""What scoring on a model server costs beside scoring in process: the same trees, the same requests, one run.

The service runs three times: with its own bundle, and asking a real MLServer over HTTP and over gRPC, which
runs the same trees. Each answers the same rankings of 500 candidates in turn, one at a time; what counts is
the CPU of the service and of the server. An answer that the server did not score would spoil the figure, so
each is looked at.

python -m benchmarks.remote [REQUESTS A ROUND, default 300]
"""

import asyncio
import os
import statistics
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.load.requests import prepared
from tests.reference_service.models.remote.model_server import ModelServer, model_server
from tests.reference_service.processes.service import Connection, Service, served

PATH = "/v1/now-playing/up-next:rank"
CANDIDATES, ROUNDS = 500, 7
TICKS = os.sysconf("SC_CLK_TCK")
PATIENT = {"NOW_PLAYING_DEADLINE_MS": "60000", "NOW_PLAYING_MODEL_SERVER_MS": "10000"}


@dataclass(slots=True)
class Way:
    """One way to score, and what each round of it cost: CPU ms a request, of the service and of the server."""

    service: Service
    server: ModelServer | None
    scores: list[int] = field(default_factory=list)
    own: list[float] = field(default_factory=list)
    other: list[float] = field(default_factory=list)


def main(words: list[str]) -> int:
    """Measure, and print each way beside the first."""
    requests = int(words[0]) if words else 300
    with ExitStack() as held:
        server = held.enter_context(model_server())
        places = {
            "in process": {},
            "MLServer, HTTP": {"NOW_PLAYING_MODEL_SERVER": f"http://127.0.0.1:{server.http}/now_playing/1"},
            "MLServer, gRPC": {"NOW_PLAYING_MODEL_SERVER": f"grpc://127.0.0.1:{server.grpc}/now_playing/1"},
        }
        ways = {
            name: Way(held.enter_context(served({**PATIENT, **place})), server if place else None)
            for name, place in places.items()
        }
        asyncio.run(measure(ways, requests))
    floor = statistics.median(ways["in process"].own)
    print(
        f"{CANDIDATES} candidates, CPU ms a request, median of {ROUNDS} rounds of {requests} requests in turn"
    )
    for name, way in ways.items():
        own, other = statistics.median(way.own), statistics.median(way.other or [0.0])
        print(
            f"{name:<15} service {own:6.2f}  server {other:6.2f}  both {own + other:6.2f}"
            f"  {(own + other) / floor:5.1f} x in process"
        )
    same = len({tuple(way.scores) for way in ways.values()}) == 1
    print(f"scores of the three are {'equal, each of them' if same else 'DIFFERENT'}")
    return 0 if same else 1


async def measure(ways: Mapping[str, Way], requests: int) -> None:
    """Let each way answer in turn, round by round; the first round warms and is not counted."""
    body = prepared(1, CANDIDATES, deadline_ms=60_000)[0].body
    for number in range(ROUNDS + 1):
        for way in ways.values():
            own, other = await spent(way, body, requests)
            if number:
                way.own.append(own)
                if way.server is not None:
                    way.other.append(other)


async def spent(way: Way, body: Mapping[str, Any], requests: int) -> tuple[float, float]:
    """Return the CPU ms a request that the service and the server took, or raise RuntimeError."""
    connection = await Connection.to(way.service.socket)
    before = _cpu(way)
    for _ in range(requests):
        status, answer = await connection.ask("POST", PATH, body)
        if status != 200 or answer["degraded"]:
            raise RuntimeError(f"{status}, {answer.get('degraded_reason')}: this would not measure scoring")
        way.scores = [item["score"] for item in answer["items"]]
    own, other = (1_000 * (after - begun) / requests for after, begun in zip(_cpu(way), before, strict=True))
    await connection.close()
    return own, other


def _cpu(way: Way) -> tuple[float, float]:
    """Return the CPU seconds so far of the service and of the server."""
    server = 0.0 if way.server is None else seconds_of(way.server.process.pid)
    return seconds_of(way.service.process.pid), server


def seconds_of(process: int) -> float:
    """Return the CPU seconds of this process so far, its threads' included."""
    # What stands before the name may hold anything but a closing parenthesis after it.
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
