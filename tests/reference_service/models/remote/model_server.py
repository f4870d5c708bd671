"""A real MLServer on loopback, for tests: in an environment of its own, built once from `mlserver.lock`.

It serves the committed bundle under several names: `now_playing` declares our signature, each other name
declares what real servers are found to declare.
"""

import json
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from reference_service.features.assembly import NAMES
from reference_service.models.lock import MODELS, read_lock
from reference_service.models.signature import SURFACES
from reference_service.training.environment import TrainingUnavailable, locked_python

ROOT = Path(__file__).resolve().parents[4]
LOCK = Path(__file__).with_name("mlserver.lock")
CACHE = Path.home() / ".cache" / "now-playing-model-server"
RUNTIME = "tests.reference_service.models.remote.runtime.TreesRuntime"
START_SECONDS = 120

Settings = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ModelServer:
    """A running MLServer and where it listens."""

    process: subprocess.Popen[bytes]
    http: int
    grpc: int


def _swap(settings: Settings) -> None:
    inputs = settings["inputs"]
    inputs[0], inputs[1] = inputs[1], inputs[0]


def _hide(settings: Settings) -> None:
    del settings["inputs"], settings["outputs"]


def _one_matrix(settings: Settings) -> None:
    settings["inputs"] = [{"name": "input-0", "datatype": "FP32", "shape": [-1, len(NAMES)]}]


def _as_declared(_settings: Settings) -> None:
    """Leave the settings as they are."""


NAMED: dict[str, Callable[[Settings], None]] = {
    "now_playing": _as_declared,
    "swapped": _swap,
    "undeclared": _hide,
    "matrix": _one_matrix,
}


@contextmanager
def model_server(http: int | None = None, grpc: int | None = None) -> Iterator[ModelServer]:
    """Start MLServer on these ports or on free ones; skip the test where it cannot be installed."""
    try:
        python = locked_python(LOCK, CACHE)
    except TrainingUnavailable as reason:
        pytest.skip(f"MLServer cannot be installed: {reason}")
    ports = (http or free_port(), grpc or free_port())
    with tempfile.TemporaryDirectory() as folder:
        _write_models(Path(folder), *ports)
        log = Path(folder) / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [str(python.with_name("mlserver")), "start", folder],
                cwd=folder,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            _wait(process, log)
            yield ModelServer(process, *ports)
        finally:
            process.kill()
            process.wait(timeout=30)


def free_port() -> int:
    """Return a port of loopback that nobody listened on a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _wait(process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while b"Uvicorn running" not in (said := log.read_bytes()) or b"gRPC server running" not in said:
        assert process.poll() is None, said.decode(errors="replace")[-2_000:]
        assert time.monotonic() < deadline, said.decode(errors="replace")[-2_000:]
        time.sleep(0.05)
    assert b"failed to load" not in said, said.decode(errors="replace")[-2_000:]


def _write_models(folder: Path, http: int, grpc: int) -> None:
    server = {"host": "127.0.0.1", "http_port": http, "grpc_port": grpc, "metrics_endpoint": None}
    (folder / "settings.json").write_text(json.dumps({**server, "parallel_workers": 0, "debug": False}))
    for name, change in NAMED.items():
        for surface in SURFACES:
            model = folder / f"{name}_{surface}"
            model.mkdir()
            settings = _settings_of(model.name)
            change(settings)
            (model / "model-settings.json").write_text(json.dumps(settings))


def _settings_of(name: str) -> Settings:
    return {
        "name": name,
        "implementation": RUNTIME,
        "platform": "oblivious-trees",
        "inputs": [{"name": one, "datatype": "FP32", "shape": [-1]} for one in NAMES],
        "outputs": [{"name": "score", "datatype": "FP64", "shape": [-1]}],
        "parameters": {"version": "1", "uri": str(MODELS / "bundles" / read_lock(MODELS).bundle)},
    }
