"""The service as its clients meet it, at a fixed instant."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from reference_service.app import create_app
from reference_service.settings import Settings
from reference_service.training.environment import TrainingUnavailable, training_python

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LISTENER: dict[str, Any] = {
    "listener_id": "listener-0003",
    "market": "GB",
    "product_tier": "premium",
    "explicit_allowed": True,
    "age_band": "adult",
    "hour_local": 9,
    "device": "phone",
    "now_playing": "track-0005",
}
TRACKS = [f"track-{number:04d}" for number in range(1, 61)]


@pytest.fixture(scope="session")
def client() -> Iterator[TestClient]:
    """A client of the service, started."""
    with TestClient(create_app(Settings(clock=NOW)), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def question() -> dict[str, Any]:
    """A fresh, valid body for up-next."""
    return {"context": dict(LISTENER), "candidates": [{"id": name} for name in TRACKS]}


@pytest.fixture(scope="session")
def trainer() -> Path:
    """The interpreter that has CatBoost and ONNX Runtime, built once a machine."""
    try:
        return training_python()
    except TrainingUnavailable as reason:
        pytest.skip(f"the training environment cannot be built: {reason}")
