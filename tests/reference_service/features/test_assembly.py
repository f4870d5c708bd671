"""Features online and offline are one definition, and what is not known is not a number and breaks nothing."""

import json
import math
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from reference_service.api.responses import RankingAnswer
from reference_service.app import create_app
from reference_service.features.assembly import NAMES
from reference_service.features.draws import DIMENSIONS
from reference_service.features.listeners import Listener
from reference_service.models.scorer import TreeScorer
from reference_service.models.signature import SURFACES
from reference_service.ranking.nouns import Features, IntArray, Surface
from reference_service.settings import Settings
from reference_service.training.simulator import NOW, World

PATHS: dict[Surface, str] = {"cards": "/v1/now-playing/cards:rank", "up_next": "/v1/now-playing/up-next:rank"}


class Holding:
    """A store that holds one listener, whoever is asked for."""

    digest = "0" * 64

    def __init__(self, listener: Listener) -> None:
        self._listener = listener

    async def read(self, listener_id: str) -> Listener:
        return self._listener


def unknown(value: float) -> Listener:
    return Listener((value,) * DIMENSIONS, MappingProxyType({"track": value, "lyrics": value}))


@pytest.mark.parametrize("value", [math.nan, 1e300, -1e300])
def test_features_that_are_no_numbers_still_rank_and_parts_still_sum(
    value: float, question: dict[str, Any]
) -> None:
    world = World()
    names = list(world.catalogue.rows)
    with TestClient(create_app(Settings(clock=NOW), Holding(unknown(value)))) as client:
        for surface, path in PATHS.items():
            candidates = [{"id": names[row]} for row in world.rows[surface][:20].tolist()]
            answered = client.post(path, json={**question, "candidates": candidates})
            assert answered.status_code == 200
            answer = RankingAnswer.model_validate(answered.json())
            assert all(sum(item.parts.values()) == item.score for item in answer.items)
            assert not answer.degraded


def test_what_training_learns_from_is_what_serving_computes_bit_for_bit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same requests, drawn as training draws them, sent through the API of a running service."""
    world = World()
    names = list(world.catalogue.rows)
    seen: list[Features] = []
    scores = TreeScorer.scores

    def noting(scorer: TreeScorer, surface: Surface, features: Features) -> IntArray:
        seen.append(features)
        return scores(scorer, surface, features)

    with TestClient(create_app(Settings(clock=NOW))) as client:
        monkeypatch.setattr(TreeScorer, "scores", noting)
        for surface in SURFACES:
            for seed in range(25):
                drawn = world.draw(surface, np.random.default_rng(seed))
                offline = world.request(surface, np.random.default_rng(seed))
                ids = [names[row] for row in drawn.rows]
                said = {field: value for field, value in asdict(drawn.context).items() if field in SENT}
                candidates = [
                    {"id": name, "source": source} for name, source in zip(ids, drawn.sources, strict=True)
                ]
                body = {"context": json.loads(json.dumps(said)), "candidates": candidates}
                answer = client.post(PATHS[surface], json=body).json()
                online = seen.pop()
                withheld = {one["id"] for one in answer["filtered"]}
                scored = [place for place, name in enumerate(ids) if name not in withheld]
                assert online.names == NAMES
                assert sorted(map(bytes, online.values)) == sorted(map(bytes, offline[scored]))


SENT = (
    "listener_id",
    "market",
    "product_tier",
    "explicit_allowed",
    "age_band",
    "hour_local",
    "device",
    "now_playing",
    "shuffle",
    "session_position",
    "recent_skips",
)
"""What a simulated request says of its context; the rest is left at its default on both sides."""
