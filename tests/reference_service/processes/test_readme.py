"""The README's lines for the service, each run against what it names: a real Redis, a real MLServer, a folder."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from reference_service.models.lock import MODELS, read_lock, write_lock
from tests.docs.documents import ROOT, blocks_of
from tests.reference_service.features.stores.redis_server import redis_server
from tests.reference_service.models.remote.model_server import model_server
from tests.reference_service.processes.service import Connection, served

LINES = [line for block in blocks_of(ROOT / "README.md") if block.word == "service" for line in block.lines]
LOCK = read_lock(MODELS)


@pytest.fixture
def places(tmp_path: Path) -> Iterator[Mapping[str, str]]:
    """What stands in this test for each place that the README names."""
    with ExitStack() as held:
        redis = held.enter_context(redis_server())
        server = held.enter_context(model_server())
        models = tmp_path / "models"
        shutil.copytree(MODELS / "bundles", models / "bundles")
        write_lock(models, LOCK)
        yield {
            "redis://127.0.0.1:6379": f"redis+unix://{redis}",
            "http://127.0.0.1:8080": f"http://127.0.0.1:{server.http}",
            "grpc://127.0.0.1:8081": f"grpc://127.0.0.1:{server.grpc}",
            "/var/lib/now-playing": str(tmp_path / "events"),
            "/srv/models": str(models),
        }


def test_each_line_does_what_it_says(
    places: Mapping[str, str], question: dict[str, Any], tmp_path: Path
) -> None:
    answers = {}
    for line in LINES:
        here = line
        for written, place in places.items():
            here = here.replace(written, place)
        first, *rest = here.split()
        if rest == ["make", "serve"]:
            name, _, value = first.partition("=")
            answers[line.split()[0]] = asyncio.run(asked({name: value}, question))
        else:
            subprocess.run([sys.executable, *rest], check=True, cwd=ROOT, env=os.environ, timeout=60)
    reads, events, models, http, grpc = answers.values()
    assert reads["items"] == events["items"] == models["items"]
    assert reads["digests"]["features"] != events["digests"]["features"]
    assert list((tmp_path / "events").iterdir())
    assert http["digests"] == grpc["digests"] != models["digests"]
    # MLServer runs the same trees, so only what names the model and the parts differ.
    assert [item["score"] for item in http["items"]] == [item["score"] for item in models["items"]]
    assert read_lock(tmp_path / "models").bundle == LOCK.rollback


async def asked(environment: Mapping[str, str], question: dict[str, Any]) -> dict[str, Any]:
    """Return what a service of this environment answers, at full quality: a busy machine may be slow at first."""
    with served(environment) as service:
        connection = await Connection.to(service.socket)
        answer: dict[str, Any] = {"degraded": True}
        async with asyncio.timeout(60):
            while answer["degraded"]:
                status, answer = await connection.ask("POST", "/v1/now-playing/up-next:rank", question)
                assert status == 200
        await connection.close()
        return answer
