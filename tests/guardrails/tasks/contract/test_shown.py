"""Differences as text: one cause is told once, and nothing is lost on the way."""

import json

from guardrails.analysis.openapi.difference import Difference, Direction, Level, Proof
from guardrails.tasks.contract.shown import as_json, as_text


def difference(
    method: str, path: str, message: str, inner: str = "", level: Level = Level.BREAKING
) -> Difference:
    """Return a difference in answers, with a body as its witness where it breaks."""
    proof = Proof("body", {}) if level is Level.BREAKING else None
    pointer = f"/paths/{path}/{method}/{message}"
    return Difference(level, "required", method, path, pointer, Direction.RESPONSE, message, inner, proof)


def body(media: str, inner: str, said: str) -> str:
    """Return the message of a difference in a body."""
    return f"the response body ({media}) at {inner}: {said}"


GONE = "head may leave out 'price', which base always sent"


def test_what_a_shared_schema_does_to_many_operations_is_told_once() -> None:
    found = [
        difference(method, path, body(media, inner, GONE), inner)
        for method, path, inner in (
            ("GET", "/carts", "/items/0/article"),
            ("GET", "/carts/{id}", "/article"),
            ("PUT", "/carts/{id}", "/article"),
            ("POST", "/carts", "/article"),
            ("POST", "/orders", "/cart/article"),
        )
        for media in ("application/json", "application/yaml")
    ]

    assert as_text(found) == (
        "breaking: GET /carts: the response body (application/json) at /items/0/article: "
        "head may leave out 'price', which base always sent\n"
        "    body: {}\n"
        "    alike in 9 more places: GET /carts/{id}, PUT /carts/{id}, POST /carts, 1 more operation; "
        "--format json has each\n"
        "10 breaking, 0 unknown, 0 safe\n"
    )
    assert len(json.loads(as_json(found))["findings"]) == 10


def test_what_differs_in_field_place_or_level_stays_apart() -> None:
    found = [
        difference("GET", "/carts", body("application/json", "/article", GONE), "/article"),
        difference("GET", "/orders", body("application/json", "/total", GONE), "/total"),
        difference(
            "GET",
            "/orders",
            body("application/json", "/article", GONE.replace("price", "name")),
            "/article",
        ),
        difference("GET", "/lists", body("application/json", "/article", GONE), "/article", Level.UNKNOWN),
    ]

    text = as_text(found)

    assert "alike" not in text
    assert [line.split(":")[1] for line in text.splitlines() if line.startswith(("breaking", "unknown"))] == [
        " GET /carts", " GET /orders", " GET /orders", " GET /lists"
    ]  # fmt: skip


def test_other_media_types_of_one_operation_are_named_so() -> None:
    found = [
        difference("GET", "/carts", body(media, "/article", GONE), "/article") for media in ("a/b", "a/c")
    ]

    assert "alike in 1 more place: other messages of the same operation; --format json has each" in as_text(
        found
    )
