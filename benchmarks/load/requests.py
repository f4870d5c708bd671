"""Requests as bytes, made before the clock starts, so that the generator's processor has time to be on time."""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reference_service.features.items import items

MARKETS = ("BR", "DE", "FR", "GB", "IN", "JP", "SE", "US")
SOURCES = ("queue", "collaborative", "editorial", "radio")


@dataclass(frozen=True, slots=True)
class Prepared:
    """One request: its operation and body, as contracts have them, and its bytes on the wire."""

    operation: str
    body: dict[str, Any]
    wire: bytes


def prepared(count: int, candidates: int, deadline_ms: int, seed: int = 7) -> Sequence[Prepared]:
    """Return rankings of up-next for so many different listeners, with a choice of candidates each."""
    chosen = random.Random(seed)
    tracks = [item.id for item in items(7) if item.kind in {"track", "episode"}]
    made = []
    for _ in range(count):
        context = {
            "listener_id": f"listener-{chosen.randrange(1, 401):04d}",
            "market": chosen.choice(MARKETS),
            "product_tier": chosen.choice(("free", "premium")),
            "explicit_allowed": chosen.random() < 0.8,
            "age_band": chosen.choice(("teen", "adult")),
            "hour_local": chosen.randrange(24),
            "device": chosen.choice(("phone", "desktop", "car")),
            "now_playing": chosen.choice(tracks),
            "session_position": chosen.randrange(1, 40),
            "recent_skips": chosen.sample(tracks, 3),
            "recently_played": chosen.sample(tracks, 20),
        }
        some = [{"id": name, "source": chosen.choice(SOURCES)} for name in chosen.sample(tracks, candidates)]
        body = {"context": context, "candidates": some, "limit": 30}
        made.append(Prepared("POST /v1/now-playing/up-next:rank", body, _wire(body, deadline_ms)))
    return made


def _wire(body: dict[str, Any], deadline_ms: int) -> bytes:
    content = json.dumps(body, separators=(",", ":")).encode()
    head = (
        "POST /v1/now-playing/up-next:rank HTTP/1.1\r\nhost: service\r\ncontent-type: application/json\r\n"
        f"x-request-deadline-ms: {deadline_ms}\r\ncontent-length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content
