"""The guide to the service: its request is sent, its answer is the one that comes, its settings are those there are."""

import json
import re
from typing import Any

from starlette.testclient import TestClient

from reference_service.settings import Settings
from tests.docs.documents import ROOT, blocks_of

GUIDE = ROOT / "guardrails" / "guide" / "service.md"
BLOCKS = {block.word: block for block in blocks_of(GUIDE)}


def elided(told: Any, shown: Any) -> Any:
    """Return what was told with `...` wherever that is shown."""
    if shown == "...":
        return shown
    if isinstance(told, dict) and isinstance(shown, dict):
        return {name: elided(value, shown.get(name)) for name, value in told.items()}
    return told


def test_the_request_that_is_shown_gets_the_answer_that_is_shown(client: TestClient) -> None:
    body = re.search(r"-d '(.*)'", BLOCKS["request"].text, re.DOTALL)
    assert body is not None
    answer = client.post(BLOCKS["request"].value.partition(" ")[2], json=json.loads(body[1]))
    shown = json.loads(BLOCKS["answer"].text)
    assert answer.status_code == 200
    assert elided(answer.json(), shown) == shown


def test_every_setting_has_its_row() -> None:
    named = re.findall(r"^\| `([A-Z_]+)` \|", GUIDE.read_text("utf-8"), re.MULTILINE)
    assert sorted(named) == sorted(["NOW_PLAYING_", *(name.upper() for name in Settings.__slots__)])
