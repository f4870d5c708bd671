"""Filling a store, as an operator does it, and serving from what was written."""

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from reference_service.app import create_app
from reference_service.publish import main
from reference_service.settings import Settings
from tests.reference_service.conftest import NOW
from tests.reference_service.features.stores.redis_server import redis_server

UP_NEXT = "/v1/now-playing/up-next:rank"


def ranked(store: str, question: dict[str, Any]) -> dict[str, Any]:
    chosen = Settings.from_environment({"NOW_PLAYING_FEATURES": store}).features
    with TestClient(create_app(Settings(clock=NOW, features=chosen))) as client:
        answer: dict[str, Any] = client.post(UP_NEXT, json=question).json()
    assert not answer["degraded"]
    return answer


@pytest.mark.parametrize("kind", ["sqlite", "redis"])
def test_a_published_store_ranks_as_the_seeded_one_does(
    kind: str, tmp_path: Path, question: dict[str, Any]
) -> None:
    expected = ranked("sqlite", question)["items"]
    if kind == "sqlite":
        main([f"sqlite:{tmp_path / 'listeners.db'}"])
        assert ranked(f"sqlite:{tmp_path / 'listeners.db'}", question)["items"] == expected
        return
    with redis_server() as socket:
        main([f"redis+unix://{socket}"])
        assert ranked(f"redis+unix://{socket}", question)["items"] == expected


@pytest.mark.parametrize("words", [[], ["sqlite"], ["sqlite:a", "sqlite:b"]])
def test_what_cannot_be_filled_is_refused_with_the_usage(words: list[str]) -> None:
    with pytest.raises(SystemExit, match="usage"):
        main(words)


def test_a_store_that_is_not_there_is_no_store_that_was_filled(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="not published: no connection: FileNotFoundError"):
        main([f"redis+unix://{tmp_path / 'none'}"])
