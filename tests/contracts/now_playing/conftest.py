"""The contract's scenarios and the service that answers them, each made once."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from starlette.testclient import TestClient

from contracts.now_playing.invariants import CLOCK
from reference_service.app import create_app
from reference_service.settings import Settings

CONTRACT = Path(__file__).parents[3] / "contracts" / "now_playing"
Scenario = dict[str, Any]


@pytest.fixture(scope="session")
def scenarios() -> dict[str, Scenario]:
    """Every scenario by the name of its file."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return {
        path.stem: yaml.load(path.read_text("utf-8"), loader) for path in (CONTRACT / "golden").glob("*.yaml")
    }


@pytest.fixture(scope="session")
def catalogue() -> dict[str, Any]:
    """The facts that the contract states."""
    facts: dict[str, Any] = json.loads((CONTRACT / "catalogue.json").read_text("utf-8"))
    return facts


@pytest.fixture(scope="session")
def client() -> Iterator[TestClient]:
    """A client of the service at the contract's instant."""
    with TestClient(create_app(Settings(clock=datetime.fromisoformat(CLOCK)))) as client:
        yield client
