"""Answers: statuses, headers, media types."""

from tests.guardrails.analysis.openapi.operations.builders import (
    NAMED,
    OPEN,
    STRICT,
    STRING,
    WHOLE,
    Pairs,
    answer,
    answering,
)

ANSWERS: Pairs = {
    "status removed": (
        answering(**{"200": answer(), "202": answer()}),
        answering(**{"200": answer()}),
        "breaking",
    ),
    "status range": (answering(**{"200": answer()}), answering(**{"2XX": answer()}), "kept"),
    "range to exact": (answering(**{"2XX": answer()}), answering(**{"200": answer()}), "kept"),
    "err removed": (answering(**{"200": answer(), "404": answer()}), answering(**{"200": answer()}), "kept"),
    "status added err": (
        answering(**{"200": answer()}),
        answering(**{"200": answer(), "404": answer()}),
        "kept",
    ),
    "resp header removed req": (
        answering(**{"200": answer({"X": {"required": True, "schema": STRING}})}),
        answering(**{"200": answer()}),
        "breaking",
    ),
    "resp header optional": (
        answering(**{"200": answer({"X": {"required": True, "schema": STRING}})}),
        answering(**{"200": answer({"X": {"schema": STRING}})}),
        "breaking",
    ),
    "resp header required": (
        answering(**{"200": answer({"X": {"schema": STRING}})}),
        answering(**{"200": answer({"X": {"required": True, "schema": STRING}})}),
        "kept",
    ),
    "resp header narrowed": (
        answering(**{"200": answer({"X": {"schema": STRING}})}),
        answering(**{"200": answer({"X": {"schema": {"type": "string", "enum": ["a", "b"]}}})}),
        "kept",
    ),
    "resp header widened": (
        answering(**{"200": answer({"X": {"schema": {"type": "integer", "maximum": 5}}})}),
        answering(**{"200": answer({"X": {"schema": WHOLE}})}),
        "breaking",
    ),
    "resp header type": (
        answering(**{"200": answer({"X": {"schema": WHOLE}})}),
        answering(**{"200": answer({"X": {"schema": STRING}})}),
        "breaking",
    ),
    "resp header case": (
        answering(**{"200": answer({"X-A": {"required": True, "schema": STRING}})}),
        answering(**{"200": answer({"x-a": {"required": True, "schema": STRING}})}),
        "kept",
    ),
    "resp media removed": (
        answering(**{"200": answer(None, {"application/json": STRING, "text/csv": STRING})}),
        answering(**{"200": answer(None, {"application/json": STRING})}),
        "breaking",
    ),
    "resp media added": (
        answering(**{"200": answer(None, {"application/json": STRING})}),
        answering(**{"200": answer(None, {"application/json": STRING, "text/csv": STRING})}),
        "kept",
    ),
    "resp body gone": (
        answering(**{"200": answer(None, {"application/json": STRING})}),
        answering(**{"200": answer()}),
        "breaking",
    ),
    "resp body new": (
        answering(**{"200": answer()}),
        answering(**{"200": answer(None, {"application/json": STRING})}),
        "kept",
    ),
    "default covers": (
        answering(
            **{
                "200": answer(None, {"application/json": STRING}),
                "default": answer(None, {"application/json": STRING}),
            }
        ),
        answering(default=answer(None, {"application/json": STRING})),
        "kept",
    ),
    "resp via default narrowed": (
        answering(default=answer(None, {"application/json": NAMED})),
        answering(default=answer(None, {"application/json": {**NAMED, "required": ["a"]}})),
        "kept",
    ),
    "err body widened": (
        answering(**{"200": answer(), "400": answer(None, {"application/json": STRICT})}),
        answering(**{"200": answer(), "400": answer(None, {"application/json": OPEN})}),
        "breaking",
    ),
    "range split, one part otherwise": (
        answering(**{"2XX": answer(None, {"application/json": STRICT})}),
        answering(
            **{
                "200": answer(None, {"application/json": STRICT}),
                "201": answer(None, {"application/json": OPEN}),
            }
        ),
        "breaking",
    ),
    "new status within a range": (
        answering(**{"200": answer(), "4XX": answer(None, {"application/json": STRICT})}),
        answering(
            **{
                "200": answer(),
                "404": answer(None, {"application/json": OPEN}),
                "4XX": answer(None, {"application/json": STRICT}),
            }
        ),
        "breaking",
    ),
    "new status that the range describes": (
        answering(**{"200": answer(), "4XX": answer(None, {"application/json": OPEN})}),
        answering(
            **{
                "200": answer(),
                "404": answer(None, {"application/json": STRICT}),
                "4XX": answer(None, {"application/json": OPEN}),
            }
        ),
        "kept",
    ),
    "new status beside default": (
        answering(**{"200": answer(), "default": answer(None, {"application/json": STRICT})}),
        answering(
            **{
                "200": answer(),
                "404": answer(None, {"application/json": OPEN}),
                "default": answer(None, {"application/json": STRICT}),
            }
        ),
        "breaking",
    ),
    "new status without a body beside default": (
        answering(**{"200": answer(), "default": answer(None, {"application/json": STRICT})}),
        answering(
            **{
                "200": answer(),
                "404": answer(),
                "default": answer(None, {"application/json": STRICT}),
            }
        ),
        "kept",
    ),
    "answer of one media type within a range": (
        answering(**{"200": answer(None, {"application/*": STRICT})}),
        answering(**{"200": answer(None, {"application/*": STRICT, "application/json": OPEN})}),
        "breaking",
    ),
}
