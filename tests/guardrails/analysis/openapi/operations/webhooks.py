"""Webhooks and callbacks, which run the other way."""

from tests.guardrails.analysis.openapi.operations.builders import (
    OK,
    OPEN,
    STRICT,
    STRING,
    Pairs,
    answer,
    calling,
    parameter,
    reading,
    webhook,
)
from tests.guardrails.analysis.openapi.pairs import document

WEBHOOKS: Pairs = {
    "hook loosened": (webhook(STRICT), webhook(OPEN), "breaking"),
    "hook tightened": (webhook(OPEN), webhook(STRICT), "kept"),
    "hook body optional": (webhook(STRICT), webhook(STRICT, required=False), "breaking"),
    "hook body required": (webhook(STRICT, required=False), webhook(STRICT), "kept"),
    "hook enum grows": (webhook({"enum": ["a"]}), webhook({"enum": ["a", "b"]}), "breaking"),
    "hook enum shrinks": (webhook({"enum": ["a", "b"]}), webhook({"enum": ["a"]}), "kept"),
    "hook resp narrowed": (
        webhook(STRICT, answer={"200": answer(None, {"application/json": OPEN})}),
        webhook(STRICT, answer={"200": answer(None, {"application/json": STRICT})}),
        "breaking",
    ),
    "hook resp widened": (
        webhook(STRICT, answer={"200": answer(None, {"application/json": STRICT})}),
        webhook(STRICT, answer={"200": answer(None, {"application/json": OPEN})}),
        "kept",
    ),
    "hook removed": (webhook(STRICT), {"openapi": "3.1.0", "paths": {}, "webhooks": {}}, "breaking"),
    "hook added": ({"openapi": "3.1.0", "paths": {}, "webhooks": {}}, webhook(STRICT), "kept"),
    "hook new param": (
        webhook(STRICT),
        webhook(STRICT, params=[parameter("X", "header", required=True)]),
        "kept",
    ),
    "hook param gone": (
        webhook(STRICT, params=[parameter("X", "header", required=True)]),
        webhook(STRICT),
        "breaking",
    ),
    "hook param optional": (
        webhook(STRICT, params=[parameter("X", "header", required=True)]),
        webhook(STRICT, params=[parameter("X", "header")]),
        "breaking",
    ),
    "hook param required": (
        webhook(STRICT, params=[parameter("X", "header")]),
        webhook(STRICT, params=[parameter("X", "header", required=True)]),
        "kept",
    ),
    "hook opened enum": (
        webhook({"type": "object", "properties": {"k": {"enum": ["a", "b"]}}, "required": ["k"]}),
        webhook({"type": "object", "properties": {"k": STRING}, "required": ["k"]}),
        "breaking",
    ),
    "hook status removed": (
        webhook(STRICT, answer={"200": answer(), "204": answer()}),
        webhook(STRICT, answer={"200": answer()}),
        "breaking",
    ),
    "hook status added": (
        webhook(STRICT, answer={"200": answer()}),
        webhook(STRICT, answer={"200": answer(), "204": answer()}),
        "kept",
    ),
    "cb loosened": (calling(reading(STRICT)), calling(reading(OPEN)), "breaking"),
    "cb tightened": (calling(reading(OPEN)), calling(reading(STRICT)), "kept"),
    "cb removed": (calling(reading(STRICT)), document(OK), "breaking"),
    "cb added": (document(OK), calling(reading(STRICT)), "kept"),
    "cb resp narrowed": (
        calling(reading(STRICT, responses={"200": answer(None, {"application/json": OPEN})})),
        calling(reading(STRICT, responses={"200": answer(None, {"application/json": STRICT})})),
        "breaking",
    ),
    "cb body gone": (calling(reading(STRICT)), calling(dict(OK)), "breaking"),
}
