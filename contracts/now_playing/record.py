"""Records what the service answers: python -m contracts.now_playing.record

Rewrites the expected order of every scenario under `golden/` and the facts in `catalogue.json`. What it
changes is a claim about what listeners see, so it is reviewed like one.
"""

import asyncio
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from contracts.now_playing.invariants import CLOCK
from reference_service.api.reading.lean import asked_of
from reference_service.api.requests import CardsRequest, UpNextRequest
from reference_service.app import build_ranker
from reference_service.features.items import Item, items
from reference_service.ranking.nouns import Surface
from reference_service.settings import Settings
from reference_service.telemetry.metrics import Metrics

HERE = Path(__file__).parent
OPERATIONS: dict[str, tuple[Surface, type[CardsRequest | UpNextRequest]]] = {
    "POST /v1/now-playing/cards:rank": ("cards", CardsRequest),
    "POST /v1/now-playing/up-next:rank": ("up_next", UpNextRequest),
}
IN_ONE_LINE = frozenset({"tags", "constraints"})


def catalogue_text() -> str:
    """Return `catalogue.json`: the facts of every item by id, one item a line."""
    lines = (f"{json.dumps(item.id)}: {json.dumps(_facts(item))}" for item in items(Settings().seed))
    return "{\n" + ",\n".join(lines) + "\n}\n"


def scenario_texts() -> Iterator[tuple[Path, str]]:
    """Yield each scenario's path with its text as it would be recorded now."""
    ranker, now = build_ranker(Settings(), Metrics()), datetime.fromisoformat(CLOCK)
    for path in sorted((HERE / "golden").glob("*.yaml")):
        scenario = yaml.safe_load(path.read_text("utf-8"))
        surface, model = OPERATIONS[scenario["request"]["operation"]]
        body = model.model_validate(scenario["request"]["body"])
        answer = asyncio.run(ranker.answer(surface, asked_of(body, ranker.known), now))
        scenario["expect"] = {"order": [item.id for item in answer.ranking.items]}
        yield path, scenario_text(scenario)


def scenario_text(scenario: Mapping[str, Any]) -> str:
    """Return a scenario in its one canonical form."""
    return "".join(
        yaml.safe_dump(
            {key: value},
            sort_keys=False,
            width=110,
            default_flow_style=None if key in IN_ONE_LINE else False,
        )
        for key, value in scenario.items()
    )


def _facts(item: Item) -> dict[str, object]:
    return {
        "kind": item.kind,
        "artist": item.artist,
        "recording": item.recording,
        "explicit": item.explicit,
        "kids_safe": item.kids_safe,
        "car_safe": item.car_safe,
        "tier": "premium" if item.premium_only else "free",
        "markets": item.markets,
        "licence_until": f"{item.licence_until:%Y-%m-%dT%H:%M:%SZ}",
    }


def _record() -> None:
    (HERE / "catalogue.json").write_text(catalogue_text(), "utf-8")
    for path, text in scenario_texts():
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    _record()
