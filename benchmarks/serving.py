"""A whole request with 500 candidates beside a request that does nothing, on the same stack.

CPU of the service per request (user and system, all threads), in interleaved rounds of one run; scoring is measured
alone, on the same rows and processor, and taken away. Target: CPU beyond scoring at most 6 times that of the
request that does nothing.

python -m benchmarks.serving [ROUNDS, default 8]
"""

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import uvloop

from benchmarks.load.generator import Caller
from benchmarks.load.model import write_models
from benchmarks.load.requests import Prepared, prepared
from benchmarks.load.stage import come_first, cpu_seconds, pin
from reference_service.features.assembly import NAMES
from reference_service.models.bundle import load_bundle
from reference_service.models.lock import MODELS, read_lock
from reference_service.ranking.nouns import Features
from tests.reference_service.processes.service import served

TARGET = 6.0
EACH, AT_ONCE = 400, 8
SHOWN = 30
NOTHING = """
import sys, uvicorn
from fastapi import FastAPI
app = FastAPI()
@app.get("/")
async def nothing() -> dict[str, bool]:
    return {"ok": True}
uvicorn.run(app, uds=sys.argv[1], access_log=False)
"""


async def exchange(socket: str, requests: Sequence[Prepared], count: int) -> None:
    """Send so many of these requests, some always in work."""
    loop = asyncio.get_running_loop()
    over, sent, ended = asyncio.Event(), 0, 0

    def done(caller: Caller, head: bytes, _body: bytes) -> None:
        nonlocal ended
        assert head.startswith(b"HTTP/1.1 200"), head
        ended += 1
        more(caller)
        if ended == count:
            over.set()

    def more(caller: Caller) -> None:
        nonlocal sent
        if sent < count:
            caller.send(requests[sent % len(requests)], time.monotonic())
            sent += 1

    callers = [
        (await loop.create_unix_connection(lambda: Caller(done, lambda _: None), socket))[1]
        for _ in range(AT_ONCE)
    ]
    for caller in callers:
        more(caller)
    await over.wait()
    for caller in callers:
        caller.close()


def scoring_ms(models: Path, candidates: int) -> float:
    """Return the CPU milliseconds of scoring so many candidates, and of the parts of those that are shown."""
    scorer = load_bundle(models / "bundles", read_lock(models).bundle, NAMES).scorer
    rows = Features(NAMES, np.random.default_rng(0).uniform(-1, 1, (candidates, len(NAMES))))
    shown = Features(NAMES, rows.values[:SHOWN])
    scores, times = scorer.scores("up_next", shown), list[float]()
    for _ in range(200):
        began = time.thread_time()
        scorer.scores("up_next", rows)
        scorer.parts("up_next", shown, scores)
        times.append(time.thread_time() - began)
    return statistics.median(times) * 1_000


def measure(models: Path, candidates: int, rounds: int, name: str) -> None:
    """Print one row of the table."""
    requests = prepared(64, candidates, 60_000)
    nothing = [Prepared("", {}, b"GET / HTTP/1.1\r\nhost: s\r\n\r\n")]
    with tempfile.TemporaryDirectory() as folder, served({"NOW_PLAYING_MODELS": str(models)}) as service:
        socket = f"{folder}/n"
        other = subprocess.Popen([sys.executable, "-c", NOTHING, socket], stderr=subprocess.PIPE, text=True)
        try:
            assert other.stderr is not None
            assert any("running on" in line for line in other.stderr)
            pin(service.process.pid, other.pid)
            spent: dict[str, list[float]] = {"ours": [], "nothing": []}
            for turn in range(rounds + 1):
                for key, process, path, some in (
                    ("ours", service.process.pid, service.socket, requests),
                    ("nothing", other.pid, socket, nothing),
                ):
                    before = cpu_seconds(process)
                    uvloop.run(exchange(path, some, EACH))
                    # The first round warms.
                    if turn:
                        spent[key].append((cpu_seconds(process) - before) / EACH * 1_000)
        finally:
            other.kill()
            other.communicate()
    ours, noop, scoring = *(statistics.median(spent[key]) for key in spent), scoring_ms(models, candidates)
    print(
        f"{name:<36} {ours:7.3f} {scoring:9.3f} {ours - scoring:9.3f} {noop:9.3f} {(ours - scoring) / noop:7.1f} x",
        flush=True,
    )


def main() -> None:
    """Print the table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 8
    come_first()
    print(f"{'CPU ms per request':<36} {'whole':>7} {'scoring':>9} {'beyond':>9} {'nothing':>9} {'ratio':>9}")
    with tempfile.TemporaryDirectory() as folder:
        write_models(Path(folder), trees=200, depth=6)
        measure(MODELS, 500, rounds, "500 candidates, the active model")
        measure(Path(folder), 500, rounds, "500 candidates, 200 trees of depth 6")
        measure(MODELS, 30, rounds, "30 candidates, the active model")
    print(f"target: beyond scoring at most {TARGET:.0f} x nothing, for 500 candidates")


if __name__ == "__main__":
    main()
