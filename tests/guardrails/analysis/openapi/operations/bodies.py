"""Request bodies: media types, presence, forms."""

from tests.guardrails.analysis.openapi.operations.builders import (
    LIST,
    NAMED,
    OK,
    OPEN,
    STRICT,
    STRING,
    WHOLE,
    Pairs,
    bodies,
    body,
)
from tests.guardrails.analysis.openapi.pairs import document

BODIES: Pairs = {
    "form explode": (
        body("application/x-www-form-urlencoded", {"type": "object", "properties": {"t": LIST}}),
        body(
            "application/x-www-form-urlencoded",
            {"type": "object", "properties": {"t": LIST}},
            enc={"t": {"style": "form", "explode": False}},
        ),
        "breaking",
    ),
    "form style": (
        body("application/x-www-form-urlencoded", {"type": "object", "properties": {"t": NAMED}}),
        body(
            "application/x-www-form-urlencoded",
            {"type": "object", "properties": {"t": NAMED}},
            enc={"t": {"style": "deepObject", "explode": True}},
        ),
        "breaking",
    ),
    "form default enc": (
        body("application/x-www-form-urlencoded", {"type": "object", "properties": {"t": LIST}}),
        body(
            "application/x-www-form-urlencoded",
            {"type": "object", "properties": {"t": LIST}},
            enc={"t": {"style": "form", "explode": True}},
        ),
        "kept",
    ),
    "form int->str": (
        body("application/x-www-form-urlencoded", {"type": "object", "properties": {"t": WHOLE}}),
        body("application/x-www-form-urlencoded", {"type": "object", "properties": {"t": STRING}}),
        "kept",
    ),
    "multipart ctype": (
        body(
            "multipart/form-data",
            {"type": "object", "properties": {"f": STRING}},
            enc={"f": {"contentType": "image/png, image/jpeg"}},
        ),
        body(
            "multipart/form-data",
            {"type": "object", "properties": {"f": STRING}},
            enc={"f": {"contentType": "image/png"}},
        ),
        "breaking",
    ),
    "multipart ctype range": (
        body(
            "multipart/form-data",
            {"type": "object", "properties": {"f": STRING}},
            enc={"f": {"contentType": "image/png"}},
        ),
        body(
            "multipart/form-data",
            {"type": "object", "properties": {"f": STRING}},
            enc={"f": {"contentType": "image/*"}},
        ),
        "kept",
    ),
    "multipart header required": (
        body("multipart/form-data", {"type": "object", "properties": {"f": STRING}}),
        body(
            "multipart/form-data",
            {"type": "object", "properties": {"f": STRING}},
            enc={"f": {"headers": {"X-P": {"required": True, "schema": STRING}}}},
        ),
        "breaking",
    ),
    "media removed": (body(also=("application/xml",)), body(), "breaking"),
    "media added": (body(), body(also=("application/xml",)), "kept"),
    "media case": (body("application/json"), body("Application/JSON"), "kept"),
    "media range covers": (body("application/json"), body("application/*"), "kept"),
    "media range narrowed": (body("application/*"), body("application/json"), "breaking"),
    "media charset": (body("application/json"), body("application/json; charset=utf-8"), "kept"),
    "body required": (body(required=False), body(), "breaking"),
    "body optional": (body(), body(required=False), "kept"),
    "body new required": (document(OK), body(), "breaking"),
    "body new optional": (document(OK), body(required=False), "kept"),
    "merge-patch": (body("application/json"), body("application/merge-patch+json"), "breaking"),
    "one media type within a range": (
        body("application/*", OPEN),
        bodies({"application/*": OPEN, "application/json": STRICT}),
        "breaking",
    ),
    "one media type within a range that takes more": (
        body("application/*", STRICT),
        bodies({"application/*": STRICT, "application/json": OPEN}),
        "kept",
    ),
    "default of a property": (
        body(schema={"type": "object", "properties": {"a": {"type": "integer", "default": 1}}}),
        body(schema={"type": "object", "properties": {"a": {"type": "integer", "default": 2}}}),
        "unknown",
    ),
    "default of a property that must be sent": (
        body(
            schema={
                "type": "object",
                "properties": {"a": {"type": "integer", "default": 1}},
                "required": ["a"],
            }
        ),
        body(schema={"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}),
        "kept",
    ),
    "default of an item's part gone": (
        body(schema={"type": "array", "items": {"allOf": [{"properties": {"a": {"default": "x"}}}]}}),
        body(schema={"type": "array", "items": {"properties": {"a": {}}}}),
        "unknown",
    ),
    "default that is new": (
        body(schema=OPEN),
        body(schema={"type": "object", "properties": {"a": {"type": "string", "default": "x"}}}),
        "kept",
    ),
}
